"""A job that has no result in time: its video has failed, and may yet complete."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from billing import ledger
from videos.backends.charges import NO_CHARGE_TOLD, Charge
from videos.lifecycle import events, payments
from videos.lifecycle.generation import charge_fields, used
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
        events.publish_failed(pk)
    return timed_out


@transaction.atomic
def record_late_check(
    pk: int, job_id: str, reason: Reason, *, due_at: datetime | None, charge: Charge = NO_CHARGE_TOLD
) -> bool:
    """Stay failed: a check found no result. The next one is at `due_at`; None ends them.

    `charge` is what the backend says it charged all the same.
    """
    late = Video.objects.filter(has_job(pk, job_id), state=State.FAILED, due_at__isnull=False)
    charge = payments.in_studio_currency(charge)
    changes = {**reason.as_fields(), **charge_fields(charge)}
    recorded = late.update(due_at=due_at, revision=F("revision") + 1, **changes) == 1
    if recorded and (due_at is None or charge.amount is not None):
        payments.fail(pk, reason, charge, transition="failed_late")
    return recorded


@transaction.atomic
def begin_storing_late(
    pk: int, job_id: str, *, charge: Charge = NO_CHARGE_TOLD, seed: int | None = None
) -> bool:
    """failed → storing: the job that ran out of time has finished after all.

    `charge` is what the backend says it charged, `seed` the seed that it says it used.
    """
    charge = payments.in_studio_currency(charge)
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
        **charge_fields(charge),
        **used(seed),
        **NO_REASON.as_fields(),
    )
    if begun:
        ledger.settle(pk, charge.amount, transition="finished_late")
    return begun


def download_again(pk: int) -> bool:
    """failed → storing: one more try to get the file of a finished job, of those that are made for a day."""
    now = timezone.now()
    where = Q(pk=pk, due_at__lte=now, generated_at__isnull=False, deleted_at=None)
    return move(State.FAILED, State.STORING, where, due_at=now, finished_at=None, **NO_REASON.as_fields())
