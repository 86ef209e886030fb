"""A copy of a video that every browser plays, for one that came as HEVC, ProRes, WebM or the like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from videos.media import sandbox
from videos.media.errors import NotAVideoError, TranscodingTimeoutError
from videos.media.sandbox import Budget

__all__ = ["NotAVideoError", "TranscodingTimeoutError", "make_browser_copy"]


def make_browser_copy(
    source: Path,
    target: Path,
    budget: Budget,
    *,
    max_seconds: float,
    max_cpu_seconds: float = float("inf"),
    check: Callable[[], None] | None = None,
) -> None:
    """Write an MP4 (H.264, 8-bit 4:2:0, AAC, index first) to `target` that shows what `source` shows.

    Size, timestamps, colours and audio are kept, and rotation is applied; a picture larger than 4K is scaled
    down. Memory does not grow with the length. `check` is called several times a second; what it raises stops
    the work. Raises TranscodingTimeoutError when it takes longer than `max_seconds`, NotAVideoError when the
    clip cannot be decoded within the `budget`, of which it may use `max_cpu_seconds`, or is longer than an
    hour; OSError when a file cannot be read or written; DecoderBusyError.
    """
    arguments: dict[str, object] = {
        "source": str(source),
        "target": str(target),
        "max_seconds": max_seconds,
    }
    sandbox.run("make_browser_copy", arguments, budget, max_cpu_seconds=max_cpu_seconds, check=check)
