"""Cleaning up after videos: the backend's job of a canceled or deleted one, then the files and row of a
deleted one, and the deleted reference images that it was the last to use.

Many backends do not delete a job that is running, or not even a queued one. Such a job is watched until it
has ended, then deleted; it counts as in flight until then.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from videos import lifecycle
from videos.backends.errors import BackendError, RefusedError, UnavailableError
from videos.engine import bulkhead, clients, read_pauses
from videos.engine.clients import Client
from videos.engine.reference_cleanup import delete_unused_reference
from videos.engine.store import folder_of, remove_folder
from videos.models import IN_FLIGHT, Backend, ReleasedJob, State, Video

logger = logging.getLogger(__name__)

# The source of a video in flight: its file may still be sent, or its job named to the backend.
HAS_DERIVED_IN_FLIGHT = Q(Exists(Video.objects.filter(source=OuterRef("pk"), state__in=IN_FLIGHT)))

RETRY_AFTER = timedelta(minutes=1)  # doubles up to MAX_RETRY_AFTER
MAX_RETRY_AFTER = timedelta(hours=1)
RETRY_FOR = timedelta(hours=24)
FIRST_WATCH_DELAY = timedelta(seconds=15)  # doubles up to MAX_WATCH_DELAY, because a job's place is at stake
MAX_WATCH_DELAY = timedelta(minutes=5)


def due_videos(now: datetime) -> QuerySet[Video]:
    """Return the videos that are to be cleaned up at `now`, those that have waited longest first."""
    due = Q(delete_job_at__lte=now) | Q(deleted_at__isnull=False, delete_job_at=None)
    removable = Video.objects.filter(due).exclude(state__in=IN_FLIGHT).exclude(HAS_DERIVED_IN_FLIGHT)
    return removable.order_by(Coalesce("delete_job_at", "deleted_at"), "pk")


def clean_up_video(video_id: int) -> None:
    """Delete the job at the backend where that is due, and permanently remove a deleted video.

    A backend that is unavailable is tried again for a day, and so is one that does not delete a job while it
    runs; one that refuses otherwise is not, because it will not change its mind. A video that was not deleted
    keeps its row and files; so does one that others are being made from, until they have ended. Nothing is
    done while its backend has its share of this worker, or wants to be asked less.

    `delete_job_at` is moved ahead first, further each time: a video that cannot be cleaned up, or that takes
    the worker with it, goes to the back of the queue.
    """
    now = timezone.now()
    video = due_videos(now).select_related("backend").filter(pk=video_id).first()
    if video is None:
        return
    if not _has_job_to_end(video):
        _clean_up(video, now)
        return
    with _may_ask(video.backend) as may_ask:
        if may_ask:
            _clean_up(video, now)


def _has_job_to_end(video: Video) -> bool:
    is_due = video.delete_job_at is not None and bool(video.backend_job_id)
    return is_due and (video.backend.can_delete is not False or video.may_be_running)


@contextmanager
def _may_ask(backend: Backend) -> Iterator[bool]:
    """Yield whether the backend has room in its share of this worker, and may be asked something now."""
    with bulkhead.call(backend.pk) as is_admitted:
        yield is_admitted and not read_pauses.is_paused(backend)


def _clean_up(video: Video, now: datetime) -> None:
    delay = _retry_delay(video.attempts, is_watched=video.may_be_running)
    row = Video.objects.filter(pk=video.pk, delete_job_at=video.delete_job_at)
    if not row.update(delete_job_at=now + delay, attempts=F("attempts") + 1):
        return  # another worker is at it
    if video.state == State.CANCELED:
        remove_folder(folder_of(video))  # what a worker stored that was killed before writing the row
    if _has_job_to_end(video) and not _let_go(video, now):
        return
    if video.deleted_at is not None:
        remove_folder(folder_of(video))
        images = _image_ids(video)
        lifecycle.remove(video)
        for image_id in images:
            delete_unused_reference(image_id)
    else:
        changes = {"due_at": None} if video.state == State.CANCELED else {}
        Video.objects.filter(pk=video.pk).update(delete_job_at=None, attempts=0, **changes)


def _image_ids(video: Video) -> list[int]:
    """The ids of the images that the video was made with, each once."""
    frames = [pk for pk in (video.reference_id, video.last_frame_id) if pk is not None]
    return sorted({*frames, *video.video_references.values_list("image", flat=True)})


def due_jobs(now: datetime) -> QuerySet[ReleasedJob]:
    """Return the jobs of videos that were retried meanwhile, of which the backend is to let go at `now`."""
    return ReleasedJob.objects.filter(due_at__lte=now).order_by("due_at")


def clean_up_job(released_id: int) -> None:
    """Delete a job whose video is submitted anew, as `clean_up_video` deletes that of a canceled one."""
    now = timezone.now()
    job = due_jobs(now).select_related("backend").filter(pk=released_id).first()
    if job is None:
        return
    with _may_ask(job.backend) as may_ask:
        if may_ask:
            _clean_up_job(job, now)


def _clean_up_job(job: ReleasedJob, now: datetime) -> None:
    row = ReleasedJob.objects.filter(pk=job.pk)
    delay = _retry_delay(job.attempts, is_watched=True)
    if not row.filter(due_at=job.due_at).update(due_at=now + delay, attempts=F("attempts") + 1):
        return  # another worker is at it
    if _ended(job.backend, job.backend_job_id, may_be_running=True, since=job.released_at, now=now):
        row.update(due_at=None, attempts=0)


def _retry_delay(attempts: int, *, is_watched: bool) -> timedelta:
    first, longest = (FIRST_WATCH_DELAY, MAX_WATCH_DELAY) if is_watched else (RETRY_AFTER, MAX_RETRY_AFTER)
    delay: timedelta = min(longest, first * 2 ** min(attempts, 10))
    return delay


def _let_go(video: Video, now: datetime) -> bool:
    """Have the backend let go of the video's job. Returns False when it is to be tried again later."""
    return _ended(
        video.backend,
        video.backend_job_id,
        may_be_running=video.may_be_running,
        since=video.job_deleted_at or video.finished_at or now,
        now=now,
    )


