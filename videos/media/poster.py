"""Still images of a video: the poster that stands for it, and the scrub sheet for hovering over it."""

from __future__ import annotations

from pathlib import Path

from videos.media import sandbox
from videos.media.errors import NotAVideoError
from videos.media.facts import POSTER_TYPE, SCRUB_TYPE, ScrubSheet
from videos.media.sandbox import Budget

__all__ = [
    "POSTER_TYPE",
    "SCRUB_TYPE",
    "NotAVideoError",
    "ScrubSheet",
    "make_pictures",
    "make_poster",
    "make_scrub_sheet",
]


def make_pictures(video: Path, poster: Path, sheet: Path, budget: Budget) -> ScrubSheet:
    """Write what `make_poster` and `make_scrub_sheet` write, in one process with one pass over the file.

    Returns the layout of the sheet. Raises as they do; `poster` may be there nevertheless, whole.
    """
    arguments: dict[str, object] = {"video": str(video), "poster": str(poster), "sheet": str(sheet)}
    return ScrubSheet(**sandbox.run("make_pictures", arguments, budget))


def make_poster(video: Path, target: Path, budget: Budget) -> tuple[int, int]:
    """Write a WebP of a representative frame to `target` and return its width and height in pixels.

    It has the clip's display aspect ratio and is at most 960 px wide, never enlarged. `target` is written
    whole or not at all. Raises NotAVideoError when `video` cannot be decoded within the `budget`, OSError
    when a file cannot be read or written; DecoderBusyError.
    """
    width, height = sandbox.run("make_poster", {"video": str(video), "target": str(target)}, budget)
    return width, height


def make_scrub_sheet(video: Path, target: Path, budget: Budget) -> ScrubSheet:
    """Write a JPEG sheet of 20 evenly spaced frames to `target` and return its layout.

    A tile's longer side is at most 240 px, never enlarged; a clip of fewer frames gets that many tiles. Tile
    i stands for the i-th of `count` equal parts of the clip. Raises as `make_poster` does.
    """
    arguments: dict[str, object] = {"video": str(video), "target": str(target)}
    return ScrubSheet(**sandbox.run("make_scrub_sheet", arguments, budget))
