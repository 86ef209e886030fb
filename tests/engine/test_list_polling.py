"""Many running jobs are read from the backend's list, and a list that does not help is left alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.backends.errors import RefusedError
from videos.engine import list_polling, pacing, poll
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


def _running(backend: Backend, fake: FakeBackend, count: int, *, due: bool = True) -> list[Video]:
    now = timezone.now()
    made = []
    for _ in range(count):
        job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
        made.append(
            VideoFactory(
                owner_id=backend.owner_id,
                backend=backend,
                state=State.IN_PROGRESS,
                backend_job_id=job.id,
                accepted_at=now - timedelta(seconds=2000 - len(fake.jobs)),
                due_at=now if due else now + timedelta(hours=1),
            )
        )
    return made


@pytest.fixture
def backend(backend: Backend, alice) -> Backend:
    backend.owner_id = alice.pk
    return backend


def test_many_due_jobs_cost_a_request_for_eighty(backend: Backend, fake: FakeBackend):
    videos = _running(backend, fake, 240)
    fake.now(videos[7].backend_job_id, status="completed")
    fake.now(videos[200].backend_job_id, status="in_progress", progress=40)

    assert poll.poll_backend(backend.pk) == 240

    assert (fake.listed, fake.polls) == (3, 0)
    videos[7].refresh_from_db()
    videos[200].refresh_from_db()
    assert videos[7].state == State.STORING
    assert videos[200].progress == 40


def test_only_the_pages_with_due_jobs_are_read(backend: Backend, fake: FakeBackend):
    _running(backend, fake, 300, due=False)
    due = _running(backend, fake, 40)
    _running(backend, fake, 300, due=False)

    assert poll.poll_backend(backend.pk) == 40

    assert (fake.listed, fake.polls) == (1, 0)
    assert not Video.objects.filter(pk__in=[video.pk for video in due], due_at__lte=timezone.now()).exists()


def test_a_job_that_ended_early_is_seen_when_its_page_is_read(backend: Backend, fake: FakeBackend):
    early = _running(backend, fake, 1, due=False)[0]
    _running(backend, fake, 30)
    fake.now(early.backend_job_id, status="completed")

    poll.poll_backend(backend.pk)

    early.refresh_from_db()
    assert early.state == State.STORING


def test_jobs_that_have_ended_take_up_room_on_the_pages(backend: Backend, fake: FakeBackend):
    videos = _running(backend, fake, 240)
    for number, video in enumerate(videos):
        if number % 3:
            lifecycle.begin_storing(video.pk, video.backend_job_id)

    assert poll.poll_backend(backend.pk) == 80

    assert (fake.listed, fake.polls) == (3, 0)


def test_more_than_one_reading_can_hold_is_put_off_to_the_next(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(list_polling, "MAX_PAGES", 2)
    monkeypatch.setattr(list_polling, "PAGES_PER_BATCH", 1)
    for delay in ("FIRST_DELAY", "MAX_DELAY"):  # on a busy machine a pass takes seconds
        monkeypatch.setattr(pacing, delay, 600.0)
    videos = _running(backend, fake, 190)
    waiting = [video.pk for video in _running(backend, fake, 95)]
    now = timezone.now()  # making the rows took its time, too
    Video.objects.filter(pk__in=waiting).update(due_at=now)
    Video.objects.filter(pk__in=[video.pk for video in videos]).update(due_at=now - timedelta(seconds=3))

    poll.poll_backend(backend.pk)

    due = Video.objects.filter(due_at__lte=timezone.now())
    assert (fake.listed, fake.polls) == (2, 0)
    assert {video.pk for video in due} < set(waiting)
    assert due.count() > 80

    poll.poll_backend(backend.pk)

    assert (fake.listed, fake.polls) == (3, 0)
    assert not due.all().exists()


def test_of_jobs_that_are_as_late_those_polled_often_are_read_first(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(list_polling, "MAX_PAGES", 1)
    for delay in ("FIRST_DELAY", "MAX_DELAY"):  # on a busy machine a pass takes seconds
        monkeypatch.setattr(pacing, delay, 600.0)
    now = timezone.now()
    often, seldom = (
        Video.objects.filter(pk__in=[video.pk for video in _running(backend, fake, 95)]) for _ in range(2)
    )
    for videos, delay in ((often, 0.8), (seldom, 15.0)):
        videos.update(due_at=now - timedelta(seconds=1), answered_at=now, poll_delay=delay)

    poll.poll_backend(backend.pk)

    assert fake.listed == 1
    assert not often.filter(due_at__lte=timezone.now()).exists()
    assert seldom.filter(due_at__lte=timezone.now()).count() > 80


def test_few_due_jobs_are_asked_for_singly(backend: Backend, fake: FakeBackend):
    _running(backend, fake, 5)

    poll.poll_backend(backend.pk)

    assert (fake.listed, fake.polls) == (0, 5)


def test_what_the_list_leaves_out_is_asked_for_singly(backend: Backend, fake: FakeBackend):
    videos = _running(backend, fake, 30)
    fake.hidden.add(videos[3].backend_job_id)
    fake.now(videos[3].backend_job_id, status="completed")

    poll.poll_backend(backend.pk)

    videos[3].refresh_from_db()
    assert videos[3].state == State.STORING
    assert (fake.listed, fake.polls) == (1, 1)


@pytest.mark.parametrize("broken", ["refuses", "shows nothing of ours"])
def test_a_list_that_does_not_help_is_not_asked_again(backend: Backend, fake: FakeBackend, broken: str):
    videos = _running(backend, fake, 30)
    if broken == "refuses":
        fake.list_error = RefusedError("No list here.", code="not_found", status=405)
    else:
        fake.hidden.update(fake.jobs)

    poll.poll_backend(backend.pk)
    Video.objects.filter(pk__in=[video.pk for video in videos]).update(due_at=timezone.now())
    poll.poll_backend(backend.pk)

    assert (fake.listed, fake.polls) == (1, 60)
    assert not Video.objects.exclude(state=State.IN_PROGRESS).exists()


def test_a_backend_that_is_known_not_to_list_is_not_asked_for_pages(backend: Backend, fake: FakeBackend):
    Backend.objects.filter(pk=backend.pk).update(can_list=False)
    _running(backend, fake, 30)

    poll.poll_backend(backend.pk)

    assert (fake.listed, fake.polls) == (0, 30)
