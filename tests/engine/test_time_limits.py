"""A time limit counts the time in which the backend says that it works on a video, and nothing else."""

from datetime import timedelta

import pytest

from tests.engine.conftest import Clock
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.backends.errors import BackendError, RefusedError, UnavailableError
from videos.engine import poll, time_limits
from videos.lifecycle import Answer, PollResult
from videos.models import Backend, State, Video, VideoModel

pytestmark = pytest.mark.django_db

LIMIT = 100  # seconds
AWAY = UnavailableError("Away.", code="unreachable")


@pytest.fixture(autouse=True)
def limits(settings) -> None:
    settings.MAX_POLL_TIMEOUT = LIMIT
    settings.MAX_QUEUE_TIMEOUT = 1000


@pytest.fixture
def video(backend: Backend, fake: FakeBackend, clock: Clock) -> Video:
    return _accepted(backend, fake, clock)


def _accepted(backend: Backend, fake: FakeBackend, clock: Clock, **fields: object) -> Video:
    job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    fake.now(job.id, status="in_progress")
    return VideoFactory(
        backend=backend,
        state=State.IN_PROGRESS,
        backend_job_id=job.id,
        accepted_at=clock.now,
        answered_at=clock.now,
        due_at=clock.now,
        **fields,
    )


def _poll_for(seconds: float, clock: Clock, backend: Backend) -> None:
    """Poll each second, as the tick does."""
    for _ in range(int(seconds)):
        clock.advance(1)
        poll.poll_backend(backend.pk)


def _state(video: Video) -> tuple[str, str]:
    video.refresh_from_db()
    return video.state, video.error_code


def test_it_is_reached_by_working_alone(video: Video, clock: Clock, backend: Backend):
    _poll_for(LIMIT - 10, clock, backend)
    assert _state(video) == (State.IN_PROGRESS, "")

    _poll_for(40, clock, backend)

    assert _state(video) == (State.FAILED, "timed_out")
    assert video.error_message == "This took longer than the time limit of 100 seconds."
    assert video.can_check_again
    assert LIMIT <= video.working_seconds < LIMIT + 20


def test_silence_for_longer_than_the_limit_fails_nothing(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend
):
    fake.answers[video.backend_job_id] = AWAY
    _poll_for(3 * LIMIT, clock, backend)
    assert _state(video) == (State.IN_PROGRESS, "unreachable")
    assert video.working_seconds == 0

    del fake.answers[video.backend_job_id]
    _poll_for(20, clock, backend)

    assert _state(video) == (State.IN_PROGRESS, "")
    assert video.working_seconds < 20 + time_limits.TICK


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("Slow down.", code="rate_limited", status=429),
        UnavailableError("Bad gateway.", code="http_error", status=502),
        RefusedError("Key?", code="invalid_key", status=401),
    ],
)
def test_an_answer_that_is_not_about_the_job_counts_as_silence(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend, error: BackendError
):
    fake.answers[video.backend_job_id] = error

    _poll_for(3 * LIMIT, clock, backend)

    assert _state(video)[0] == State.IN_PROGRESS
    assert (video.working_seconds, video.waiting_seconds) == (0, 0)


def test_a_studio_that_slept_gives_each_job_a_fresh_look(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend
):
    """The laptop was closed, our workers were down, or the clock jumped: it is all the same here."""
    _poll_for(30, clock, backend)

    clock.advance(8 * 3600)
    poll.poll_backend(backend.pk)
    assert _state(video) == (State.IN_PROGRESS, "")
    assert video.working_seconds < 30 + poll.pacing.MAX_DELAY * 1.1 + time_limits.TICK

    fake.now(video.backend_job_id, status="completed")
    _poll_for(20, clock, backend)
    assert _state(video)[0] == State.STORING


def test_a_clock_that_is_put_back_takes_nothing_away(video: Video, clock: Clock, backend: Backend):
    _poll_for(30, clock, backend)
    video.refresh_from_db()
    counted = video.working_seconds
    clock.advance(-3600)
    Video.objects.filter(pk=video.pk).update(due_at=clock.now)

    poll.poll_backend(backend.pk)

    assert _state(video) == (State.IN_PROGRESS, "")
    assert video.working_seconds == counted


def test_the_backends_own_queue_does_not_count(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend
):
    fake.now(video.backend_job_id, status="queued")
    _poll_for(5 * LIMIT, clock, backend)
    assert _state(video) == (State.IN_PROGRESS, "")
    assert video.waits_at_backend
    assert video.working_seconds < 20

    fake.now(video.backend_job_id, status="in_progress")
    _poll_for(LIMIT - 30, clock, backend)
    assert _state(video) == (State.IN_PROGRESS, "")
    assert not video.waits_at_backend
    _poll_for(60, clock, backend)
    assert _state(video) == (State.FAILED, "timed_out")


