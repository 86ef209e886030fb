"""Measures what a video file really is. Nothing that a server or a person said about it is believed."""

from __future__ import annotations

from pathlib import Path

from videos.containers import CONTAINERS
from videos.media import sandbox
from videos.media.errors import NotAVideoError
from videos.media.facts import VideoFacts
from videos.media.sandbox import Budget

__all__ = ["NotAVideoError", "VideoFacts", "inspect_video"]

_CONTAINERS = {container.name: container for container in CONTAINERS}


def inspect_video(path: Path, budget: Budget) -> VideoFacts:
    """Measure the file at `path`, having made sure that it is a whole video that plays.

    Every packet is read and the first and the last frame are decoded; the frames between are not, so damage
    inside them is not found. Raises NotAVideoError when it is anything else or truncated, or needs more than
    the `budget` has; OSError when it cannot be read; DecoderBusyError. A fragmented MP4 that was cut exactly
    between two fragments is a shorter, whole MP4: only someone who knows the length that was sent can tell.
    """
    facts = sandbox.run("inspect_video", {"path": str(path)}, budget)
    return VideoFacts(
        **facts | {"container": _CONTAINERS[facts["container"]], "audio_codecs": tuple(facts["audio_codecs"])}
    )
