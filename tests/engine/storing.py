"""A video whose job is done and whose file is not here yet, and what the tests of storing look at."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.factories import VideoFactory
from videos.engine.store import folder_of, store
from videos.models import Backend, State, Video


@pytest.fixture
def video(backend: Backend) -> Video:
    return VideoFactory(backend=backend, state=State.STORING)


def files_of(video: Video) -> list[str]:
    """Return the name of every file of the video in storage."""
    root = Path(default_storage.path(folder_of(video)))
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def store_again(video: Video) -> None:
    """Try once more, as if the time for it had come."""
    Video.objects.filter(pk=video.pk).update(due_at=timezone.now())
    store(video.pk)
    video.refresh_from_db()
