"""A backend that says "too many requests" to polls is left alone as a whole, longer each time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.backends.errors import RefusedError, UnavailableError
from videos.engine import cleanup, list_polling, poll, read_pauses, reconcile
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


def _too_many(retry_after: float | None = None) -> UnavailableError:
    return UnavailableError("Slow down.", code="rate_limited", status=429, retry_after=retry_after)


def _running(backend: Backend, fake: FakeBackend, owner: User, count: int, **fields: object) -> list[Video]:
    jobs = [fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720") for _ in range(count)]
    return [
        VideoFactory(owner=owner, backend=backend, state=State.IN_PROGRESS, backend_job_id=job.id, **fields)
        for job in jobs
    ]


def _refuse(fake: FakeBackend, error: UnavailableError) -> None:
    fake.list_error = error
    fake.answers = dict.fromkeys(fake.jobs, error)


def _end_pause(backend: Backend) -> float:
    """Let the pause be over. Returns the seconds it would have gone on for."""
    backend.refresh_from_db()
    left = (backend.reads_paused_until - timezone.now()).total_seconds()
    Backend.objects.filter(pk=backend.pk).update(reads_paused_until=timezone.now())
    return left


@pytest.fixture
def no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_polling, "is_worthwhile", lambda backend, due: False)


def _is_hinted(hints: list[tuple[str, int]]) -> bool:
    hints.clear()
    poll.tick()
    return "poll_backend" in {task for task, _ in hints}


@pytest.mark.usefixtures("no_list")
def test_hundreds_of_jobs_do_not_each_ask(backend: Backend, fake: FakeBackend, alice: User, hints: list):
    """Each job backed off for itself alone, so that all of them asked again and again."""
    _running(backend, fake, alice, 250)
    _refuse(fake, _too_many())

    poll.poll_backend(backend.pk)
    assert fake.polls == 100, "those that were under way together"
    assert not _is_hinted(hints)
    assert poll.poll_backend(backend.pk) == 0, "nor by an older hint"

    for _ in range(10):
        _end_pause(backend)
        assert _is_hinted(hints)
        poll.poll_backend(backend.pk)
    assert fake.polls == 110, "a single one finds out"
    assert not Video.objects.exclude(state=State.IN_PROGRESS).exists()


@pytest.mark.usefixtures("no_list")
def test_the_pause_doubles_up_to_five_minutes_and_starts_short_again(
    backend: Backend, fake: FakeBackend, alice: User
):
    _running(backend, fake, alice, 3)
    _refuse(fake, _too_many())
    pauses = []
    for _ in range(9):
        poll.poll_backend(backend.pk)
        pauses.append(_end_pause(backend))
    assert pauses[:3] == pytest.approx([5, 10, 20], rel=0.15)
    assert pauses[-1] == pytest.approx(300, rel=0.11)
    assert len({round(seconds, 3) for seconds in pauses[-3:]}) == 3, "with jitter"

    fake.answers = {}
    assert poll.poll_backend(backend.pk) == 3, "one that finds out, and then all that are due"
    _refuse(fake, _too_many())
    Video.objects.update(due_at=timezone.now())
    poll.poll_backend(backend.pk)
    assert _end_pause(backend) == pytest.approx(5, rel=0.15)


@pytest.mark.usefixtures("no_list")
def test_it_pauses_for_as_long_as_the_backend_asks(backend: Backend, fake: FakeBackend, alice: User):
    _running(backend, fake, alice, 2)
    _refuse(fake, _too_many(retry_after=77.0))

    poll.poll_backend(backend.pk)

    assert _end_pause(backend) == pytest.approx(77, abs=2)


def test_a_list_that_is_asked_too_much_is_neither_distrusted_nor_replaced(
    backend: Backend, fake: FakeBackend, alice: User
):
    _running(backend, fake, alice, 100, accepted_at=timezone.now())
    _refuse(fake, _too_many())

    poll.poll_backend(backend.pk)
    assert (fake.listed, fake.polls) == (1, 0)

    _end_pause(backend)
    fake.list_error, fake.answers = None, {}
    poll.poll_backend(backend.pk)
    assert (fake.listed, fake.polls) == (3, 1)


@pytest.mark.usefixtures("no_list")
def test_submissions_go_on(backend: Backend, fake: FakeBackend, alice: User):
    _running(backend, fake, alice, 1)
    _refuse(fake, _too_many())
    poll.poll_backend(backend.pk)
    backend.refresh_from_db()
    assert backend.paused_until is None


@pytest.mark.usefixtures("no_list")
@pytest.mark.parametrize("code", ["out_of_credit", "rate_limited"])
def test_what_is_about_the_account_fails_no_video(
    backend: Backend, fake: FakeBackend, alice: User, code: str
):
    """A job past its deadline timed out on such an answer, which says nothing about it."""
    (video,) = _running(backend, fake, alice, 1, deadline_at=timezone.now() - timedelta(minutes=1))
    _refuse(fake, UnavailableError("Pay first.", code=code, status=402))
    for _ in range(3):
        poll.poll_backend(backend.pk)
        _end_pause(backend)
    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.IN_PROGRESS, code)


@pytest.mark.usefixtures("no_list")
def test_other_failures_pause_nothing(backend: Backend, fake: FakeBackend, alice: User):
    _running(backend, fake, alice, 2)
    _refuse(fake, UnavailableError("Busy.", code="server_error", status=503))
    poll.poll_backend(backend.pk)
    read_pauses.note(backend.pk, [RefusedError("No.", code="not_found", status=404)])
    backend.refresh_from_db()
    assert backend.reads_paused_until is None


def test_the_search_for_lost_jobs_waits_too(backend: Backend, fake: FakeBackend):
    past = timezone.now() - timedelta(seconds=30)
    VideoFactory.create_batch(2, backend=backend, state=State.UNCERTAIN, attempted_at=past, due_at=past)
    fake.list_error = _too_many()
    reconcile.reconcile(backend.pk)
    Video.objects.update(due_at=timezone.now())
    reconcile.reconcile(backend.pk)

    assert fake.listed == 1
    assert not Video.objects.exclude(state=State.UNCERTAIN).exists()


def test_deletions_wait_too(backend: Backend, fake: FakeBackend):
    now = timezone.now()
    videos = [
        VideoFactory(backend=backend, state=State.CANCELED, backend_job_id=f"job_{n}", delete_job_at=now)
        for n in range(2)
    ]
    fake.answers = {"job_0": _too_many()}
    for video in videos:
        cleanup.clean_up_video(video.pk)
    assert fake.deleted == []

    _end_pause(backend)
    cleanup.clean_up_video(videos[1].pk)
    assert fake.deleted == ["job_1"]
