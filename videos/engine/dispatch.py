"""What may start now: whose turn it is, within what the backend may be asked at once."""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from videos import lifecycle
from videos.engine import clients, enqueue, fair_queue, rate_limit
from videos.models import Backend, Kind, State, Video

logger = logging.getLogger(__name__)

# A claim outlives its longest calls by this much. Seconds.
LEASE_MARGIN = 15


@dataclass(frozen=True)
class Claim:
    """The right to submit one video, until the lease runs out."""

    video_id: int
    token: uuid.UUID
    attempted_at: datetime


def claim_next(backend_id: int) -> Claim | None:
    """Claim the video whose turn it is at this backend, or None when nothing may start now.

    The backend's row is locked meanwhile, so that two workers never exceed its limit together.
    """
    with transaction.atomic():
        backend = Backend.objects.select_for_update().get(pk=backend_id)
        now = timezone.now()
        if _room(backend, now) <= 0:
            return None
        pk = fair_queue.next_video(backend_id, now)
        if pk is None or not rate_limit.acquire(backend_id, 1, now=now):
            return None
        token = lifecycle.claim(pk, lease=_lease_for(backend, pk), now=now)
        return Claim(pk, token, now) if token else None


def tick() -> None:
    """Hint at everything that may start now: submissions where there is room, and downloads that are due."""
    now = timezone.now()
    for backend in Backend.objects.filter(pk__in=fair_queue.waiting(now).order_by().values("backend")):
        room = max(0, _room(backend, now))
        for _ in fair_queue.waiting(now).filter(backend=backend).order_by().values("pk")[:room]:
            enqueue.send("submit", backend.pk)
    due = Video.objects.filter(
        Q(lease_expires_at=None) | Q(lease_expires_at__lte=now), state=State.STORING, due_at__lte=now
    )
    for pk in due.order_by("due_at").values_list("pk", flat=True)[:20]:
        enqueue.send("store", pk)


def pause(backend_id: int, *, seconds: float, reason: str) -> None:
    """Start nothing at this backend for `seconds`. A longer pause that is on already stays."""
    until = timezone.now() + timedelta(seconds=seconds)
    shorter = Backend.objects.filter(Q(paused_until=None) | Q(paused_until__lt=until), pk=backend_id)
    if shorter.update(paused_until=until, pause_reason=lifecycle.storable(reason, 500)):
        logger.warning("Backend %s paused for %.0f s: %s", backend_id, seconds, reason)


def _lease_for(backend: Backend, pk: int) -> timedelta:
    """As long as the calls for this video may take: an edit or extension may need a second, with the file."""
    two = Video.objects.filter(pk=pk, kind__in=[Kind.EDIT, Kind.EXTEND]).exists()
    calls = 2 if two else 1
    return timedelta(seconds=calls * clients.connection_for(backend).deadline + LEASE_MARGIN)


def _room(backend: Backend, now: datetime) -> int:
    if backend.paused_until and backend.paused_until > now:
        return 0
    return backend.max_in_flight - Video.objects.filter(fair_queue.USES_SLOT, backend=backend).count()
