"""Asking again for a lost answer, where the backend honors idempotency keys.

This cannot pay twice. The key names one attempt: every claim of a queued video draws a new one, and a repeat
sends the key of the attempt that got no reply. A backend that honors keys makes at most one job of a key, in
whatever order the two requests arrive, and answers the later one with that job. That it does so, and for how
long, it says itself, and it is asked again each time, because it may have been replaced since it was probed.
A repeat that is not answered with a job leaves the video uncertain: it is never queued for a new attempt on
the ground that the repeat was refused, because the first request may have been accepted all the same.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from videos import lifecycle
from videos.backends.errors import BackendError, RefusedError
from videos.engine import clients, dispatch, fair_queue, hold, rate_limit
from videos.engine.dispatch import Claim
from videos.engine.job_matching import attempt_time
from videos.engine.submission_marks import MarksUnavailableError
from videos.engine.submit import submit
from videos.models import Backend, StudioState, Video

logger = logging.getLogger(__name__)

# How long after the attempt its request is sent once more. The backend must still honor the key when the last
# repeat arrives, so it has to keep keys for at least twice as long.
REPEAT_FOR = timedelta(hours=12)
RETRY_AFTER = timedelta(seconds=30)  # when the backend cannot be reached; waiting costs nothing

# A repeat may start the job, if the first request never arrived: not what the owner no longer wants, nor
# while nothing is submitted to the backend or for the owner. Its job is searched for meanwhile.
_CAN_REPEAT = (
    Q(cancel_requested_at=None, deleted_at=None)
    & fair_queue.BACKEND_NOT_HELD
    & fair_queue.OWNER_NOT_HELD
    & ~Q(idempotency_key="")
)


def repeat_requests(backend: Backend, due: QuerySet[Video], *, now: datetime) -> list[int]:
    """Send the requests of the `due` uncertain videos once more, where that is possible.

    Returns the ids of the videos that are settled, or wait for another repeat; the others are to be searched
    for in the backend's list.
    """
    if not backend.honours_idempotency_key or not backend.enabled:
        return []
    videos = list(
        due.filter(_CAN_REPEAT, attempted_at__gt=now - REPEAT_FOR)
        .select_related("backend")
        .order_by("attempted_at")
    )
    if not videos:
        return []
    try:
        if not hold.may_submit():  # a restored database may not know the latest key
            return []
        if backend.paused_until and backend.paused_until > now:
            _postpone(videos, min(backend.paused_until, now + RETRY_AFTER))  # somebody may resume it
        elif not _honors_keys(backend):
            return []
        else:
            for video in videos:
                _repeat(video)
    except (BackendError, MarksUnavailableError) as error:
        logger.info("Requests to %s cannot be repeated now: %s", backend, error)
        _postpone(videos, now + RETRY_AFTER)
    return [video.pk for video in videos]


def _honors_keys(backend: Backend) -> bool:
    """Ask the backend, and note it when it no longer does. Raises `BackendError` when it cannot tell now."""
    try:
        with clients.client_for(backend) as client:
            retention = client.idempotency_key_retention()
    except RefusedError as error:
        if error.code == "invalid_key":
            raise
        retention = 0.0
    if retention >= 2 * REPEAT_FOR.total_seconds():
        return True
    logger.warning("%s no longer says that it honors idempotency keys", backend)
    Backend.objects.filter(pk=backend.pk).update(honours_idempotency_key=None)
    return False


def _repeat(video: Video) -> None:
    rate_limit.acquire(video.backend_id, 1, now=timezone.now())  # counted, whether one is left or not
    attempted_at = attempt_time(video)
    lease = dispatch.lease_for(video.backend, video.pk)
    with transaction.atomic():  # with the lock under which submissions are held and queues are paused
        is_held = StudioState.objects.lock_submissions().is_held
        may_repeat = not is_held and Video.objects.filter(_CAN_REPEAT, pk=video.pk).exists()
        token = may_repeat and lifecycle.claim_repeat(
            video.pk, attempted_at=attempted_at, lease=lease, now=timezone.now()
        )
    if token:
        submit(Claim(video.pk, token, attempted_at, is_repeat=True))


def _postpone(videos: Sequence[Video], due_at: datetime) -> None:
    for video in videos:
        lifecycle.reschedule_search(
            video.pk, attempted_at=attempt_time(video), attempts=video.attempts, due_at=due_at
        )
