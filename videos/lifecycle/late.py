"""A job that has no result in time: its video has failed, and may yet complete."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from billing import ledger
from videos.lifecycle import payments
from videos.lifecycle.generation import charge
from videos.lifecycle.transitions import has_job, move
from videos.models import State, Video
from videos.models.values import NO_REASON, Reason


@transaction.atomic
def time_out(
    pk: int, job_id: str, reason: Reason, *, due_at: datetime, working: float, waiting: float
) -> bool:
    """in_progress → failed: the job has reached a time limit, and is checked for a late result at `due_at`.

    `working` and `waiting` are the seconds that were counted. Until it is known to have ended, the job counts
    as in flight.
    """
    now = timezone.now()
    timed_out = move(
        State.IN_PROGRESS,
        State.FAILED,
        has_job(pk, job_id),
        finished_at=now,
        deadline_at=now,
        late_since=now,
        due_at=due_at,
        working_seconds=working,
        waiting_seconds=waiting,
        **reason.as_fields(),
    )
    if timed_out:
        ledger.doubt(pk, transition="timed_out")
    return timed_out


@transaction.atomic
def record_late_check(
    pk: int, job_id: str, reason: Reason, *, due_at: datetime | None, charged: Decimal | None = None
) -> bool:
    """Stay failed: a check found no result. The next one is at `due_at`; None ends them.

    `charged` is what the backend says it charged all the same, in US dollars.
    """
    late = Video.objects.filter(has_job(pk, job_id), state=State.FAILED, due_at__isnull=False)
    changes = {**reason.as_fields(), **charge(charged)}
    recorded = late.update(due_at=due_at, revision=F("revision") + 1, **changes) == 1
    if recorded and (due_at is None or charged is not None):
        payments.fail(pk, reason, charged, transition="failed_late")
    return recorded


@transaction.atomic
def begin_storing_late(pk: int, job_id: str, *, charged: Decimal | None = None) -> bool:
    """failed → storing: the job that ran out of time has finished after all.

    `charged` is what the backend says it charged, in US dollars.
    """
    now = timezone.now()
    where = has_job(pk, job_id) & Q(due_at__isnull=False, deleted_at=None)
    begun = move(
        State.FAILED,
        State.STORING,
        where,
        progress=100,
        generated_at=now,
        due_at=now,
        finished_at=None,
        late_since=None,
        failed_downloads=0,
        **charge(charged),
        **NO_REASON.as_fields(),
    )
    if begun:
        ledger.settle(pk, charged, transition="finished_late")
    return begun


def download_again(pk: int) -> bool:
    """failed → storing: one more try to get the file of a finished job, of those that are made for a day."""
    now = timezone.now()
    where = Q(pk=pk, due_at__lte=now, generated_at__isnull=False, deleted_at=None)
    return move(State.FAILED, State.STORING, where, due_at=now, finished_at=None, **NO_REASON.as_fields())
