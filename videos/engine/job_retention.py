"""Letting go of backends' jobs whose files are stored, where the backend or BACKEND_JOB_DAYS says so.

Only a job that is certainly the video's own goes, and only once the stored file has been read back and is the
one that was checked. `cleanup` then deletes it, in the way in which it deletes that of a deleted video.
"""

import logging
import time
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from videos.engine import safe_cache
from videos.engine.retention_rules import in_use
from videos.engine.stored_bytes import is_intact
from videos.models import Backend, JobCandidate, State, Video
from videos.models.video_queries import VideoQuerySet

logger = logging.getLogger(__name__)

BATCH = 50  # jobs of one backend in one run: each is a request to it
RUN_SECONDS = 20.0  # for which one run reads files
_SKIPPED_FOR = 24 * 3600.0  # seconds


def releasable(backend: Backend, now: datetime) -> VideoQuerySet:
    """The videos whose jobs `backend` is to delete now, oldest first.

    Not of a job that somebody chose among several, nor of a video with an attempt that is not accounted for:
    what was taken in doubt may be another's. Nor of one that this studio has not submitted itself.
    """
    days = backend.days_until_job_goes
    if days is None:
        return Video.objects.none()
    chosen = JobCandidate.objects.filter(video=OuterRef("pk")).order_by()
    stored = Video.objects.filter(
        backend=backend,
        finished_at__lte=now - timedelta(days=days),
        job_deleted_at=None,
        delete_job_at=None,
        state=State.COMPLETED,
        unaccounted_since=None,
        attempted_at__isnull=False,
        deleted_at=None,
    )
    found = stored.exclude(backend_job_id="").exclude(file="").exclude(Exists(chosen))
    return found.exclude(in_use()).order_by("finished_at", "pk")


def release_jobs() -> int:
    """Mark the jobs that go now. Returns how many; one backend, or one file, stops none of the others."""
    until, released = time.monotonic() + RUN_SECONDS, 0
    for backend in Backend.objects.filter(can_delete=True).order_by("pk"):
        try:
            released += _release_jobs_at(backend, until)
        except Exception:
            logger.exception("The jobs of %s whose files are stored could not be looked at", backend)
    return released


def _release_jobs_at(backend: Backend, until: float) -> int:
    now, released = timezone.now(), 0
    for video in releasable(backend, now)[: 4 * BATCH]:
        if released >= BATCH or time.monotonic() > until:
            break
        key = f"job-kept:{video.pk}"  # one whose file is damaged must not be read every minute
        if not safe_cache.add(key, timeout=_SKIPPED_FOR):
            continue
        if not is_intact(str(video.file.name), video.byte_count, video.sha256):
            logger.error("Video %s: its file is damaged, so its job stays at %s", video.public_id, backend)
            continue
        same = releasable(backend, now).filter(pk=video.pk, sha256=video.sha256)
        released += Video.objects.filter(pk__in=list(same.values_list("pk", flat=True))).update(
            job_deleted_at=now, delete_job_at=now, attempts=0
        )
    return released