def _ended(backend: Backend, job_id: str, *, may_be_running: bool, since: datetime, now: datetime) -> bool:
    """Delete the job at the backend. Returns whether it is over with it, in one way or the other.

    It is not while the backend is unavailable or the job runs on, within RETRY_FOR after `since`.
    """
    problem = _find_problem(backend, job_id, may_be_running=may_be_running)
    if problem and now - since < RETRY_FOR:
        return False
    if problem:
        logger.warning("Job %s could not be deleted at %s within a day: %s", job_id, backend, problem)
    return True


def _find_problem(backend: Backend, job_id: str, *, may_be_running: bool) -> str:
    """Delete the job at the backend. Returns why it has to be tried again; empty when it is over."""
    if backend.can_delete is False and not may_be_running:
        return ""
    try:
        with clients.client_for(backend) as client:
            is_over = _delete_job(client, backend, job_id, may_be_running=may_be_running)
    except UnavailableError as error:
        read_pauses.note(backend.pk, [error])
        return error.message
    except BackendError as error:
        if isinstance(error, RefusedError) and error.concerns_account:
            return error.message
        logger.info("Job %s was not deleted at %s, which refused: %s", job_id, backend, error)
        return ""
    return "" if is_over else "It was still running."


def _delete_job(client: Client, backend: Backend, job_id: str, *, may_be_running: bool) -> bool:
    """Delete the job. Returns False when it is running on: not every backend deletes such a job, and one that
    does not know the call answers as if there were no such job.

    Raises `BackendError`: when it is unavailable, or refuses to delete a job that has ended.
    """
    is_deleted = _try_to_delete(client, backend, job_id, may_be_running=may_be_running)
    if is_deleted and (backend.can_delete or not may_be_running):
        return True
    if _is_running(client, job_id):
        return False
    if not is_deleted and backend.can_delete is not False:
        client.delete(job_id)
    return True


def _try_to_delete(client: Client, backend: Backend, job_id: str, *, may_be_running: bool) -> bool:
    """Whether the backend says that it has deleted the job. One that may be running may be refused."""
    if backend.can_delete is False:
        return False
    try:
        client.delete(job_id)
    except UnavailableError:
        raise
    except BackendError:
        if not may_be_running:
            raise
        return False
    return True


def _is_running(client: Client, job_id: str) -> bool:
    try:
        return client.retrieve(job_id).status in ("queued", "in_progress")
    except UnavailableError:
        raise
    except BackendError:  # it does not know the job, or shows how it failed
        return False
