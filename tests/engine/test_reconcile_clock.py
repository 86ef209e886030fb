"""A backend whose clock is off: its jobs seem older or newer than they are, and nothing is paid twice."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.engine.reconcile import SEARCHES_NEEDED, reconcile
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db

HOUR = 3600
REQUEST = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}


def _lost(backend: Backend, **fields: object) -> Video:
    """A video whose submission got no reply a minute ago."""
    return VideoFactory(backend=backend, state=State.UNCERTAIN, **{**REQUEST, **fields})


def _known(backend: Backend, fake: FakeBackend, clock: float, *, ago: float = 600) -> None:
    """A job of ours, accepted `ago` seconds ago at a backend whose clock was `clock` seconds ahead."""
    accepted = timezone.now() - timedelta(seconds=ago)
    job = fake.add(**{**REQUEST, "prompt": "A hare"}, created_at=int(accepted.timestamp() + clock))
    VideoFactory(
        backend=backend,
        state=State.COMPLETED,
        prompt="A hare",
        backend_job_id=job.id,
        attempted_at=accepted - timedelta(seconds=1),
        accepted_at=accepted,
    )


def _search(video: Video) -> Video:
    for _ in range(SEARCHES_NEEDED):
        Video.objects.filter(state=State.UNCERTAIN, due_at__isnull=False).update(due_at=timezone.now())
        reconcile(video.backend_id)
    video.refresh_from_db()
    return video


@pytest.mark.parametrize("clock", [-HOUR, HOUR])
@pytest.mark.parametrize("told_by", ["date", "known job"])
def test_the_own_job_is_found_with_a_clock_that_is_off(
    backend: Backend, fake: FakeBackend, clock: int, told_by: str
):
    fake.has_date = told_by == "date"
    fake.clock_offset = clock
    if told_by == "known job":
        _known(backend, fake, clock)
    job = fake.add(**REQUEST, created_at=int(time.time()) - 58 + clock)

    assert _search(_lost(backend)).backend_job_id == job.id


@pytest.mark.parametrize("clock", [-HOUR, HOUR])
def test_a_clock_that_was_set_right_meanwhile_leaves_doubt(backend: Backend, fake: FakeBackend, clock: int):
    """The `Date` is right by now, or another server's; the job may still be told by the clock as it was."""
    _known(backend, fake, clock)
    fake.add(**REQUEST, created_at=int(time.time()) - 58 + clock)

    video = _search(_lost(backend))

    assert video.needs_decision or video.backend_job_id


def test_without_any_clock_no_time_is_a_proof(backend: Backend, fake: FakeBackend):
    fake.has_date = False
    fake.add(**REQUEST, created_at=int(time.time()) - 5 * HOUR)

    assert _search(_lost(backend)).needs_decision


@pytest.mark.parametrize("clock", [-HOUR, 0, HOUR])
def test_a_job_from_before_the_attempt_is_still_none_of_ours(backend: Backend, fake: FakeBackend, clock: int):
    fake.clock_offset = clock
    fake.add(**REQUEST, created_at=int(time.time()) - 300 + clock)

    assert _search(_lost(backend)).state == State.QUEUED


def test_a_lost_job_of_somebody_else_is_not_taken_for_being_told_an_hour_later(
    backend: Backend, fake: FakeBackend
):
    """By the backend's clock it was made long after the other one had given up."""
    fake.clock_offset = HOUR
    given_up = timezone.now() - timedelta(seconds=90)
    VideoFactory(
        backend=backend,
        state=State.CANCELED,
        attempted_at=given_up,
        unaccounted_since=given_up,
        **REQUEST,
    )
    fake.add(**REQUEST, created_at=int(time.time()) - 58 + HOUR)

    video = _search(_lost(backend))

    assert video.needs_decision
    assert video.backend_job_id == ""


def test_the_list_is_read_far_enough_where_the_clock_is_behind(backend: Backend, fake: FakeBackend):
    """All jobs seem to be older than the attempt, and the own one is on the second page."""
    fake.clock_offset = -HOUR
    job = fake.add(**REQUEST, created_at=int(time.time()) - 58 - HOUR)
    for number in range(120):
        fake.add(**{**REQUEST, "prompt": f"A heron, {number}"}, created_at=int(time.time()) - 30 - HOUR)

    assert _search(_lost(backend)).backend_job_id == job.id
