"""Measures what a video file really is. Nothing that a server or a person said about it is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from videos.containers import CONTAINERS
from videos.media import sandbox
from videos.media.errors import NotAVideoError
from videos.media.facts import ScrubSheet, VideoFacts
from videos.media.sandbox import Budget

__all__ = ["NotAVideoError", "VideoFacts", "inspect_video", "inspect_with_pictures"]

_CONTAINERS = {container.name: container for container in CONTAINERS}


def inspect_video(path: Path, budget: Budget) -> VideoFacts:
    """Measure the file at `path`, having made sure that it is a whole video that plays.

    Every packet is read and the first and the last frame are decoded; the frames between are not, so damage
    inside them is not found. Raises NotAVideoError when it is anything else or truncated, or needs more than
    the `budget` has; OSError when it cannot be read; DecoderBusyError. A fragmented MP4 that was cut exactly
    between two fragments is a shorter, whole MP4: only someone who knows the length that was sent can tell.
    """
    return _facts(sandbox.run("inspect_video", {"path": str(path)}, budget))


def inspect_with_pictures(
    path: Path, poster: Path, sheet: Path, budget: Budget
) -> tuple[VideoFacts, ScrubSheet | None]:
    """Inspect the video as `inspect_video` does, and write what `make_pictures` writes, in one process.

    Starting one and loading FFmpeg takes as long as inspecting a short video. Returns the layout of the sheet
    too; None where there are no pictures, because browsers do not play the file as it is, or because making
    them failed: `poster` may be there nevertheless, whole. Raises as `inspect_video` does. What exceeds the
    `budget`, or ends the decoder, may have been the pictures.
    """
    arguments: dict[str, object] = {"path": str(path), "poster": str(poster), "sheet": str(sheet)}
    found = sandbox.run("inspect_with_pictures", arguments, budget)
    return _facts(found["facts"]), ScrubSheet(**found["layout"]) if found["layout"] else None


def _facts(facts: dict[str, Any]) -> VideoFacts:
    return VideoFacts(
        **facts | {"container": _CONTAINERS[facts["container"]], "audio_codecs": tuple(facts["audio_codecs"])}
    )
