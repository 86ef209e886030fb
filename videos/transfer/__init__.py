"""Taking work out of a studio and bringing it in: exports, folders of videos, what a backend still holds.

`docs/export-format.md` says what an export looks like. An export is read as what it may be: a file that
anybody has written.
"""
