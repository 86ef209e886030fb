"""Cleaning up after videos: the backend's job of a canceled or deleted one, then the files and row of a
deleted one, and the deleted reference image that it was the last to use.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from videos import lifecycle
from videos.backends.errors import BackendError, UnavailableError
from videos.engine import bulkhead, clients, read_pauses
from videos.engine.reference_cleanup import delete_unused_reference
from videos.engine.store import folder_of, remove_folder
from videos.models import IN_FLIGHT, State, Video

logger = logging.getLogger(__name__)

# The source of a video in flight: its file may still be sent, or its job named to the backend.
HAS_DERIVED_IN_FLIGHT = Q(Exists(Video.objects.filter(source=OuterRef("pk"), state__in=IN_FLIGHT)))

RETRY_AFTER = timedelta(minutes=1)  # doubles up to MAX_RETRY_AFTER
MAX_RETRY_AFTER = timedelta(hours=1)
RETRY_FOR = timedelta(hours=24)


def due_videos(now: datetime) -> QuerySet[Video]:
    """Return the videos that are to be cleaned up at `now`, those that have waited longest first."""
    due = Q(delete_job_at__lte=now) | Q(deleted_at__isnull=False, delete_job_at=None)
    removable = Video.objects.filter(due).exclude(state__in=IN_FLIGHT).exclude(HAS_DERIVED_IN_FLIGHT)
    return removable.order_by(Coalesce("delete_job_at", "deleted_at"), "pk")


def clean_up_video(video_id: int) -> None:
    """Delete the job at the backend where that is due, and permanently remove a deleted video.

    A backend that is unavailable is tried again for a day; one that refuses is not, because it will not
    change its mind. A video that was not deleted keeps its row and files; so does one that others are being
    made from, until they have ended. Nothing is done while its backend has its share of this worker, or
    wants to be asked less.

    `delete_job_at` is moved ahead first, further each time: a video that cannot be cleaned up, or that takes
    the worker with it, goes to the back of the queue.
    """
    now = timezone.now()
    video = due_videos(now).select_related("backend").filter(pk=video_id).first()
    if video is None:
        return
    if not _has_job_to_delete(video):
        _clean_up(video, now)
        return
    with bulkhead.call(video.backend_id) as is_admitted:
        if is_admitted and not read_pauses.is_paused(video.backend):
            _clean_up(video, now)


def _has_job_to_delete(video: Video) -> bool:
    is_due = video.delete_job_at is not None and bool(video.backend_job_id)
    return is_due and video.backend.can_delete is not False


def _clean_up(video: Video, now: datetime) -> None:
    delay = min(MAX_RETRY_AFTER, RETRY_AFTER * 2 ** min(video.attempts, 10))
    row = Video.objects.filter(pk=video.pk, delete_job_at=video.delete_job_at)
    if not row.update(delete_job_at=now + delay, attempts=F("attempts") + 1):
        return  # another worker is at it
    if video.state == State.CANCELED:
        remove_folder(folder_of(video))  # what a worker stored that was killed before writing the row
    if _has_job_to_delete(video) and not _delete_job(video, now):
        return
    if video.deleted_at is not None:
        remove_folder(folder_of(video))
        lifecycle.remove(video)
        if video.reference_id is not None:
            delete_unused_reference(video.reference_id)
    else:
        Video.objects.filter(pk=video.pk).update(delete_job_at=None, attempts=0)


def _delete_job(video: Video, now: datetime) -> bool:
    """Delete the backend's job. Returns False when it is to be tried again later."""
    try:
        with clients.client_for(video.backend) as client:
            client.delete(video.backend_job_id)
    except UnavailableError as error:
        read_pauses.note(video.backend_id, [error])
        if now - (video.finished_at or now) < RETRY_FOR:
            return False
        logger.warning(
            "Job %s could not be deleted at %s within a day: %s", video.backend_job_id, video.backend, error
        )
    except BackendError as error:
        logger.info(
            "Job %s was not deleted at %s, which refused: %s", video.backend_job_id, video.backend, error
        )
    return True
