"""What may start now: the next video of the queue, within the limits of its backend."""

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_noop

from videos import lifecycle
from videos.engine import (
    clients,
    enqueue,
    fair_queue,
    hold,
    late_checks,
    pacing,
    rate_limit,
    submission_marks,
)
from videos.engine.submission_marks import MarksUnavailableError
from videos.models import Backend, Kind, ReleasedJob, State, StudioState, Video
from videos.models.values import Reason
from videos.validation import storable_text

logger = logging.getLogger(__name__)

LEASE_MARGIN = 15  # seconds by which a claim outlives its longest calls
HINTED_DOWNLOADS = 20  # of each backend in one tick: none waits behind those of one that is frozen
MIN_TO_STORE, TO_STORE_PER_SLOT = 8, 2  # finished videos that may wait to be stored while others start
PAUSES_IN_A_ROW = timedelta(seconds=60)  # between the end of a pause and the next, if no job was accepted
STORAGE_PAUSE = 30.0  # seconds a backend is paused for while the storage is away

_STORAGE_AWAY = Reason(
    "storage_unavailable", gettext_noop("The studio's storage is away. Nothing was submitted.")
)


@dataclass(frozen=True)
class Claim:
    """The right to submit one video, until the lease runs out.

    `is_repeat`: the request of an attempt that got no reply is sent once more, with the same key.
    """

    video_id: int
    token: uuid.UUID
    attempted_at: datetime
    is_repeat: bool = False


def claim_next(backend_id: int) -> Claim | None:
    """Claim the next video at this backend. Returns None when nothing may start now.

    A claim counts as a submission in the database first, and then outside of it (`submission_marks`). While
    the storage is away that is not possible, so the backend is paused and nothing is sent.
    """
    if not fair_queue.startable_videos(timezone.now()).filter(backend=backend_id).exists():
        return None
    try:
        claimed = _claim(backend_id) if hold.may_submit() else None
    except MarksUnavailableError as error:
        _pause_for_storage(backend_id, error)
        return None
    if claimed is None:
        return None
    claim, state = claimed
    try:
        submission_marks.keep(state.installation, state.submissions)
    except MarksUnavailableError as error:
        due_at = _pause_for_storage(backend_id, error)
        reason = replace(_STORAGE_AWAY, detail=str(error))
        lifecycle.requeue(claim.video_id, claim.token, reason, due_at=due_at)
        return None
    return claim


def _claim(backend_id: int) -> tuple[Claim, StudioState] | None:
    """Claim a video, and return with it the state that counts it.

    The backend's row is locked meanwhile, so that two workers never exceed its limit together, and nothing
    starts at a backend after it was switched off or paused. The studio's row is locked next, as by whoever
    holds submissions or pauses somebody's queue or batch: what is paused when this gets the lock is not
    claimed, and what a pause finds claimed when it gets the lock was claimed before it.
    """
    with transaction.atomic():
        backend = Backend.objects.select_for_update().get(pk=backend_id)
        now = timezone.now()
        if not backend.enabled or _free_slots(backend, now) <= 0:
            return None
        pk = fair_queue.next_video(backend_id, now)
        if pk is None or not rate_limit.acquire(backend_id, 1, now=now):
            return None
        state = StudioState.objects.locked()
        if state.is_held or not fair_queue.startable_videos(now).filter(pk=pk).exists():
            return None
        token = lifecycle.claim(pk, lease=lease_for(backend, pk), now=now)
        if token is None:
            return None
        state.submissions += 1
        state.save(update_fields=["submissions"])
        return Claim(pk, token, now), state


def _pause_for_storage(backend_id: int, error: MarksUnavailableError) -> datetime:
    """Pause the backend while the storage is away. Returns the end of the pause."""
    logger.error("Nothing is submitted: %s", error)
    pause(backend_id, seconds=STORAGE_PAUSE, reason=_STORAGE_AWAY.message, code=_STORAGE_AWAY.code)
    return timezone.now() + timedelta(seconds=STORAGE_PAUSE)


def tick() -> None:
    """Hint at what may start now: one submission for each backend that takes one, and downloads that are due.

    A submission hints at the next one itself (`hint_at_next`), so that free slots fill at once.
    """
    now = timezone.now()
    for backend in Backend.objects.filter(pk__in=_startable(now).order_by().values("backend")):
        if _has_room(backend, now):
            enqueue.send("submit", backend.pk)
        else:
            late_checks.hasten(backend.pk, now)
    due = Video.objects.filter(
        Q(lease_expires_at=None) | Q(lease_expires_at__lte=now), state=State.STORING, due_at__lte=now
    )
    for backend_id in due.order_by().values_list("backend", flat=True).distinct():
        waiting = due.filter(backend=backend_id).order_by("due_at")
        for pk in waiting.values_list("pk", flat=True)[:HINTED_DOWNLOADS]:
            enqueue.send("store", pk)


