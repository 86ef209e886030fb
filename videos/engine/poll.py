"""Looking at running jobs: one short pass for each backend takes all that is due and asks for it at once.

A pass belongs to one backend, so a slow or broken one delays no other; one worker at a time makes it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from videos import lifecycle
from videos.backends.client import Client
from videos.backends.errors import BackendError, Refused, Unavailable
from videos.backends.responses import Job
from videos.engine import clients, dispatch, durations, enqueue, list_polling, pacing, rate_limit
from videos.engine.error_messages import JOB_GONE, TIMED_OUT, reason_of, reason_of_failure
from videos.engine.submit import KEY_PAUSE
from videos.lifecycle import PollResult
from videos.models import Backend, State, Video

AT_ONCE = 2000  # rows in one pass
CONCURRENCY = 50  # requests to one backend at a time
LEASE = timedelta(seconds=25)  # of a pass over one batch; a batch of hung requests takes 20 s
SETTLING = timedelta(seconds=30)  # after acceptance, a job not found yet may still appear

Answer = Job | BackendError


def tick() -> None:
    """Hint at every backend that has jobs to be looked at and that nobody is looking at."""
    now = timezone.now()
    free = Backend.objects.filter(Q(poll_lease_until=None) | Q(poll_lease_until__lte=now))
    for pk in free.filter(pk__in=_due(now).order_by().values("backend")).values_list("pk", flat=True):
        enqueue.send("poll_backend", pk)


def poll_backend(backend_id: int) -> int:
    """Look at every job of this backend that is due, and act on each answer. Returns how many were looked at.

    Nothing breaks when two passes overlap: asking is free, and every answer is acted on once.
    """
    if not _lease(backend_id):
        return 0
    backend = Backend.objects.get(pk=backend_id)
    looked = 0
    try:
        for answers in _answers(backend, _due_videos(backend)):
            _act_on_all(answers)
            looked += len(answers)
            _extend(backend_id)
    finally:
        Backend.objects.filter(pk=backend_id).update(poll_lease_until=None)
    return looked


def _due(now: datetime) -> QuerySet[Video]:
    return Video.objects.filter(state=State.IN_PROGRESS, due_at__lte=now)


def _due_videos(backend: Backend) -> list[Video]:
    due = _due(timezone.now()).filter(backend=backend).order_by("due_at")
    return list(due.only(*_NEEDED)[:AT_ONCE])


_NEEDED = (
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


def _lease(backend_id: int) -> bool:
    now = timezone.now()
    free = Backend.objects.filter(Q(poll_lease_until=None) | Q(poll_lease_until__lte=now), pk=backend_id)
    return free.update(poll_lease_until=now + LEASE) == 1


def _extend(backend_id: int) -> None:
    Backend.objects.filter(pk=backend_id).update(poll_lease_until=timezone.now() + LEASE)


def _answers(backend: Backend, videos: list[Video]) -> Iterator[list[tuple[Video, Answer]]]:
    """Yield answers in batches as they come: from the backend's list where that saves requests, else singly.

    Where a whole batch found the backend away, the rest is not asked for in this pass.
    """
    if not videos:
        return
    try:
        with clients.client_for(backend) as client:
            missing = videos
            if list_polling.is_worthwhile(backend, len(videos)):
                reading = list_polling.ListReading(backend, client, videos)
                for shown in reading:
                    yield _on_pages(backend, videos, shown)
                missing = [video for video in videos if video.backend_job_id not in reading.settled]
            yield from _one_by_one(backend, client, missing)
    except BackendError as error:  # its settings cannot work: no answer about any of its jobs
        yield [(video, error) for video in videos]


def _on_pages(backend: Backend, videos: list[Video], found: dict[str, Job]) -> list[tuple[Video, Answer]]:
    """The due videos that the pages show, and those not yet due that they show to have ended."""
    due = {video.backend_job_id for video in videos}
    ended = [job.id for job in found.values() if job.status in ("completed", "failed") and job.id not in due]
    early = Video.objects.filter(backend=backend, state=State.IN_PROGRESS, backend_job_id__in=ended)
    shown = [*videos, *early.only(*_NEEDED)] if ended else videos
    return [(video, found[video.backend_job_id]) for video in shown if video.backend_job_id in found]


def _one_by_one(
    backend: Backend, client: Client, videos: list[Video]
) -> Iterator[list[tuple[Video, Answer]]]:
    for batch in _batches(videos):
        granted = rate_limit.acquire(backend.pk, len(batch), now=timezone.now())
        if not granted:
            return  # they stay due; the next pass asks for them
        asked = batch[:granted]
        found = client.retrieve_many([v.backend_job_id for v in asked], concurrency=CONCURRENCY)
        yield [(video, found[video.backend_job_id]) for video in asked]
        if granted < len(batch) or all(isinstance(answer, Unavailable) for answer in found.values()):
            return


def _batches(videos: list[Video]) -> Iterator[list[Video]]:
    size = 2 * CONCURRENCY
    return (videos[start : start + size] for start in range(0, len(videos), size))


def _act_on_all(answers: list[tuple[Video, Answer]]) -> None:
    now = timezone.now()
    durations.stats_for(
        durations.profile_of(video) for video, _ in answers
    )  # one query, not one for each kind
    with transaction.atomic():  # one commit for all: each waits for the disk
        finished = [
            video.pk
            for video, answer in answers
            if _is_completed(answer) and lifecycle.begin_storing(video.pk, video.backend_job_id)
        ]
        lifecycle.record_polls(
            [look for video, answer in answers if (look := _act_on(video, answer, now=now))]
        )
    for pk in finished:
        enqueue.send("store", pk)


def _is_completed(answer: Answer) -> bool:
    return isinstance(answer, Job) and answer.status == "completed"


def _act_on(video: Video, answer: Answer, *, now: datetime) -> PollResult | None:
    """Carry out what `answer` means for the `video` that is not completed, or return what is to be noted.

    Answers about an earlier job change nothing.
    """
    if isinstance(answer, BackendError):
        return _no_answer(video, answer, now=now)
    if answer.status == "completed":
        return None
    if answer.status == "failed":
        lifecycle.fail_generation(video.pk, video.backend_job_id, reason_of_failure(answer))
        return None
    if _is_overdue(video, now):
        lifecycle.fail_generation(video.pk, video.backend_job_id, TIMED_OUT)
        return None
    due_at = now + timedelta(seconds=_wait(video, answer, now=now))
    return PollResult(video.pk, video.backend_job_id, due_at, answer.progress)


def _wait(video: Video, job: Job, *, now: datetime) -> float:
    """Seconds until the next look. `video` must still hold the progress known before this one."""
    since = video.accepted_at or now
    return pacing.next_look(
        job,
        looks=video.attempts,
        elapsed=(now - since).total_seconds(),
        shown=video.progress,
        expected=durations.expectation_for(durations.profile_of(video)),
    )


def _no_answer(video: Video, error: BackendError, *, now: datetime) -> PollResult | None:
    gone = isinstance(error, Refused) and error.code == "not_found"
    settled = video.accepted_at is not None and now - video.accepted_at > SETTLING
    if gone and settled and video.error_code == "not_found":
        lifecycle.fail_generation(video.pk, video.backend_job_id, JOB_GONE)
        return None
    if _is_overdue(video, now):
        lifecycle.fail_generation(video.pk, video.backend_job_id, TIMED_OUT)
        return None
    reason = reason_of(error)
    if isinstance(error, Refused) and error.code == "invalid_key":
        dispatch.pause(video.backend_id, seconds=KEY_PAUSE, reason=reason.message)
    wait = error.retry_after if isinstance(error, Unavailable) else None
    seconds = wait or pacing.backoff(video.attempts, first=pacing.FIRST, longest=pacing.LONGEST)
    return PollResult(video.pk, video.backend_job_id, now + timedelta(seconds=seconds), reason=reason)


def _is_overdue(video: Video, now: datetime) -> bool:
    return video.deadline_at is not None and now >= video.deadline_at
