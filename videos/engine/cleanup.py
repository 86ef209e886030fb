"""Letting go: the backend's job of a canceled or deleted video, then a deleted video's files and row, and the
deleted image that it was the last to need.
"""

import logging
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from videos.backends.errors import BackendError, Unavailable
from videos.engine import clients
from videos.engine.reference_cleanup import delete_unused_reference
from videos.engine.store import folder_of, remove_folder
from videos.models import IN_FLIGHT, State, Video

logger = logging.getLogger(__name__)

# The source of a video in flight, which may still be sent, or asked for by the backend's id.
IS_NEEDED = Q(Exists(Video.objects.filter(source=OuterRef("pk"), state__in=IN_FLIGHT)))

RETRY = timedelta(minutes=1)
TRY_FOR = timedelta(hours=24)


def clean_up_video(video_id: int) -> None:
    """Ask the backend to delete the job where that is due, and remove a deleted video for good.

    A backend that is away is asked again for a day; one that refuses is not, because it will not change its
    mind. A video that was not deleted keeps its row and files; so does one that others are being made from,
    until they have ended.
    """
    rest = Video.objects.exclude(IS_NEEDED).exclude(state__in=IN_FLIGHT)
    video = rest.select_related("backend").filter(pk=video_id).first()
    if video is None:
        return
    if video.state == State.CANCELED:
        remove_folder(folder_of(video))  # what a worker saved that was killed before it could say so
    if video.delete_job_at is not None and not _job_forgotten(video):
        return
    if video.deleted_at is not None:
        remove_folder(folder_of(video))
        video.delete()
        if video.reference_id is not None:
            delete_unused_reference(video.reference_id)


def _job_forgotten(video: Video) -> bool:
    now = timezone.now()
    row = Video.objects.filter(pk=video.pk)
    try:
        if video.backend_job_id and video.backend.can_delete is not False:
            with clients.client_for(video.backend) as client:
                client.delete(video.backend_job_id)
    except Unavailable as error:
        if now - (video.finished_at or now) < TRY_FOR:
            row.update(delete_job_at=now + RETRY)
            return False
        logger.warning("Job %s was never deleted at %s: %s", video.backend_job_id, video.backend, error)
    except BackendError as error:
        logger.info("Job %s stays at %s: %s", video.backend_job_id, video.backend, error)
    row.update(delete_job_at=None)
    return True
