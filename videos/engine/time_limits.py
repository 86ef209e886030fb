"""How long a job may take, and when one without a result in time is checked again.

Only the time between two answers counts, and of that no more than lies between two polls when nothing is in
the way. So neither a backend that is away nor a studio that sleeps, nor a clock that jumps, uses up a job's
time; what happens is that the time is longer by the clock on the wall.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from videos.backends.errors import BackendError, RefusedError, UnavailableError
from videos.backends.responses import Job
from videos.models import Backend, Video, VideoModel

TICK = 1.0  # seconds by which a poll is later than planned, even when all is well

LATE_FOR = timedelta(hours=24)  # for which a job without a result in time is checked
LATE_FOR_SILENT = timedelta(hours=72)  # the same, for a backend that does not answer
FIRST_LATE_DELAY, MAX_LATE_DELAY = timedelta(minutes=1), timedelta(hours=1)
SILENT_DELAY = timedelta(minutes=5)  # between checks that are not answered

# What stands between us and the backend says this, or the backend of all that we send.
_SAYS_NOTHING_OF_THE_JOB = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Elapsed:
    """Seconds that count towards the limits: while the backend worked on the job, and while the job waited
    in the backend's own queue or the backend answered nothing usable.
    """

    working: float
    waiting: float


def generation_timeouts(backend: Backend) -> Callable[[Video], int]:
    """Return what tells how many seconds this backend may work on a video.

    The model's limit goes before the backend's, and that before MAX_POLL_TIMEOUT. Takes one query.
    """
    limited = VideoModel.objects.filter(generation_timeout__isnull=False)
    by_model = {name: limit for name, limit in limited.values_list("name", "generation_timeout") if limit}
    default = backend.generation_timeout or int(settings.MAX_POLL_TIMEOUT)
    return lambda video: by_model.get(video.model, default)


def elapsed_since_answer(video: Video, response: Job | BackendError, *, now: datetime) -> Elapsed:
    """Return what the time since the last answer adds, now that `response` came.

    It was spent working if the backend said so at both ends. A refusal to show the job is no sign of a queue,
    or one that the backend has forgotten would keep its place for a day.
    """
    seconds = _seconds_since_answer(video, now) if is_answer(response) else 0.0
    if is_queued(response) or video.queued_at_backend or isinstance(response, UnavailableError):
        return Elapsed(0.0, seconds)
    return Elapsed(seconds, 0.0)


def is_queued(response: Job | BackendError) -> bool | None:
    """Whether the job waits in the backend's own queue; None when the response does not tell."""
    if isinstance(response, Job):
        return response.status == "queued"
    return False if isinstance(response, RefusedError) else None


def is_answer(response: Job | BackendError) -> bool:
    """Whether the backend itself said something of this job: its state, or an error that is about it."""
    if isinstance(response, Job):
        return True
    if isinstance(response, RefusedError) and response.concerns_account:
        return False
    return response.status is not None and response.status not in _SAYS_NOTHING_OF_THE_JOB


def next_late_check(late_since: datetime | None, now: datetime) -> datetime | None:
    """Return when to look for a late result again, having found none now; None when that has lasted a day.

    The distances grow: half of the time since the first failure, from a minute to an hour.
    """
    so_far = max(timedelta(0), now - (late_since or now))
    if so_far >= LATE_FOR:
        return None
    return now + min(MAX_LATE_DELAY, max(FIRST_LATE_DELAY, so_far / 2))


def _seconds_since_answer(video: Video, now: datetime) -> float:
    if video.answered_at is None:
        return 0.0
    return min(max(0.0, (now - video.answered_at).total_seconds()), video.poll_delay + TICK)
