"""The table of transitions, and the one UPDATE that every verb of the life cycle is made of, with its log."""

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, When
from django.utils import timezone

from videos.lifecycle import story, transition_log
from videos.models import State, Video
from videos.models.values import NO_REASON

TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.UNCERTAIN, State.IN_PROGRESS, State.CANCELED}),
    State.SUBMITTING: frozenset(
        {State.IN_PROGRESS, State.FAILED, State.UNCERTAIN, State.QUEUED, State.CANCELED}
    ),
    State.UNCERTAIN: frozenset(
        {State.SUBMITTING, State.IN_PROGRESS, State.QUEUED, State.FAILED, State.CANCELED}
    ),
    State.IN_PROGRESS: frozenset({State.STORING, State.FAILED, State.CANCELED}),
    State.STORING: frozenset({State.COMPLETED, State.FAILED, State.CANCELED}),
    State.FAILED: frozenset({State.QUEUED, State.IN_PROGRESS, State.STORING}),
    State.COMPLETED: frozenset(),
    State.CANCELED: frozenset(),
}
if set(TRANSITIONS) != set(State) or any(not targets <= set(State) for targets in TRANSITIONS.values()):
    raise RuntimeError("TRANSITIONS must name every state, and only states")


def move(old: State, new: State, where: Q, **changes: Any) -> bool:
    """Move the one video that matches `where`, which names its `pk`, from `old` to `new`, ending any lease,
    and return whether it was moved. Who moved it is logged in the same transaction.

    Raises `ValueError` for a transition that is not in `TRANSITIONS`.
    """
    if new not in TRANSITIONS[old]:
        raise ValueError(f"{old} → {new} is not a legal transition")
    pk = _named_key(where)
    fields = {"lease_token": None, "lease_expires_at": None, "attempts": 0, **changes}
    with transaction.atomic(savepoint=False):
        rows = Video.objects.filter(where, state=old)
        changed = rows.update(state=new, revision=F("revision") + 1, **fields) == 1
        if changed:
            transition_log.log(pk, old, new, changes.get("error_code", ""))
            story.tell_transition(pk, old, new, changes.get("error_code", ""))
    return changed


def _named_key(where: Q) -> int:
    """Return the key of the video that the condition names."""
    for child in where.children if where.connector == Q.AND and not where.negated else ():
        if isinstance(child, tuple) and child[0] == "pk":
            return int(child[1])
    raise ValueError("A transition is that of one video, which its condition must name by `pk`")


def leased(pk: int, token: uuid.UUID) -> Q:
    """The video, if the lease with this token is still the current one."""
    return Q(pk=pk, lease_token=token)


def has_job(pk: int, job_id: str) -> Q:
    """The video, if `job_id` is its current job: a reply about an earlier attempt's job changes nothing."""
    return Q(pk=pk, backend_job_id=job_id)


# What has become of the latest attempt is known. An earlier one that is unaccounted for stays so: its job may
# be at the backend all the same.
LATEST_ACCOUNTED = Case(When(unaccounted_since=F("attempted_at"), then=None), default=F("unaccounted_since"))


def move_to_progress(
    old: State,
    where: Q,
    job_id: str,
    *,
    progress: int | None,
    due_at: datetime,
    is_queued: bool = False,
) -> bool:
    """Move the video that matches `where` to in_progress, as the one whose job is `job_id`.

    `is_queued` says that the backend has put the job into a queue of its own. Returns False also when the job
    belongs to another video. Whoever calls it charges for the job in the same transaction.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            return move(
                old,
                State.IN_PROGRESS,
                where,
                backend_job_id=job_id,
                progress=progress,
                accepted_at=now,
                due_at=due_at,
                answered_at=now,
                poll_delay=max(0.0, (due_at - now).total_seconds()),
                queued_at_backend=is_queued,
                unaccounted_since=LATEST_ACCOUNTED,
                failed_submissions=0,
                **NO_REASON.as_fields(),
            )
    except IntegrityError:  # one_video_per_backend_job
        return False


def finished_now() -> dict[str, Any]:
    """The fields of a video that enters a final state."""
    return {"finished_at": timezone.now(), "due_at": None}
