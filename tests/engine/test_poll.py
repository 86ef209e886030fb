from datetime import timedelta

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.backends.errors import RefusedError, UnavailableError
from videos.engine import poll
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(backend: Backend, fake: FakeBackend) -> Video:
    job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    return VideoFactory(backend=backend, state=State.IN_PROGRESS, backend_job_id=job.id)


def poll_due() -> int:
    return sum(poll.poll_backend(backend.pk) for backend in Backend.objects.all())


def test_it_notes_progress_and_looks_again_later(video: Video, fake: FakeBackend):
    fake.now(video.backend_job_id, status="in_progress", progress=30)

    assert poll_due() == 1
    assert poll_due() == 0

    video.refresh_from_db()
    assert (video.state, video.progress) == (State.IN_PROGRESS, 30)
    assert timezone.now() < video.due_at < timezone.now() + timedelta(seconds=20)


def test_it_obeys_the_backends_wish_when_to_look_again(video: Video, fake: FakeBackend):
    fake.now(video.backend_job_id, poll_after=100.0)

    poll_due()

    video.refresh_from_db()
    assert timedelta(seconds=95) < video.due_at - timezone.now() <= timedelta(seconds=100)


def test_a_finished_job_is_to_be_stored(video: Video, fake: FakeBackend, hints: list):
    fake.now(video.backend_job_id, status="completed")

    poll_due()

    video.refresh_from_db()
    assert video.state == State.STORING
    assert hints == [("store", video.pk)]


def test_a_failed_job_fails_with_the_reason(video: Video, fake: FakeBackend):
    fake.now(video.backend_job_id, status="failed", error_code="moderation_blocked", error_message="No.")

    poll_due()

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.FAILED, "moderation_blocked")
    assert "content filter" in video.error_message
    assert video.error_detail == "No."


def test_a_backend_that_is_away_fails_nothing(video: Video, fake: FakeBackend):
    fake.answers[video.backend_job_id] = UnavailableError("Away.", code="unreachable", retry_after=40)

    poll_due()

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.IN_PROGRESS, "unreachable")
    assert video.due_at > timezone.now() + timedelta(seconds=35)


def test_a_job_is_gone_only_after_a_second_look(video: Video, fake: FakeBackend):
    fake.answers[video.backend_job_id] = RefusedError("What job?", code="not_found", status=404)

    poll_due()
    video.refresh_from_db()
    assert video.state == State.IN_PROGRESS
    Video.objects.filter(pk=video.pk).update(due_at=timezone.now())
    poll_due()

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.FAILED, "not_found")


def test_a_refused_key_rests_the_backend_and_fails_nothing(video: Video, fake: FakeBackend):
    fake.answers[video.backend_job_id] = RefusedError("Key?", code="invalid_key", status=401)

    poll_due()

    video.refresh_from_db()
    assert video.state == State.IN_PROGRESS
    assert video.backend.paused_until > timezone.now()
    assert "key" in video.backend.pause_reason


def test_many_answers_are_acted_on_in_parts_that_keep_nobody_waiting_long(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(5):
        job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
        fake.now(job.id, status="completed")
        VideoFactory(backend=backend, state=State.IN_PROGRESS, backend_job_id=job.id)
    parts: list[int] = []
    handle_all = poll._handle_all
    monkeypatch.setattr(
        poll, "_handle_all", lambda part, *more: parts.append(len(part)) or handle_all(part, *more)
    )
    monkeypatch.setattr(poll, "RESPONSES_PER_COMMIT", 2)

    assert poll_due() == 5

    assert parts == [2, 2, 1]
    assert Video.objects.filter(state=State.STORING).count() == 5


@pytest.mark.parametrize(("tick", "rows", "is_hinted"), [(0.0, 1, True), (0.0, 2, False), (60.0, 1, False)])
def test_a_pass_that_outlasts_a_tick_is_followed_by_the_next(
    video: Video, fake: FakeBackend, hints: list, monkeypatch, tick, rows, is_hinted
):
    other = fake.add(prompt="A boat", model="sora-2", seconds=4, size="1280x720")
    VideoFactory(backend=video.backend, state=State.IN_PROGRESS, backend_job_id=other.id)
    monkeypatch.setattr(poll, "TICK", tick)
    monkeypatch.setattr(poll, "MAX_ROWS", rows)

    assert poll.poll_backend(video.backend_id) == rows

    assert hints == ([("poll_backend", video.backend_id)] if is_hinted else [])
