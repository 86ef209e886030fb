"""A video without a result in time is checked by itself, and its job's place is taken until it has ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.engine.conftest import Clock
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.backends.errors import BackendError, FailedJobError, RefusedError, UnavailableError
from videos.engine import cleanup, dispatch, late_checks, poll, store, sweep
from videos.models import Backend, ReleasedJob, State, Video

pytestmark = pytest.mark.django_db

NO_JOB = RefusedError("What job?", code="not_found", status=404)


@pytest.fixture
def backend(backend: Backend) -> Backend:
    backend.max_in_flight = 1
    backend.save()
    return backend


@pytest.fixture
def late(backend: Backend, fake: FakeBackend) -> Video:
    """A video that ran out of time a minute ago, and whose job is still running."""
    job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    fake.now(job.id, status="in_progress")
    now = timezone.now()
    return VideoFactory(
        backend=backend,
        state=State.FAILED,
        backend_job_id=job.id,
        error_code="timed_out",
        error_message="Slow.",
        due_at=now,
        late_since=now - timedelta(minutes=1),
        finished_at=now - timedelta(minutes=1),
        deadline_at=now - timedelta(minutes=1),
    )


def _is_full(backend: Backend) -> bool:
    VideoFactory(backend=backend)
    return dispatch.claim_next(backend.pk) is None


def _check(video: Video) -> None:
    Video.objects.filter(pk=video.pk).update(due_at=timezone.now())
    poll.poll_backend(video.backend_id)
    video.refresh_from_db()


def test_a_result_that_comes_late_completes_the_video(
    late: Video, backend: Backend, fake: FakeBackend, hints: list, sample_video: bytes
):
    poll.tick()
    assert hints == [("poll_backend", backend.pk)]
    fake.now(late.backend_job_id, status="completed")
    fake.content = [sample_video]

    _check(late)
    assert late.state == State.STORING
    store.store(late.pk)

    late.refresh_from_db()
    assert (late.state, late.error_code, late.late_since) == (State.COMPLETED, "", None)
    assert fake.created == []


def test_it_keeps_its_place_while_the_job_runs(late: Video, backend: Backend):
    _check(late)

    assert (late.state, late.error_code, late.error_message) == (State.FAILED, "timed_out", "Slow.")
    assert late.awaits_late_result
    assert timezone.now() < late.due_at < timezone.now() + timedelta(minutes=2)
    assert _is_full(backend)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FailedJobError("No.", code="moderation_blocked"), "moderation_blocked"),
        (RefusedError("Expired.", code="gone", status=410), "gone"),
    ],
)
def test_its_place_is_free_when_the_job_has_ended(
    late: Video, backend: Backend, fake: FakeBackend, error: BackendError, code: str
):
    fake.answers[late.backend_job_id] = error

    _check(late)

    assert (late.state, late.error_code, late.due_at) == (State.FAILED, code, None)
    assert not _is_full(backend)


def test_a_job_that_failed_late_says_why(late: Video, backend: Backend, fake: FakeBackend):
    fake.now(late.backend_job_id, status="failed", error_code="moderation_blocked")

    _check(late)

    assert (late.error_code, late.due_at) == ("moderation_blocked", None)
    assert not _is_full(backend)


def test_one_that_is_not_found_is_looked_for_twice(late: Video, backend: Backend, fake: FakeBackend):
    fake.answers[late.backend_job_id] = NO_JOB
    _check(late)
    assert (late.error_code, late.awaits_late_result) == ("timed_out", True)

    _check(late)

    assert (late.error_code, late.due_at) == ("not_found", None)
    assert not _is_full(backend)


def test_one_that_was_not_found_once_goes_on_as_before(late: Video, fake: FakeBackend):
    fake.answers[late.backend_job_id] = NO_JOB
    _check(late)
    del fake.answers[late.backend_job_id]

    _check(late)
    fake.answers[late.backend_job_id] = NO_JOB
    _check(late)

    assert (late.error_code, late.awaits_late_result) == ("timed_out", True)


def test_it_ends_after_a_day_of_answers(late: Video, backend: Backend):
    Video.objects.filter(pk=late.pk).update(late_since=timezone.now() - timedelta(days=1))

    _check(late)

    assert (late.error_code, late.due_at) == ("timed_out", None)
    assert not _is_full(backend)


def test_a_backend_that_is_away_for_a_day_is_asked_once_it_answers(
    late: Video, fake: FakeBackend, sample_video: bytes
):
    Video.objects.filter(pk=late.pk).update(late_since=timezone.now() - timedelta(days=2))
    fake.answers[late.backend_job_id] = UnavailableError("Away.", code="unreachable")
    _check(late)
    assert late.awaits_late_result
    del fake.answers[late.backend_job_id]
    fake.now(late.backend_job_id, status="completed")

    _check(late)

    assert late.state == State.STORING


def test_a_deleted_video_is_not_checked(late: Video, backend: Backend, fake: FakeBackend):
    lifecycle.delete(late.pk)
    fake.now(late.backend_job_id, status="completed")

    _check(late)

    assert late.state == State.FAILED


def test_it_is_checked_soon_when_others_wait_for_its_place(late: Video, backend: Backend):
    Video.objects.filter(pk=late.pk).update(due_at=timezone.now() + timedelta(hours=1))
    VideoFactory(backend=backend)

    dispatch.tick()

    late.refresh_from_db()
    assert late.due_at <= timezone.now() + late_checks.URGENT_DELAY


def test_one_that_is_retried_leaves_a_job_that_is_deleted_and_takes_a_place_until_then(
    late: Video, backend: Backend, fake: FakeBackend, hints: list
):
    job_id = late.backend_job_id
    fake.refuses_to_delete_running = True
    assert lifecycle.retry(late.pk)
    released = ReleasedJob.objects.get(backend_job_id=job_id)

    sweep.sweep()
    assert ("clean_up_job", released.pk) in hints
    cleanup.clean_up_job(released.pk)
    released.refresh_from_db()
    assert released.due_at > timezone.now()
    assert dispatch.claim_next(backend.pk) is None, "the old job still runs"

    fake.now(job_id, status="completed")
    ReleasedJob.objects.update(due_at=timezone.now())
    cleanup.clean_up_job(released.pk)

    released.refresh_from_db()
    assert (released.due_at, fake.deleted) == (None, [job_id])
    assert dispatch.claim_next(backend.pk) is not None


def test_retrying_what_is_no_failure_releases_nothing(backend: Backend, fake: FakeBackend):
    running = VideoFactory(backend=backend, state=State.IN_PROGRESS)

    assert not lifecycle.retry(running.pk)

    assert not ReleasedJob.objects.exists()


def test_a_download_that_was_given_up_is_tried_again_by_itself(
    backend: Backend, fake: FakeBackend, hints: list, sample_video: bytes, clock: Clock
):
    video = VideoFactory(backend=backend, state=State.STORING, generated_at=clock.now)
    fake.content = UnavailableError("Away.", code="unreachable")
    _try_until_given_up(video, clock)
    assert (video.state, video.error_code) == (State.FAILED, "download_failed")
    assert video.awaits_late_result
    assert not _is_full(backend), "its job has ended"

    clock.advance(61)
    sweep.sweep()
    assert ("store", video.pk) in hints
    store.store(video.pk)
    video.refresh_from_db()
    assert video.awaits_late_result, "one more failing try is enough to wait again"
    first_wait = video.due_at - clock.now
    clock.advance(first_wait.total_seconds() + 600)
    fake.content = [sample_video]
    sweep.sweep()
    store.store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.COMPLETED, "")


def test_a_download_is_tried_again_for_a_day(backend: Backend, fake: FakeBackend, clock: Clock):
    video = VideoFactory(backend=backend, state=State.STORING, generated_at=clock.now)
    fake.content = UnavailableError("Away.", code="unreachable")
    _try_until_given_up(video, clock)
    given_up_at, tries = clock.now, 0

    while video.due_at is not None:
        clock.now = video.due_at
        late_checks.download_again()
        store.store(video.pk)
        video.refresh_from_db()
        tries += 1

    assert timedelta(hours=24) <= clock.now - given_up_at < timedelta(hours=25)
    assert 20 < tries < 50
    assert (video.state, video.error_code) == (State.FAILED, "download_failed")


def _try_until_given_up(video: Video, clock: Clock) -> None:
    while video.state == State.STORING:
        clock.now = max(clock.now, video.due_at)
        store.store(video.pk)
        video.refresh_from_db()
