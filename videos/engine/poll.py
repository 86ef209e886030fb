"""Polling running jobs: one short pass for each backend takes all that is due and requests it at once.

A pass belongs to one backend, so a slow or broken one delays no other; one worker at a time makes it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from videos import lifecycle
from videos.backends.client import Client
from videos.backends.errors import BackendError, FailedJobError, RefusedError, UnavailableError
from videos.backends.responses import Job
from videos.engine import bulkhead, clients, dispatch, durations, enqueue, list_polling, pacing, rate_limit
from videos.engine.error_messages import (
    JOB_GONE,
    TIMED_OUT,
    pause_reason_of,
    reason_of_failed_job,
    reason_of_failure,
    reason_of_loss,
    reason_of_unanswered_poll,
)
from videos.engine.list_polling import ListBatch
from videos.engine.pacing import DurationEstimate
from videos.engine.submit import INVALID_KEY_PAUSE
from videos.lifecycle import PollResult
from videos.models import Backend, State, Video

MAX_ROWS = 2000  # in one pass
CONCURRENCY = 50  # requests to one backend at a time
LEASE = timedelta(seconds=25)  # of a pass over one batch; a batch of hung requests takes 20 s
NOT_FOUND_GRACE = timedelta(seconds=30)  # after acceptance; a job that is not found yet may still appear

Response = Job | BackendError
Responses = list[tuple[Video, Response]]


def tick() -> None:
    """Hint at every backend that has jobs due to be polled and that no worker is polling."""
    now = timezone.now()
    free = Backend.objects.filter(Q(poll_lease_until=None) | Q(poll_lease_until__lte=now))
    for pk in free.filter(pk__in=_due(now).order_by().values("backend")).values_list("pk", flat=True):
        enqueue.send("poll_backend", pk)


def poll_backend(backend_id: int) -> int:
    """Poll every due job of this backend and act on each response. Returns how many responses there were.

    Nothing breaks when two passes overlap: polling is free, and every response is acted on once.
    """
    if not _acquire_lease(backend_id):
        return 0
    backend = Backend.objects.get(pk=backend_id)
    count = 0
    try:
        with bulkhead.call(backend_id, always=True):  # one pass at a time; it must not wait for submissions
            for responses in _responses(backend, _due_videos(backend)):
                _handle_all(responses)
                count += len(responses)
                _renew_lease(backend_id)
    finally:
        Backend.objects.filter(pk=backend_id).update(poll_lease_until=None)
    return count


def _due(now: datetime) -> QuerySet[Video]:
    return Video.objects.filter(state=State.IN_PROGRESS, due_at__lte=now)


def _due_videos(backend: Backend) -> list[Video]:
    due = _due(timezone.now()).filter(backend=backend).order_by("due_at")
    return list(due.only(*_COLUMNS)[:MAX_ROWS])


_COLUMNS = (
    "backend_id",
    "backend_job_id",
    "model",
    "size",
    "seconds",
    "kind",
    "error_code",
    "progress",
    "attempts",
    "accepted_at",
    "deadline_at",
    "due_at",
)


def _acquire_lease(backend_id: int) -> bool:
    now = timezone.now()
    free = Backend.objects.filter(Q(poll_lease_until=None) | Q(poll_lease_until__lte=now), pk=backend_id)
    return free.update(poll_lease_until=now + LEASE) == 1


def _renew_lease(backend_id: int) -> None:
    Backend.objects.filter(pk=backend_id).update(poll_lease_until=timezone.now() + LEASE)


def _responses(backend: Backend, videos: list[Video]) -> Iterator[Responses]:
    """Yield responses in batches as they come: from the backend's list where that saves requests, else one by
    one. Where a whole batch found the backend unavailable, the rest is not requested in this pass.
    """
    if not videos:
        return
    try:
        with clients.client_for(backend) as client:
            settled: set[str] = set()
            if list_polling.is_worthwhile(backend, len(videos)):
                for batch in list_polling.read_list(backend, client, videos):
                    settled |= batch.settled - _unclear(batch)
                    yield _from_list(backend, videos, batch)
            rest = [video for video in videos if video.backend_job_id not in settled]
            yield from _one_by_one(backend, client, rest)
    except BackendError as error:  # its settings cannot work: no response about any of its jobs
        yield [(video, error) for video in videos]


def _from_list(backend: Backend, videos: list[Video], batch: ListBatch) -> Responses:
    """The due videos that the pages show, and those not yet due that they show to have ended."""
    due = {video.backend_job_id for video in videos}
    ended = [
        job.id for job in batch.jobs.values() if job.status in ("completed", "failed") and job.id not in due
    ]
    early = Video.objects.filter(backend=backend, state=State.IN_PROGRESS, backend_job_id__in=ended)
    shown = [*videos, *early.only(*_COLUMNS)] if ended else videos
    clear = batch.jobs.keys() - _unclear(batch)
    return [(video, batch.jobs[video.backend_job_id]) for video in shown if video.backend_job_id in clear]


def _unclear(batch: ListBatch) -> frozenset[str]:
    """The jobs of which only a poll of their own finds out whether they are completed."""
    return frozenset(job.id for job in batch.jobs.values() if job.may_be_completed)


def _one_by_one(backend: Backend, client: Client, videos: list[Video]) -> Iterator[Responses]:
    for batch in _batches(videos):
        granted = rate_limit.acquire(backend.pk, len(batch), now=timezone.now())
        if not granted:
            return  # they stay due, for the next pass
        polled = batch[:granted]
        found = client.retrieve_many([v.backend_job_id for v in polled], concurrency=CONCURRENCY)
        yield [(video, found[video.backend_job_id]) for video in polled]
        if granted < len(batch) or all(isinstance(response, UnavailableError) for response in found.values()):
            return


def _batches(videos: list[Video]) -> Iterator[list[Video]]:
    size = 2 * CONCURRENCY
    return (videos[start : start + size] for start in range(0, len(videos), size))


def _handle_all(responses: Responses) -> None:
    if not responses:
        return
    now = timezone.now()
    stats = durations.stats_for(durations.profile_of(video) for video, _ in responses)
    with transaction.atomic():  # one commit for all: each waits for the disk
        finished = [
            video.pk
            for video, response in responses
            if isinstance(response, Job)
            and response.status == "completed"
            and lifecycle.begin_storing(video.pk, video.backend_job_id, charged=response.cost)
        ]
        results = (
            _handle(video, response, stats[durations.profile_of(video)].estimate, now=now)
            for video, response in responses
        )
        lifecycle.record_polls([result for result in results if result])
    for pk in finished:
        enqueue.send("store", pk)


def _handle(
    video: Video, response: Response, estimate: DurationEstimate | None, *, now: datetime
) -> PollResult | None:
    """Carry out what `response` means for a `video` whose job is not completed, or return what to record.

    Responses about an earlier job change nothing.
    """
    if isinstance(response, BackendError):
        return _handle_error(video, response, now=now)
    if response.status == "completed":
        return None
    if response.status == "failed":
        reason = reason_of_failure(response)
        lifecycle.fail_generation(video.pk, video.backend_job_id, reason, charged=response.cost)
        return None
    if _is_overdue(video, now):
        lifecycle.fail_generation(video.pk, video.backend_job_id, TIMED_OUT)
        return None
    due_at = now + timedelta(seconds=_delay(video, response, estimate, now=now))
    return PollResult(video.pk, video.backend_job_id, due_at, response.progress)


def _delay(video: Video, job: Job, estimate: DurationEstimate | None, *, now: datetime) -> float:
    """Seconds until the next poll. `video` must still hold the progress known before this one."""
    since = video.accepted_at or now
    return pacing.next_poll_delay(
        job,
        polls=video.attempts,
        elapsed=(now - since).total_seconds(),
        last_progress=video.progress,
        estimate=estimate,
    )


def _handle_error(video: Video, error: BackendError, *, now: datetime) -> PollResult | None:
    if isinstance(error, FailedJobError):
        lifecycle.fail_generation(video.pk, video.backend_job_id, reason_of_failed_job(error))
        return None
    if error.code == "gone":
        lifecycle.fail_generation(video.pk, video.backend_job_id, reason_of_loss(error))
        return None
    is_not_found = isinstance(error, RefusedError) and error.code == "not_found"
    is_settled = video.accepted_at is not None and now - video.accepted_at > NOT_FOUND_GRACE
    if is_not_found and is_settled and video.error_code == "not_found":
        lifecycle.fail_generation(video.pk, video.backend_job_id, JOB_GONE)
        return None
    if _is_overdue(video, now):
        lifecycle.fail_generation(video.pk, video.backend_job_id, TIMED_OUT)
        return None
    reason = reason_of_unanswered_poll(error)
    if isinstance(error, RefusedError) and error.concerns_account:
        dispatch.pause(video.backend_id, seconds=INVALID_KEY_PAUSE, reason=pause_reason_of(error))
    requested = error.retry_after if isinstance(error, UnavailableError) else None
    delay = requested or pacing.backoff(video.attempts, first=pacing.FIRST_DELAY, longest=pacing.MAX_DELAY)
    return PollResult(video.pk, video.backend_job_id, now + timedelta(seconds=delay), reason=reason)


def _is_overdue(video: Video, now: datetime) -> bool:
    return video.deadline_at is not None and now >= video.deadline_at
