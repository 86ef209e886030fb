"""The time in which the backend makes the video."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from videos.lifecycle.transitions import finished_now, has_job, move
from videos.models import State, Video
from videos.models.values import NO_REASON, Reason


@dataclass(frozen=True)
class PollResult:
    """The outcome of one poll of a running job: its progress, or the `reason` why there is none, and when to
    poll again.
    """

    pk: int
    job_id: str
    due_at: datetime
    progress: int | None = None
    reason: Reason = NO_REASON


# One SQL statement for all polls: ten thousand running jobs are polled many times over, and building a query
# for each costs more than everything else. Progress only grows, and the revision only when there is something
# new to show.
_RECORD_POLL = f"""
    UPDATE {Video._meta.db_table} SET
        due_at = %s,
        attempts = attempts + 1,
        revision = revision + CASE WHEN error_code <> %s OR COALESCE(progress, -1) < %s THEN 1 ELSE 0 END,
        progress = CASE WHEN COALESCE(progress, -1) < %s THEN %s ELSE progress END,
        error_code = %s, error_message = %s, error_detail = %s
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
    return (
        connection.ops.adapt_datetimefield_value(result.due_at),
        reason["error_code"],
        progress,
        progress,
        progress,
        *reason.values(),
        result.pk,
        result.job_id,
        State.IN_PROGRESS.value,
    )


def begin_storing(pk: int, job_id: str, *, charged: Decimal | None = None) -> bool:
    """in_progress → storing: the backend has finished, and its file is to be downloaded.

    `charged` is what it says it charged, in US dollars. Not for a video whose owner asked to cancel it before
    its job was known: the sweep cancels that.
    """
    now = timezone.now()
    where = has_job(pk, job_id) & Q(cancel_requested_at=None)
    changes = {"progress": 100, "generated_at": now, "due_at": now, **_charge(charged)}
    return move(State.IN_PROGRESS, State.STORING, where, **changes)


def fail_generation(pk: int, job_id: str, reason: Reason, *, charged: Decimal | None = None) -> bool:
    """in_progress → failed: the backend failed, lost the job, or ran out of time.

    `charged` is what it says it charged all the same, in US dollars.
    """
    changes = {**finished_now(), **reason.as_fields(), **_charge(charged)}
    return move(State.IN_PROGRESS, State.FAILED, has_job(pk, job_id), **changes)


def _charge(charged: Decimal | None) -> dict[str, Any]:
    """The column of what was charged. A backend that does not say so (any more) changes nothing."""
    return {} if charged is None else {"charged": charged}
