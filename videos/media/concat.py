"""What an extension needs where the backend cannot extend: a clip's last frame, and two clips as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from videos.media import sandbox
from videos.media.errors import NotAVideoError
from videos.media.facts import Reference
from videos.media.sandbox import Budget

__all__ = ["NotAVideoError", "concat_videos", "last_frame"]


def last_frame(path: Path, size: str, budget: Budget) -> Reference:
    """Return the last displayed frame of the clip at `path`, upright, with exactly the pixels of `size`.

    `size` is WIDTHxHEIGHT. Raises NotAVideoError when the clip is not a video that plays, or needs more than
    the `budget` has; ValueError for a malformed `size`, OSError when the file cannot be read;
    DecoderBusyError.
    """
    with sandbox.workplace() as folder:
        target = folder / "frame.jpg"
        arguments: dict[str, object] = {"path": str(path), "target": str(target), "size": size}
        facts = sandbox.run("last_frame", arguments, budget)
        return Reference(content=target.read_bytes(), **facts)


def concat_videos(
    first: Path,
    second: Path,
    target: Path,
    budget: Budget,
    *,
    check: Callable[[], None] | None = None,
) -> None:
    """Write one MP4 (H.264, AAC) to `target` that shows `first` and then `second`.

    It has the display size and the frame rate of the first; the first frame of the second is left out where
    it duplicates the last frame of the first. Both are encoded anew, visually lossless. Audio is continued,
    silent where one clip has none; if neither has any, there is no audio track. Memory does not grow with the
    length. `check` is called at first and then several times a second; what it raises stops it. Raises
    NotAVideoError
    when a clip cannot be decoded within the `budget` or is longer than an hour, OSError when a file cannot be
    read or written; DecoderBusyError.
    """
    arguments: dict[str, object] = {"first": str(first), "second": str(second), "target": str(target)}
    if check is not None:
        check()  # before a decoder is started for nothing
    sandbox.run("concat_videos", arguments, budget, check=check)
