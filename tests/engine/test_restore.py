"""What becomes of videos that were queued in a backup: adopted, asked about, or left for the release."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.backends.errors import BackendError, RefusedError, UnavailableError
from videos.engine import hold, restore
from videos.engine.reconcile import SEARCH_FOR, SEARCHES_NEEDED, reconcile
from videos.engine.sweep import sweep
from videos.models import Backend, State, StudioState, Video

pytestmark = pytest.mark.django_db

REQUEST = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}


def _in_the_backup(backend: Backend, **fields: object) -> Video:
    """A video that was queued when the backup was made, an hour ago."""
    video = VideoFactory(backend=backend, **{**REQUEST, **fields})
    Video.objects.filter(pk=video.pk).update(created_at=timezone.now() - timedelta(hours=1))
    return video


def _search(video: Video) -> Video:
    """Let the search go on to its end."""
    restore.search_backend(video.backend_id)
    for _ in range(SEARCHES_NEEDED):
        Video.objects.filter(state=State.UNCERTAIN, due_at__isnull=False).update(due_at=timezone.now())
        reconcile(video.backend_id)
    video.refresh_from_db()
    return video


def test_it_adopts_the_job_that_was_submitted_since(backend: Backend, fake: FakeBackend):
    video = _in_the_backup(backend)
    job = fake.add(**REQUEST, created_at=int(time.time()) - 1800)
    hold.hold(restored=True)

    assert _search(video).state == State.IN_PROGRESS

    assert video.backend_job_id == job.id
    assert hold.release()
    assert fake.created == []


def test_what_was_not_submitted_waits_for_the_release(backend: Backend, fake: FakeBackend):
    video = _in_the_backup(backend)
    hold.hold(restored=True)

    assert _search(video).state == State.QUEUED

    assert hold.release()


def test_a_job_from_before_the_last_known_submission_is_not_adopted(backend: Backend, fake: FakeBackend):
    video = _in_the_backup(backend)
    fake.add(**REQUEST, created_at=int(time.time()) - 3000)
    hold.hold(restored=True)
    StudioState.objects.update(submitted_until=timezone.now() - timedelta(minutes=30))

    assert _search(video).state == State.QUEUED


def test_in_doubt_it_asks_the_owner(backend: Backend, fake: FakeBackend):
    video = _in_the_backup(backend)
    fake.add(**{**REQUEST, "prompt": None}, created_at=int(time.time()) - 1800)
    hold.hold(restored=True)

    assert _search(video).needs_decision


def test_a_backend_without_a_list_leaves_it_to_the_owner(backend: Backend, fake: FakeBackend):
    Backend.objects.update(can_list=False)
    video = _in_the_backup(backend)
    hold.hold(restored=True)

    assert _search(video).needs_decision
    assert fake.listed == 0


def test_a_backend_that_refuses_to_list_leaves_it_to_the_owner(backend: Backend, fake: FakeBackend):
    fake.list_error = RefusedError("No such route.", code="not_found", status=404)
    video = _in_the_backup(backend)
    hold.hold(restored=True)

    assert _search(video).needs_decision


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("Nobody answers.", code="unreachable"),
        RefusedError("Whose key is that?", code="invalid_key", status=401),
    ],
)
def test_a_backend_that_is_away_is_asked_again(
    backend: Backend, fake: FakeBackend, hints: list, error: BackendError
):
    fake.list_error = error
    video = _in_the_backup(backend)
    hold.hold(restored=True)
    sweep()
    assert hints == [("search_restored", backend.pk)]

    assert _search(video).state == State.QUEUED
    with pytest.raises(hold.StillSearchingError):
        hold.release()

    fake.list_error = None
    assert _search(video).state == State.QUEUED
    assert hold.release()


def test_a_list_that_fails_once_asks_nobody(backend: Backend, fake: FakeBackend):
    video = _in_the_backup(backend)
    hold.hold(restored=True)
    restore.search_backend(backend.pk)
    fake.list_error = UnavailableError("Nobody answers.", code="unreachable")
    Video.objects.update(due_at=timezone.now())

    reconcile(backend.pk)

    video.refresh_from_db()
    assert (video.state, video.needs_decision) == (State.UNCERTAIN, False)


def test_one_that_stays_away_leaves_it_to_the_owner(backend: Backend, fake: FakeBackend):
    fake.list_error = UnavailableError("Nobody answers.", code="unreachable")
    video = _in_the_backup(backend)
    hold.hold(restored=True)
    StudioState.objects.update(held_at=timezone.now() - SEARCH_FOR - timedelta(seconds=1))

    assert _search(video).needs_decision


def test_a_video_that_is_queued_after_the_restore_is_not_searched_for(backend: Backend, fake: FakeBackend):
    hold.hold(restored=True)
    video = VideoFactory(backend=backend, **REQUEST)
    Backend.objects.update(search_due_at=timezone.now())
    fake.add(**REQUEST, created_at=int(time.time()))

    assert _search(video).state == State.QUEUED


def test_a_video_from_a_machine_whose_clock_was_ahead_is_searched_for(backend: Backend, fake: FakeBackend):
    """It seems to be newer than the hold, which began by the clock of the machine it was restored on."""
    hold.hold(restored=True)
    _, newest = (VideoFactory(backend=backend, **REQUEST) for _ in range(2))
    Video.objects.filter(pk=newest.pk).update(created_at=timezone.now() + timedelta(hours=1))
    Backend.objects.update(search_due_at=timezone.now())

    restore.search_backend(backend.pk)

    assert set(Video.objects.values_list("state", flat=True)) == {State.UNCERTAIN}


def test_a_decision_that_may_have_been_made_since_is_looked_into_again(backend: Backend, fake: FakeBackend):
    video = _in_the_backup(backend, state=State.UNCERTAIN, due_at=None)
    job = fake.add(**REQUEST, created_at=int(time.time()))
    hold.hold(restored=True)

    assert _search(video).backend_job_id == job.id


def test_running_jobs_are_followed_as_ever(backend: Backend, fake: FakeBackend):
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS)
    hold.hold(restored=True)

    assert _search(video).state == State.IN_PROGRESS
    assert hold.release()


def test_after_the_release_nothing_is_searched_for(backend: Backend, fake: FakeBackend):
    _in_the_backup(backend)
    Backend.objects.update(search_due_at=timezone.now())

    restore.search_backend(backend.pk)

    assert Video.objects.get().state == State.QUEUED


def test_the_sweep_sends_one_worker_at_a_time(backend: Backend, hints: list):
    _in_the_backup(backend)
    hold.hold(restored=True)

    sweep()
    sweep()

    assert hints.count(("search_restored", backend.pk)) == 1
