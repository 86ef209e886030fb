"""The tasks that make videos and reference images of videos: from file to file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from videos.media.decoder import copying, joining, single_frame
from videos.media.decoder.image_tasks import write_reference


class _AbandonedError(Exception):
    """Whoever asked for this is gone."""


def last_frame(path: str, target: str, size: str) -> dict[str, Any]:
    """See `joining.last_frame`."""
    return write_reference(joining.last_frame(Path(path), size), target)


def frame_at(path: str, target: str, thumbnail: str, seconds: float | None) -> dict[str, Any]:
    """See `single_frame.frame_at`."""
    return write_reference(single_frame.frame_at(Path(path), seconds), target, thumbnail)


def concat_videos(first: str, second: str, target: str) -> None:
    """See `joining.concat_videos`."""
    joining.concat_videos(Path(first), Path(second), Path(target), between_frames=_parent_check())


def make_browser_copy(source: str, target: str, max_seconds: float) -> None:
    """See `copying.make_browser_copy`."""
    copying.make_browser_copy(
        Path(source), Path(target), max_seconds=max_seconds, between_frames=_parent_check()
    )


def _parent_check() -> Callable[[], None]:
    """Return a function that ends the work once the process that asked for it was killed."""
    parent = os.getppid()

    def check() -> None:
        if os.getppid() != parent:
            raise _AbandonedError

    return check
