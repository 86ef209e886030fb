"""What the tests of restored databases share: a dump, its return, and what is left in storage."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.factories import VideoFactory
from videos.engine.submission_marks import FOLDER
from videos.models import Backend, StudioState, Video

Dump = Callable[[], Callable[[], None]]


@pytest.fixture
def dump() -> Dump:
    """Note what the database has now; the function that is returned brings it back."""

    def note() -> Callable[[], None]:
        rows: list[tuple[Any, dict[str, Any]]] = [
            (row, row.__class__.objects.filter(pk=row.pk).values().get())
            for row in [*StudioState.objects.all(), *Video.objects.all()]
        ]

        def restore() -> None:
            for row, values in rows:
                row.__class__.objects.filter(pk=row.pk).update(**values)

        return restore

    return note


def empty_storage(media_root: Path) -> None:
    for mark in (media_root / FOLDER).iterdir():
        mark.unlink()


def queue_videos(backend: Backend, count: int) -> list[Video]:
    return [VideoFactory(backend=backend) for _ in range(count)]


def held_for() -> str:
    return StudioState.objects.load().hold_reason
