"""The time in which the backend makes the video."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from billing import ledger
from videos.backends.charges import NO_CHARGE_TOLD, Charge
from videos.lifecycle import events, payments
from videos.lifecycle.transitions import finished_now, has_job, move
from videos.models import State, Video
from videos.models.values import NO_REASON, Reason

MIN_POLL_DISTANCE = timedelta(seconds=5)  # after an answer, however much is hinted at the job


@dataclass(frozen=True)
class Answer:
    """That the backend itself answered about the job, and when; the next poll is `delay` seconds later.

    `is_queued` says whether the job waits in its own queue, None that it did not say. `working` and `waiting`
    are the seconds that count since its last answer.
    """

    at: datetime
    delay: float
    is_queued: bool | None = None
    working: float = 0.0
    waiting: float = 0.0


@dataclass(frozen=True)
class PollResult:
    """The outcome of one poll of a running job: its progress, or the `reason` why there is none, and when to
    poll again. `attempts` is what the row had before the poll.
    """

    pk: int
    job_id: str
    due_at: datetime
    progress: int | None = None
    reason: Reason = NO_REASON
    answer: Answer | None = None
    attempts: int = 0


# One SQL statement for all polls: ten thousand running jobs are polled many times over, and building a query
# for each costs more than everything else. Progress only grows, and the revision only when there is something
# new to show. No second is counted twice: of two polls that overlap, the later one finds another number of
# attempts.
_RECORD_POLL = f"""
    UPDATE {Video._meta.db_table} SET
        due_at = %s,
        revision = revision + CASE WHEN error_code <> %s OR COALESCE(progress, -1) < %s
            OR queued_at_backend <> COALESCE(%s, queued_at_backend) THEN 1 ELSE 0 END,
        progress = CASE WHEN COALESCE(progress, -1) < %s THEN %s ELSE progress END,
        error_code = %s, error_message = %s, error_detail = %s,
        queued_at_backend = COALESCE(%s, queued_at_backend),
        answered_at = COALESCE(%s, answered_at),
        poll_delay = COALESCE(%s, poll_delay),
        working_seconds = working_seconds + CASE WHEN attempts = %s THEN %s ELSE 0 END,
        waiting_seconds = waiting_seconds + CASE WHEN attempts = %s THEN %s ELSE 0 END,
        attempts = attempts + 1
    WHERE id = %s AND backend_job_id = %s AND state = %s
"""  # noqa: S608  # the table's name is ours


def record_polls(results: Iterable[PollResult]) -> None:
    """Store the outcome of each poll. A video that is no longer running that job is left alone."""
    rows = [_poll_parameters(result) for result in results]
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_RECORD_POLL, rows)


def _poll_parameters(result: PollResult) -> tuple[Any, ...]:
    reason = result.reason.as_fields()
    progress = -1 if result.progress is None else result.progress
    answer = result.answer
    is_queued = answer.is_queued if answer else None
    return (
        _adapt(result.due_at),
        reason["error_code"],
        progress,
        is_queued,
        progress,
        progress,
        *reason.values(),
        is_queued,
        _adapt(answer.at) if answer else None,
        answer.delay if answer else None,
        result.attempts,
        answer.working if answer else 0.0,
        result.attempts,
        answer.waiting if answer else 0.0,
        result.pk,
        result.job_id,
        State.IN_PROGRESS.value,
    )


def _adapt(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def hasten_poll(pk: int, job_id: str) -> bool:
    """Have a running job polled now, or one that is checked for a late result, instead of later.

    One that has answered within the last seconds is polled when those are over: whoever hints at jobs does
    not decide how often their backend is asked. Returns whether that is earlier than it would have been.
    """
    now = timezone.now()
    is_late = Q(state=State.FAILED, generated_at=None, deleted_at=None)
    polled = Video.objects.filter(has_job(pk, job_id), Q(state=State.IN_PROGRESS) | is_late)
    for video in polled.only("answered_at"):
        answered_at = video.answered_at
        due_at = now if answered_at is None else max(now, answered_at + MIN_POLL_DISTANCE)
        return polled.filter(due_at__gt=due_at).update(due_at=due_at) == 1
    return False


@transaction.atomic
def begin_storing(pk: int, job_id: str, *, charge: Charge = NO_CHARGE_TOLD, seed: int | None = None) -> bool:
    """in_progress → storing: the backend has finished, and its file is to be downloaded.

    `charge` is what it says it charged, `seed` the seed that it says it used. Not for a video whose owner
    asked to cancel it before its job was known: the sweep cancels that.
    """
    charge = payments.in_studio_currency(charge)
    now = timezone.now()
    where = has_job(pk, job_id) & Q(cancel_requested_at=None)
    begun = move(
        State.IN_PROGRESS,
        State.STORING,
        where,
        progress=100,
        generated_at=now,
        due_at=now,
        queued_at_backend=False,
        failed_downloads=0,
        **charge_fields(charge),
        **used(seed),
    )
    if begun:
        ledger.settle(pk, charge.amount, transition="finished")
    return begun


@transaction.atomic
def fail_generation(pk: int, job_id: str, reason: Reason, *, charge: Charge = NO_CHARGE_TOLD) -> bool:
    """in_progress → failed: the backend failed, or lost the job.

    `charge` is what it says it charged all the same.
    """
    charge = payments.in_studio_currency(charge)
    changes = {**finished_now(), **reason.as_fields(), **charge_fields(charge)}
    failed = move(State.IN_PROGRESS, State.FAILED, has_job(pk, job_id), **changes)
    if failed:
        payments.fail(pk, reason, charge, transition="failed")
        events.publish_failed(pk)
    return failed


def charge_fields(charge: Charge) -> dict[str, Any]:
    """The columns of what was charged. A backend that does not say so (any more) changes nothing."""
    if charge.problem:
        return {"charge_problem": charge.problem}
    return {} if charge.amount is None else {"charged": charge.amount, "charge_problem": ""}


def used(seed: int | None) -> dict[str, Any]:
    """The column of the seed that was used. A backend that does not say so changes nothing."""
    return {} if seed is None else {"used_seed": seed}
