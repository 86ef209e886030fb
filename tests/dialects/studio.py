"""The engine's steps, one at a time, as the workers take them."""

from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage
from django.utils import timezone

from tests.dialects.server import Dialect
from tests.factories import VideoFactory
from videos import lifecycle
from videos.engine import poll, reconcile, store, submit
from videos.engine.cleanup import clean_up_video
from videos.models import Backend, Kind, Video


@dataclass
class Studio:
    """One backend, and what users and workers do with it. Every step returns the video as it then is."""

    server: Dialect
    backend: Backend

    def create(self, **fields: object) -> Video:
        """Create a video and submit it."""
        video = VideoFactory(backend=self.backend, **{"prompt": "A fox", **fields})
        self.submit()
        return _fresh(video)

    def derive(self, kind: Kind, source: Video, **fields: object) -> Video:
        """Create a remix, edit or extension (by 8 s) of `source` and submit it."""
        length = {"seconds": 8, "source_seconds": source.seconds} if kind == Kind.EXTEND else {}
        wanted = {"prompt": "In snow", "kind": kind, "source": source, **length, **fields}
        return self.create(**wanted)

    def submit(self) -> None:
        """Submit the next video in the queue."""
        assert submit.submit_next(self.backend.pk)

    def submit_again(self, video: Video) -> Video:
        """Submit a queued video without waiting until it is due, or until the backend's pause is over."""
        _make_due(video)
        Backend.objects.filter(pk=self.backend.pk).update(paused_until=None)
        self.submit()
        return _fresh(video)

    def poll(self, video: Video) -> Video:
        """Poll the video's job."""
        _make_due(video)
        poll.poll_backend(self.backend.pk)
        return _fresh(video)

    def store(self, video: Video) -> Video:
        """Download and store the file."""
        _make_due(video)
        store.store(video.pk)
        return _fresh(video)

    def reconcile(self, video: Video) -> Video:
        """Find out what became of an uncertain submission."""
        _make_due(video)
        reconcile.reconcile(self.backend.pk)
        return _fresh(video)

    def delete(self, video: Video) -> None:
        """Delete the video, and then its job."""
        lifecycle.delete(video.pk)
        clean_up_video(video.pk)

    def finish(self, video: Video) -> Video:
        """Finish the job at the server and follow it to the end."""
        if video.state == "in_progress":
            self.server.jobs[video.backend_job_id].state = "done"
            video = self.poll(video)
        return self.store(video)


def files_of(video: Video) -> list[str]:
    """Return the names of the video's files in storage."""
    root = Path(default_storage.path(store.folder_of(video)))
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def _make_due(video: Video) -> None:
    Video.objects.filter(pk=video.pk, due_at__isnull=False).update(due_at=timezone.now())


def _fresh(video: Video) -> Video:
    return Video.objects.get(pk=video.pk)