def hint_at_next(backend_id: int) -> None:
    """Hint at one more submission at this backend, if it has work and takes more."""
    now = timezone.now()
    backend = Backend.objects.get(pk=backend_id)
    if _has_room(backend, now) and _startable(now).filter(backend=backend).exists():
        enqueue.send("submit", backend_id)


def pause(backend_id: int, *, seconds: float, reason: str, code: str = "") -> None:
    """Start nothing at this backend for `seconds`, or until a longer pause that is in effect ends.

    `code` is that of the error, as far as there is one.
    """
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    shorter = Backend.objects.filter(Q(paused_until=None) | Q(paused_until__lt=until), pk=backend_id)
    # One that follows on the last without a job in between goes on with it.
    is_next = Q(paused_until__gt=now - PAUSES_IN_A_ROW)
    since = Case(When(is_next, then=Coalesce("paused_since", now)), default=now)
    if shorter.update(
        paused_until=until,
        pause_reason=storable_text(reason, 500),
        pause_code=code[:100],
        paused_by="",
        paused_since=since,
    ):
        logger.warning("Backend %s is paused for %.0f s: %s", backend_id, seconds, reason)


def pause_longer(backend_id: int, *, reason: str, first: float, longest: float, code: str = "") -> float:
    """Pause a backend that refused us for a reason of its own, longer each time until it accepts a job again:
    `first` seconds, then twice as many, up to `longest`, ±10 %. Returns the seconds.

    Refusals of submissions that were under way together count as one.
    """
    backend = Backend.objects.only("paused_until", "pause_count").get(pk=backend_id)
    count = backend.pause_count
    if not _is_paused(backend, timezone.now()):
        Backend.objects.filter(pk=backend_id, pause_count=count).update(pause_count=count + 1)
        count += 1
    seconds = pacing.backoff(max(0, count - 1), first=first, longest=longest)
    pause(backend_id, seconds=seconds, reason=reason, code=code)
    return seconds


def note_acceptance(backend_id: int) -> None:
    """Forget the pauses of a backend that accepted a job: the next one starts short again."""
    was_paused = Q(pause_count__gt=0) | Q(paused_since__isnull=False, paused_by="")
    Backend.objects.filter(was_paused, pk=backend_id).update(pause_count=0, paused_since=None)


def _is_paused(backend: Backend, now: datetime) -> bool:
    return backend.paused_until is not None and backend.paused_until > now


def lease_for(backend: Backend, pk: int) -> timedelta:
    """As long as the calls for this video may take: an edit or extension may need two, one with the file."""
    may_take_two = Video.objects.filter(pk=pk, kind__in=[Kind.EDIT, Kind.EXTEND]).exists()
    calls = 2 if may_take_two else 1
    return timedelta(seconds=calls * clients.connection_for(backend).deadline + LEASE_MARGIN)


def _startable(now: datetime) -> QuerySet[Video]:
    """The videos that may start at `now`; none while submissions are held."""
    startable = fair_queue.startable_videos(now)
    is_held = StudioState.objects.filter(held_at__isnull=False).exists()
    return startable.none() if is_held else startable


def _has_room(backend: Backend, now: datetime) -> bool:
    """Whether `backend` has a free slot, and would be sent a request at `now`."""
    return _free_slots(backend, now) > 0 and rate_limit.has_allowance(backend, now)


def _free_slots(backend: Backend, now: datetime) -> int:
    """How many jobs may start at `backend`; 0 or less for none.

    Jobs that nobody wants any more count until the backend has let go of them. None starts while too many
    finished videos wait to be stored: a result that cannot be had is worth nothing.
    """
    if _is_paused(backend, now) or _is_backlogged(backend):
        return 0
    free = backend.max_in_flight - _count_jobs(backend)
    if backend.pause_count == 0:
        return free
    # It refused the last submission: a single one finds out whether it takes them again.
    is_trying = Video.objects.filter(backend=backend, state=State.SUBMITTING).exists()
    return min(free, 0 if is_trying else 1)


def max_to_store(backend: Backend) -> int:
    """Return how many finished videos of `backend` may wait to be stored, before it is sent nothing more."""
    return max(MIN_TO_STORE, TO_STORE_PER_SLOT * backend.max_in_flight)


def _count_jobs(backend: Backend) -> int:
    """Count the jobs that `backend` works on, or may."""
    videos = Video.objects.filter(fair_queue.USES_SLOT, backend=backend)
    released = ReleasedJob.objects.filter(backend=backend, due_at__isnull=False)
    return videos.count() + released.count()


def _is_backlogged(backend: Backend) -> bool:
    """Whether too many finished videos of `backend` wait to be stored."""
    return Video.objects.filter(state=State.STORING, backend=backend).count() >= max_to_store(backend)
