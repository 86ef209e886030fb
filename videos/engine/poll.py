"""Polling running jobs: one short pass for each backend takes all that is due and requests it at once.

A pass belongs to one backend, so a slow or broken one delays no other; one worker at a time makes it.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeGuard

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from contentgen.monitoring.measures import DETECTION_LAG
from videos import lifecycle
from videos.backends.charges import NO_CHARGE_TOLD
from videos.backends.errors import BackendError, FailedJobError, RefusedError, UnavailableError
from videos.backends.responses import Job
from videos.engine import (
    bulkhead,
    clients,
    dispatch,
    durations,
    enqueue,
    late_checks,
    list_polling,
    pacing,
    rate_limit,
    read_pauses,
    time_limits,
)
from videos.engine.clients import Client
from videos.engine.error_messages import (
    JOB_GONE,
    pause_reason_of,
    reason_of_failed_job,
    reason_of_failure,
    reason_of_loss,
    reason_of_timeout,
    reason_of_unanswered_poll,
)
from videos.engine.list_polling import ListBatch
from videos.engine.pacing import DurationEstimate
from videos.engine.submit import INVALID_KEY_PAUSE
from videos.lifecycle import Answer, PollResult, story
from videos.models import Backend, State, Video
from videos.models.values import NO_REASON, Reason

MAX_ROWS = 2000  # in one pass
CONCURRENCY = 50  # requests to one backend at a time
RESPONSES_PER_COMMIT = 200  # others wait for the database no longer than acting on these takes
TICK = 1.0  # seconds between two looks at what is due
LEASE = timedelta(seconds=25)  # of a pass over one batch; a batch of hung requests takes 20 s
NOT_FOUND_GRACE = timedelta(seconds=30)  # after acceptance; a job that is not found yet may still appear

Response = Job | BackendError
Responses = list[tuple[Video, Response]]


def tick() -> None:
    """Hint at every backend that has jobs due to be polled and that no worker is polling."""
    _hint(_free_backends(timezone.now()))


def _hint(backends: QuerySet[Backend]) -> None:
    """Hint at those of the backends that have jobs due to be polled."""
    # Backend by backend: SQLite would go through all that ever failed.
    due = _due(timezone.now()).filter(backend=OuterRef("pk"))
    for pk in backends.filter(Exists(due)).values_list("pk", flat=True):
        enqueue.send("poll_backend", pk)


def poll_backend(backend_id: int) -> int:
    """Poll every due job of this backend and act on each response. Returns how many responses there were.

    Nothing breaks when two passes overlap: polling is free, and every response is acted on once.
    """
    if not _acquire_lease(backend_id):
        return 0
    began = time.monotonic()
    backend = Backend.objects.get(pk=backend_id)
    count = 0
    try:
        with bulkhead.call(backend_id, always=True):  # one pass at a time; it must not wait for submissions
            timeout_of = time_limits.generation_timeouts(backend)
            for responses in _responses(backend, _due_videos(backend)):
                read_pauses.note(backend_id, (response for _, response in responses))
                for start in range(0, len(responses), RESPONSES_PER_COMMIT):
                    _handle_all(responses[start : start + RESPONSES_PER_COMMIT], timeout_of)
                    _renew_lease(backend_id)
                count += len(responses)
    finally:
        Backend.objects.filter(pk=backend_id).update(poll_lease_until=None)
    if time.monotonic() - began >= TICK:  # a tick has come meanwhile, and found the lease taken
        _hint(_free_backends(timezone.now()).filter(pk=backend_id))
    return count


def _due(now: datetime) -> QuerySet[Video]:
    """The videos whose jobs run, and those that are checked for a late result."""
    polled = Q(state=State.IN_PROGRESS) | late_checks.CHECKED
    return Video.objects.filter(polled, state__in=[State.IN_PROGRESS, State.FAILED], due_at__lte=now)


def _due_videos(backend: Backend) -> list[Video]:
    due = _due(timezone.now()).filter(backend=backend).order_by("due_at")
    return _of(backend, due.only(*_COLUMNS)[:MAX_ROWS])


def _of(backend: Backend, videos: Iterable[Video]) -> list[Video]:
    """Return the videos, which are all this backend's, with it loaded."""
    found = list(videos)
    for video in found:
        video.backend = backend
    return found


_COLUMNS = (
    *("public_id", "owner_id", "request_id", "traceparent"),
    "backend_id",
    "backend_job_id",
    "state",
    "model",
    "size",
    "seconds",
    "kind",
    "error_code",
    "progress",
    "attempts",
    "accepted_at",
    "due_at",
    *("answered_at", "poll_delay", "queued_at_backend", "working_seconds", "waiting_seconds"),
    *("late_since", "error_message", "error_detail"),
)


def _acquire_lease(backend_id: int) -> bool:
    now = timezone.now()
    return _free_backends(now).filter(pk=backend_id).update(poll_lease_until=now + LEASE) == 1


def _free_backends(now: datetime) -> QuerySet[Backend]:
    is_free = Q(poll_lease_until=None) | Q(poll_lease_until__lte=now)
    return read_pauses.backends_to_ask(now).filter(is_free)


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
            if backend.read_pause_count:  # it refused the last polls: one finds out whether it answers
                responses = next(_one_by_one(backend, client, videos[:1]), [])
                yield responses
                if not responses or not read_pauses.is_answer(responses[0][1]):
                    return
                videos = videos[1:]
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
    shown = [*videos, *_of(backend, early.only(*_COLUMNS))] if ended else videos
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
        if granted < len(batch) or not any(map(read_pauses.is_answer, found.values())):
            return
        if any(map(read_pauses.is_too_many, found.values())):
            return


