"""`python -m tests.screenshots FOLDER`: screenshots of every page, for people to review."""
