"""From queued to accepted, refused or uncertain: one attempt to submit a video."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing import ledger
from videos.lifecycle import events
from videos.lifecycle.transitions import LATEST_ACCOUNTED, finished_now, leased, move, move_to_progress
from videos.models import State, Video
from videos.models.values import Reason


def claim(pk: int, *, lease: timedelta, now: datetime) -> uuid.UUID | None:
    """queued → submitting, a new attempt. Returns the lease's token, or None when another worker holds it, or
    its owner has paused or canceled it.

    The idempotency key names this attempt: a backend that honors keys makes at most one job of it.
    """
    token = uuid.uuid4()
    claimed = move(
        State.QUEUED,
        State.SUBMITTING,
        Q(pk=pk, cancel_requested_at=None, paused_at=None),
        lease_token=token,
        lease_expires_at=now + lease,
        attempted_at=now,
        attempts=F("attempts") + 1,
        idempotency_key=uuid.uuid4().hex,
        unaccounted_since=Coalesce(F("unaccounted_since"), now),
    )
    return token if claimed else None


def holds_lease(pk: int, token: uuid.UUID, *, margin: timedelta) -> bool:
    """Whether the lease lasts for at least `margin` more. Checked right before money is spent."""
    return Video.objects.filter(leased(pk, token), lease_expires_at__gt=timezone.now() + margin).exists()


@transaction.atomic
def accept(
    pk: int,
    token: uuid.UUID,
    *,
    job_id: str,
    progress: int | None,
    due_at: datetime,
    is_queued: bool = False,
) -> bool:
    """submitting → in_progress: the backend accepted the job, whose id is stored with the transition.

    `is_queued` says that the backend has put it into a queue of its own. Returns False also when `job_id`
    belongs to another video.
    """
    where = leased(pk, token)
    accepted = move_to_progress(
        State.SUBMITTING, where, job_id, progress=progress, due_at=due_at, is_queued=is_queued
    )
    if accepted:
        ledger.charge(pk, transition="accepted")
    return accepted


@transaction.atomic
def adopt(pk: int, old: State, *, attempted_at: datetime, job_id: str, due_at: datetime) -> bool:
    """uncertain (or queued again) → in_progress: the job of the attempt made at `attempted_at` was found.

    Returns False also when `job_id` belongs to another video.
    """
    where = Q(pk=pk, attempted_at=attempted_at)
    adopted = move_to_progress(old, where, job_id, progress=None, due_at=due_at)
    if adopted:
        ledger.charge(pk, transition="adopted", is_newest_unsent=old == State.QUEUED)
    return adopted


@transaction.atomic
def refuse(pk: int, token: uuid.UUID, reason: Reason) -> bool:
    """submitting → failed: the backend refused the request. Nothing was spent."""
    refused = move(
        State.SUBMITTING,
        State.FAILED,
        leased(pk, token),
        unaccounted_since=LATEST_ACCOUNTED,
        **finished_now(),
        **reason.as_fields(),
    )
    if refused:
        ledger.release(pk, transition="refused")
        events.publish_failed(pk)
    return refused


def requeue(pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime) -> bool:
    """submitting → queued: the backend certainly did not accept it, and may do so at `due_at`."""
    return move(
        State.SUBMITTING,
        State.QUEUED,
        leased(pk, token),
        due_at=due_at,
        attempts=F("attempts"),
        unaccounted_since=LATEST_ACCOUNTED,
        **reason.as_fields(),
    )


def mark_uncertain(
    pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime, is_backend_failure: bool = False
) -> bool:
    """submitting → uncertain: the backend may have accepted it. Its job is searched for at `due_at`.

    `is_backend_failure` counts the attempt as one that the backend answered badly or not at all. One that a
    worker of ours did not survive is not counted.
    """
    return move(
        State.SUBMITTING,
        State.UNCERTAIN,
        leased(pk, token),
        due_at=due_at,
        failed_submissions=F("failed_submissions") + int(is_backend_failure),
        **reason.as_fields(),
    )


def claim_repeat(pk: int, *, attempted_at: datetime, lease: timedelta, now: datetime) -> uuid.UUID | None:
    """uncertain → submitting, to send the request of the attempt at `attempted_at` once more.

    Only for a backend that honors idempotency keys; the key is that of the attempt. Returns the lease's
    token, or None when the video has moved on, is to be canceled, or cannot be requested once more.
    """
    token = uuid.uuid4()
    claimed = move(
        State.UNCERTAIN,
        State.SUBMITTING,
        Q(pk=pk, attempted_at=attempted_at, due_at__lte=now, cancel_requested_at=None)
        & ~Q(idempotency_key=""),
        lease_token=token,
        lease_expires_at=now + lease,
        attempts=F("attempts") + 1,
    )
    return token if claimed else None


def mark_still_uncertain(
    pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime, can_repeat: bool
) -> bool:
    """submitting → uncertain: a repeated request has not settled whether the backend accepted the first.

    Without `can_repeat` the key is forgotten, so that the job is searched for in the backend's list.
    """
    changes: dict[str, Any] = {"attempts": F("attempts")} if can_repeat else {"idempotency_key": ""}
    where = leased(pk, token)
    return move(State.SUBMITTING, State.UNCERTAIN, where, due_at=due_at, **changes, **reason.as_fields())