def test_the_backends_own_queue_has_a_limit_too(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend
):
    fake.now(video.backend_job_id, status="queued")

    _poll_for(1060, clock, backend)

    assert _state(video) == (State.FAILED, "timed_out")
    assert "within 16 minutes 40 seconds of waiting" in video.error_message


def test_a_job_about_which_nothing_but_errors_come_does_not_run_for_ever(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend
):
    fake.answers[video.backend_job_id] = UnavailableError("Oops.", code="http_error", status=500)

    _poll_for(2 * LIMIT, clock, backend)
    assert _state(video)[0] == State.IN_PROGRESS
    _poll_for(900, clock, backend)

    assert _state(video) == (State.FAILED, "timed_out")


def test_a_job_that_the_backend_refuses_to_show_runs_out_of_time(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend
):
    """Not every backend answers 404 of a job that it has forgotten, and its place is needed."""
    fake.answers[video.backend_job_id] = RefusedError("What?", code="bad_request", status=400)

    _poll_for(LIMIT + 30, clock, backend)

    assert _state(video) == (State.FAILED, "timed_out")


def test_many_jobs_are_counted_alike_through_the_list(backend: Backend, fake: FakeBackend, clock: Clock):
    videos = [_accepted(backend, fake, clock) for _ in range(30)]

    _poll_for(50, clock, backend)
    assert fake.listed > 0
    single = _accepted(Backend.objects.create(name="Other", base_url="http://x/v1"), fake, clock)
    _poll_for(50, clock, single.backend)

    counted = set()
    for video in [*videos, single]:
        assert _state(video) == (State.IN_PROGRESS, "")
        counted.add(round(video.working_seconds / 20))
    assert counted == {2}, "each about forty seconds, until its last poll"


def test_two_polls_that_overlap_count_no_second_twice(video: Video, clock: Clock):
    answer = Answer(clock.now, 15, is_queued=False, working=10)
    result = PollResult(video.pk, video.backend_job_id, clock.now, answer=answer, attempts=video.attempts)

    lifecycle.record_polls([result, result])

    video.refresh_from_db()
    assert (video.working_seconds, video.attempts) == (10, 2)


@pytest.mark.parametrize(
    ("of_model", "of_backend", "limit"), [(None, None, LIMIT), (None, 200, 200), (300, 200, 300)]
)
def test_a_model_has_its_own_limit_before_its_backend_and_that_before_the_setting(
    video: Video, backend: Backend, of_model: int | None, of_backend: int | None, limit: int
):
    VideoModel.objects.filter(name="sora-2").update(generation_timeout=of_model)
    backend.generation_timeout = of_backend

    assert time_limits.generation_timeouts(backend)(video) == limit


def test_a_longer_limit_helps_what_runs_already(video: Video, clock: Clock, backend: Backend):
    _poll_for(LIMIT - 20, clock, backend)
    VideoModel.objects.filter(name="sora-2").update(generation_timeout=7200)

    _poll_for(2 * LIMIT, clock, backend)

    assert _state(video) == (State.IN_PROGRESS, "")


def test_a_job_that_is_checked_again_fails_again_only_when_the_backend_has_answered(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend
):
    _poll_for(LIMIT + 30, clock, backend)
    assert lifecycle.check_again(video.pk)
    fake.answers[video.backend_job_id] = AWAY
    _poll_for(60, clock, backend)
    assert _state(video) == (State.IN_PROGRESS, "unreachable")

    del fake.answers[video.backend_job_id]
    _poll_for(20, clock, backend)

    assert _state(video) == (State.FAILED, "timed_out")


def test_a_job_that_is_back_in_the_backends_queue_has_not_run_out_of_time(
    video: Video, clock: Clock, backend: Backend, fake: FakeBackend
):
    """A server that was restarted makes it anew; its owner checks again."""
    _poll_for(LIMIT + 30, clock, backend)
    assert lifecycle.check_again(video.pk)
    fake.now(video.backend_job_id, status="queued")

    _poll_for(60, clock, backend)

    assert _state(video) == (State.IN_PROGRESS, "")
    assert video.waits_at_backend


@pytest.mark.parametrize("after", [timedelta(0), timedelta(hours=2), timedelta(hours=23)])
def test_late_checks_are_ever_further_apart(clock: Clock, after: timedelta):
    delay = time_limits.next_late_check(clock.now - after, clock.now)

    assert delay is not None
    expected = {0: 60, 2: 3600, 23: 3600}[after // timedelta(hours=1)]
    assert (delay - clock.now).total_seconds() == expected


def test_late_checks_end_after_a_day(clock: Clock):
    assert time_limits.next_late_check(clock.now - timedelta(hours=24), clock.now) is None