def _batches(videos: list[Video]) -> Iterator[list[Video]]:
    size = 2 * CONCURRENCY
    return (videos[start : start + size] for start in range(0, len(videos), size))


def _handle_all(responses: Responses, timeout_of: Callable[[Video], int]) -> None:
    if not responses:
        return
    now = timezone.now()
    stats = durations.stats_for(durations.profile_of(video) for video, _ in responses)
    with transaction.atomic():  # one commit for many: each waits for the disk
        finished = [
            video.pk
            for video, response in responses
            if _is_completed(response) and _begin_storing(video, response)
        ]
        results = (
            _handle_about(
                video, response, stats[durations.profile_of(video)].estimate, timeout_of(video), now=now
            )
            for video, response in responses
            if not _is_completed(response)
        )
        lifecycle.record_polls([result for result in results if result])
    for pk in finished:
        enqueue.send("store", pk)


def _is_completed(response: Response) -> TypeGuard[Job]:
    return isinstance(response, Job) and response.status == "completed"


def _begin_storing(video: Video, job: Job) -> bool:
    begin = lifecycle.begin_storing_late if video.state == State.FAILED else lifecycle.begin_storing
    with story.about(video):
        has_begun = begin(video.pk, video.backend_job_id, charge=job.charge, seed=job.seed)
    if has_begun and job.completed_at is not None:
        lag = max(0.0, time.time() - job.completed_at)
        DETECTION_LAG.observe(lag, backend=video.backend.name)
    return has_begun


def _handle_about(
    video: Video, response: Response, estimate: DurationEstimate | None, timeout: int, *, now: datetime
) -> PollResult | None:
    with story.about(video):
        return _handle(video, response, estimate, timeout, now=now)


def _handle(
    video: Video, response: Response, estimate: DurationEstimate | None, timeout: int, *, now: datetime
) -> PollResult | None:
    """Carry out what `response` means for a `video` whose job is not completed, or return what to record.

    Responses about an earlier job change nothing. `timeout` is the seconds that the job may be worked on.
    """
    is_refused_for_now = not isinstance(response, Job) and read_pauses.is_too_many(response)
    if video.state == State.FAILED:
        if not is_refused_for_now:  # else it stays due, for when the backend may be asked again
            late_checks.handle(video, response, now=now)
        return None
    if is_refused_for_now:
        return _result(video, response, 0.0, now=now)
    if failure := _failure(video, response, now=now):
        charge = response.charge if isinstance(response, Job) else NO_CHARGE_TOLD
        lifecycle.fail_generation(video.pk, video.backend_job_id, failure, charge=charge)
        return None
    if _has_timed_out(video, response, timeout, now=now):
        return None
    if isinstance(response, Job):
        return _result(video, response, _delay(video, response, estimate, now=now), now=now)
    if isinstance(response, RefusedError) and response.concerns_account:
        why = pause_reason_of(response)
        dispatch.pause(video.backend_id, seconds=INVALID_KEY_PAUSE, reason=why, code=response.code)
    requested = response.retry_after if isinstance(response, UnavailableError) else None
    delay = requested or pacing.backoff(video.attempts, first=pacing.FIRST_DELAY, longest=pacing.MAX_DELAY)
    return _result(video, response, delay, now=now)


def _failure(video: Video, response: Response, *, now: datetime) -> Reason | None:
    """Return why there will be no video, if `response` says so."""
    if isinstance(response, Job):
        return reason_of_failure(response) if response.status == "failed" else None
    if isinstance(response, FailedJobError):
        return reason_of_failed_job(response)
    if response.code == "gone":
        return reason_of_loss(response)
    is_not_found = isinstance(response, RefusedError) and response.code == "not_found"
    is_settled = video.accepted_at is not None and now - video.accepted_at > NOT_FOUND_GRACE
    return JOB_GONE if is_not_found and is_settled and video.error_code == "not_found" else None


def _has_timed_out(video: Video, response: Response, timeout: int, *, now: datetime) -> bool:
    """Fail a job that has reached a time limit, now that the backend has answered that it is not finished."""
    if not time_limits.is_answer(response):
        return False
    elapsed = time_limits.elapsed_since_answer(video, response, now=now)
    working, waiting = video.working_seconds + elapsed.working, video.waiting_seconds + elapsed.waiting
    if working >= timeout and time_limits.is_queued(response) is False:
        reason = reason_of_timeout(timeout, in_queue=False)
    elif waiting >= settings.MAX_QUEUE_TIMEOUT:
        reason = reason_of_timeout(settings.MAX_QUEUE_TIMEOUT, in_queue=True)
    else:
        return False
    due_at = now + time_limits.FIRST_LATE_DELAY
    lifecycle.time_out(
        video.pk, video.backend_job_id, reason, due_at=due_at, working=working, waiting=waiting
    )
    return True


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


def _result(video: Video, response: Response, delay: float, *, now: datetime) -> PollResult:
    """Return what to record of a job that is polled again in `delay` seconds."""
    answer = None
    if time_limits.is_answer(response):
        elapsed = time_limits.elapsed_since_answer(video, response, now=now)
        is_queued = time_limits.is_queued(response)
        answer = Answer(now, delay, is_queued, elapsed.working, elapsed.waiting)
    return PollResult(
        video.pk,
        video.backend_job_id,
        now + timedelta(seconds=delay),
        progress=response.progress if isinstance(response, Job) else None,
        reason=NO_REASON if isinstance(response, Job) else reason_of_unanswered_poll(response),
        answer=answer,
        attempts=video.attempts,
    )
