"""What may start now: the next video of the queue, within the limits of its backend."""

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from videos import lifecycle
from videos.engine import clients, enqueue, fair_queue, hold, rate_limit, submission_marks
from videos.engine.submission_marks import MarksUnavailableError
from videos.models import Backend, Kind, State, StudioState, Video
from videos.models.values import Reason
from videos.validation import storable_text

logger = logging.getLogger(__name__)

LEASE_MARGIN = 15  # seconds by which a claim outlives its longest calls
STORAGE_PAUSE = 30.0  # seconds a backend is paused for while the storage cannot be written to

_STORAGE_AWAY = Reason(
    "storage_unavailable", "The studio's storage cannot be written to. Nothing was submitted."
)


@dataclass(frozen=True)
class Claim:
    """The right to submit one video, until the lease runs out."""

    video_id: int
    token: uuid.UUID
    attempted_at: datetime


def claim_next(backend_id: int) -> Claim | None:
    """Claim the next video at this backend. Returns None when nothing may start now.

    The backend's row is locked meanwhile, so that two workers never exceed its limit together. The claim
    counts as a submission in the database first, and then outside of it: see `submission_marks`.
    """
    if not fair_queue.startable_videos(timezone.now()).filter(backend=backend_id).exists():
        return None
    if not hold.may_submit():
        return None
    with transaction.atomic():
        backend = Backend.objects.select_for_update().get(pk=backend_id)
        now = timezone.now()
        if _free_slots(backend, now) <= 0:
            return None
        pk = fair_queue.next_video(backend_id, now)
        if pk is None or not rate_limit.acquire(backend_id, 1, now=now):
            return None
        state = StudioState.objects.locked()
        token = None if state.is_held else lifecycle.claim(pk, lease=_lease_for(backend, pk), now=now)
        if token is None:
            return None
        state.submissions += 1
        state.save(update_fields=["submissions"])
    claim = Claim(pk, token, now)
    return claim if _keep_mark(claim, state, backend_id) else None


def _keep_mark(claim: Claim, state: StudioState, backend_id: int) -> bool:
    """Write the mark of this submission, or give the claim back: without the mark nothing may be sent."""
    try:
        submission_marks.keep(state.installation, state.submissions)
    except MarksUnavailableError as error:
        reason = replace(_STORAGE_AWAY, detail=str(error))
        pause(backend_id, seconds=STORAGE_PAUSE, reason=reason.message)
        due_at = timezone.now() + timedelta(seconds=STORAGE_PAUSE)
        lifecycle.requeue(claim.video_id, claim.token, reason, due_at=due_at)
        return False
    return True


def tick() -> None:
    """Hint at everything that may start now: submissions where slots are free, and downloads that are due."""
    now = timezone.now()
    startable = fair_queue.startable_videos(now)
    if StudioState.objects.filter(held_at__isnull=False).exists():
        startable = startable.none()
    for backend in Backend.objects.filter(pk__in=startable.order_by().values("backend")):
        slots = max(0, _free_slots(backend, now))
        for _ in startable.filter(backend=backend).order_by().values("pk")[:slots]:
            enqueue.send("submit", backend.pk)
    due = Video.objects.filter(
        Q(lease_expires_at=None) | Q(lease_expires_at__lte=now), state=State.STORING, due_at__lte=now
    )
    for pk in due.order_by("due_at").values_list("pk", flat=True)[:20]:
        enqueue.send("store", pk)


def pause(backend_id: int, *, seconds: float, reason: str) -> None:
    """Start nothing at this backend for `seconds`, or until a longer pause that is in effect ends."""
    until = timezone.now() + timedelta(seconds=seconds)
    shorter = Backend.objects.filter(Q(paused_until=None) | Q(paused_until__lt=until), pk=backend_id)
    if shorter.update(paused_until=until, pause_reason=storable_text(reason, 500)):
        logger.warning("Backend %s is paused for %.0f s: %s", backend_id, seconds, reason)


def _lease_for(backend: Backend, pk: int) -> timedelta:
    """As long as the calls for this video may take: an edit or extension may need two, one with the file."""
    may_take_two = Video.objects.filter(pk=pk, kind__in=[Kind.EDIT, Kind.EXTEND]).exists()
    calls = 2 if may_take_two else 1
    return timedelta(seconds=calls * clients.connection_for(backend).deadline + LEASE_MARGIN)


def _free_slots(backend: Backend, now: datetime) -> int:
    """How many jobs may start at `backend`; 0 or less for none."""
    if backend.paused_until and backend.paused_until > now:
        return 0
    return backend.max_in_flight - Video.objects.filter(fair_queue.USES_SLOT, backend=backend).count()
