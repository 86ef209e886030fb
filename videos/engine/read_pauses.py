"""Pauses of what costs nothing: polls, the list of jobs, deletions.

A backend that answers these with "too many requests" is left alone with all of them, for as long as it asks,
else longer each time. Submissions have pauses of their own (`videos.engine.dispatch`): a backend that takes
jobs may be short of patience with polls, and the other way round.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from videos.backends.errors import BackendError, UnavailableError
from videos.backends.responses import Job
from videos.engine import pacing
from videos.models import Backend

logger = logging.getLogger(__name__)

FIRST, LONGEST = 5.0, 300.0  # seconds, where the backend does not say how long

# Nothing that is read costs anything, so a lack of credit says no more about a job than a rate limit does.
_CODES = frozenset({"rate_limited", "out_of_credit"})


def is_too_many(answer: Job | BackendError) -> bool:
    """Whether the backend refused to answer for now, which says nothing about the job that was asked for."""
    return isinstance(answer, UnavailableError) and answer.code in _CODES


def is_answer(answer: Job | BackendError) -> bool:
    """Whether the backend said something about the job, be it that it does not know it."""
    return not isinstance(answer, UnavailableError)


def is_paused(backend: Backend) -> bool:
    return backend.reads_paused_until is not None and backend.reads_paused_until > timezone.now()


def backends_to_ask(now: datetime) -> QuerySet[Backend]:
    """Return the backends that may be asked something at `now`."""
    return Backend.objects.exclude(reads_paused_until__gt=now)


def note(backend_id: int, answers: Iterable[Job | BackendError]) -> None:
    """Pause the backend if one of its `answers` says so; if none does, forget its earlier pauses."""
    answers = list(answers)
    refusals = [each for each in answers if isinstance(each, UnavailableError) and is_too_many(each)]
    if refusals:
        _pause(backend_id, max(refusals, key=lambda error: error.retry_after or 0.0))
    elif any(map(is_answer, answers)):
        Backend.objects.filter(pk=backend_id, read_pause_count__gt=0).update(read_pause_count=0)


def _pause(backend_id: int, error: UnavailableError) -> None:
    """Pause for as long as the backend asks, else twice as long as the last time. Refusals of what was under
    way together count as one.
    """
    backend = Backend.objects.get(pk=backend_id)
    if is_paused(backend):
        return
    count = backend.read_pause_count
    seconds = error.retry_after or pacing.backoff(count, first=FIRST, longest=LONGEST)
    until = timezone.now() + timedelta(seconds=seconds)
    row = Backend.objects.filter(pk=backend_id, read_pause_count=count)
    if row.update(reads_paused_until=until, read_pause_count=count + 1):
        logger.warning("%s is not polled for %.0f s: %s", backend, seconds, error.message)
