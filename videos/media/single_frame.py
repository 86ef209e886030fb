"""One frame of a video, as a reference image."""

from __future__ import annotations

from pathlib import Path

from videos.media import sandbox
from videos.media.facts import Reference
from videos.media.sandbox import Budget


def frame_at(path: Path, seconds: float | None, budget: Budget) -> Reference:
    """Return the frame displayed `seconds` after the first one, upright, its longer side at most 4096 px; the
    last frame for None, and for a moment after the end.

    The same frame gives the same bytes. Raises NotAVideoError when the clip is not a video that plays, or
    needs more than the `budget` has; OSError when the file cannot be read; DecoderBusyError.
    """
    with sandbox.workplace() as folder:
        target, thumbnail = folder / "frame.jpg", folder / "thumbnail.webp"
        arguments: dict[str, object] = {
            "path": str(path),
            "target": str(target),
            "thumbnail": str(thumbnail),
            "seconds": seconds,
        }
        facts = sandbox.run("frame_at", arguments, budget)
        return Reference(content=target.read_bytes(), thumbnail=thumbnail.read_bytes(), **facts)
