"""A job is adopted only where one row could own it: nobody is given another person's video."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from videos import lifecycle
from videos.engine.cleanup import clean_up_video
from videos.engine.reconcile import SEARCHES_NEEDED, reconcile
from videos.engine.sweep import sweep
from videos.models import Backend, Character, DeletedRequest, Fit, State, Video

pytestmark = pytest.mark.django_db

ASKED = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}


def _lost(backend: Backend, owner: User, **fields) -> Video:
    return VideoFactory(backend=backend, owner=owner, state=State.UNCERTAIN, **{**ASKED, **fields})


def _add(fake: FakeBackend) -> str:
    return fake.add(**ASKED, created_at=int(time.time()) - 50).id


def _in_the_end(video: Video) -> Video:
    for _ in range(SEARCHES_NEEDED):
        Video.objects.filter(pk=video.pk, due_at__isnull=False).update(due_at=timezone.now())
        reconcile(video.backend_id)
    video.refresh_from_db()
    return video


def test_of_two_people_with_the_same_words_and_other_images_nobody_gets_the_others_video(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    hers = _lost(backend, alice, reference=ReferenceImageFactory(owner=alice))
    his = _lost(backend, bob, reference=ReferenceImageFactory(owner=bob))
    _add(fake)

    assert _in_the_end(hers).needs_decision
    assert _in_the_end(his).needs_decision
    assert {hers.backend_job_id, his.backend_job_id} == {""}


def test_a_job_is_not_taken_from_a_video_of_the_same_server_under_another_name(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    """The same address was added twice, as with two limits: both have the one list."""
    again = BackendFactory(base_url=backend.base_url)
    his = VideoFactory(backend=again, owner=bob, state=State.IN_PROGRESS, backend_job_id=_add(fake), **ASKED)
    hers = _lost(backend, alice)

    assert _in_the_end(hers).backend_job_id == ""
    assert hers.state == State.QUEUED
    assert his.backend_job_id != ""


def test_two_lost_videos_of_one_server_under_two_names_decide(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    hers = _lost(backend, alice)
    _lost(BackendFactory(base_url=backend.base_url), bob)
    _add(fake)

    assert _in_the_end(hers).needs_decision
    assert hers.candidates.get().may_be_anothers


@pytest.mark.parametrize("state", [State.QUEUED, State.CANCELED, State.FAILED])
def test_a_row_that_is_no_longer_uncertain_can_own_the_job_all_the_same(
    backend: Backend, fake: FakeBackend, alice: User, bob: User, state: State
):
    """Queued again, canceled or given up: its first request may have been accepted."""
    his = _lost(backend, bob)
    Video.objects.filter(pk=his.pk).update(state=state)
    hers = _lost(backend, alice)
    _add(fake)

    assert _in_the_end(hers).needs_decision
    assert hers.candidates.get().may_be_anothers


def test_a_row_whose_second_attempt_was_accepted_can_own_the_job_of_its_first(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    now = timezone.now()
    known = _add(fake)
    his = _lost(backend, bob)
    Video.objects.filter(pk=his.pk).update(
        state=State.IN_PROGRESS, backend_job_id=known, attempted_at=now, accepted_at=now
    )
    _add(fake)

    assert _in_the_end(_lost(backend, alice)).needs_decision


def test_a_row_that_was_never_attempted_owns_nothing(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    VideoFactory(backend=backend, owner=bob, **ASKED)
    job = _add(fake)

    assert _in_the_end(_lost(backend, alice)).backend_job_id == job


def test_a_row_whose_attempt_was_long_ago_owns_no_new_job(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    then = timezone.now() - timedelta(hours=1)
    his = _lost(backend, bob, attempted_at=then, unaccounted_since=then)
    Video.objects.filter(pk=his.pk).update(state=State.CANCELED)
    job = _add(fake)

    assert _in_the_end(_lost(backend, alice)).backend_job_id == job


def test_once_the_others_job_is_known_the_one_that_is_left_is_adopted(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    hers, his = _lost(backend, alice), _lost(backend, bob)
    first, second = _add(fake), _add(fake)
    assert _in_the_end(hers).needs_decision

    Video.objects.filter(pk=his.pk).update(
        state=State.IN_PROGRESS, backend_job_id=first, unaccounted_since=None
    )
    assert lifecycle.search_again(hers.pk)

    assert _in_the_end(hers).backend_job_id == second


@pytest.mark.parametrize(
    "differs", ["reference", "fit", "characters", "size_listed_by_nobody"], ids=lambda name: name
)
def test_one_persons_requests_that_differ_in_what_no_list_shows_are_not_mixed_up(
    backend: Backend, fake: FakeBackend, alice: User, differs: str
):
    image = ReferenceImageFactory(owner=alice)
    first = _lost(backend, alice, reference=image)
    fields = {
        "reference": {"reference": ReferenceImageFactory(owner=alice)},
        "fit": {"reference": image, "reference_fit": Fit.PAD},
        "characters": {"reference": image},
        "size_listed_by_nobody": {"reference": image, "size": "720x1280"},
    }[differs]
    second = _lost(backend, alice, **fields)
    if differs == "characters":
        second.characters.add(Character.objects.create(owner=alice, backend=backend, name="Rex"))
    job = _add(fake)
    if differs == "size_listed_by_nobody":
        fake.now(job, size=None)

    assert _in_the_end(first).needs_decision
    assert _in_the_end(second).needs_decision


def test_requests_that_are_the_same_in_everything_get_a_job_each(
    backend: Backend, fake: FakeBackend, alice: User
):
    image = ReferenceImageFactory(owner=alice)
    rows = [_lost(backend, alice, reference=image) for _ in range(3)]
    jobs = {_add(fake) for _ in range(3)}

    _in_the_end(rows[0])

    assert set(Video.objects.values_list("backend_job_id", flat=True)) == jobs


def test_the_job_of_a_deleted_video_is_nobody_elses(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    Backend.objects.filter(pk=backend.pk).update(can_delete=False)
    his = VideoFactory(backend=backend, owner=bob, state=State.COMPLETED, backend_job_id=_add(fake), **ASKED)
    lifecycle.delete(his.pk)
    clean_up_video(his.pk)
    assert not Video.objects.filter(pk=his.pk).exists()

    assert _in_the_end(_lost(backend, alice)).state == State.QUEUED


def test_the_lost_job_of_a_deleted_video_is_nobody_elses(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    his = _lost(backend, bob, due_at=None)
    _add(fake)
    lifecycle.delete(his.pk)
    clean_up_video(his.pk)
    assert not Video.objects.filter(pk=his.pk).exists()

    hers = _in_the_end(_lost(backend, alice))
    assert hers.needs_decision
    assert hers.candidates.get().may_be_anothers

    DeletedRequest.objects.update(deleted_at=timezone.now() - timedelta(days=8))
    sweep()
    assert not DeletedRequest.objects.exists()


def test_the_job_of_a_video_that_was_retried_is_nobody_elses(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    his = VideoFactory(backend=backend, owner=bob, state=State.FAILED, backend_job_id=_add(fake), **ASKED)
    assert lifecycle.retry(his.pk)

    assert _in_the_end(_lost(backend, alice)).state == State.QUEUED


# --- The decision ------------------------------------------------------------------------------------------


def test_a_candidate_is_adopted_by_decision(backend: Backend, fake: FakeBackend, alice: User):
    job = _add(fake)
    fake.now(job, prompt=None)
    video = _in_the_end(_lost(backend, alice))

    assert lifecycle.adopt_candidate(video.pk, job, by_staff=False)

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, job)
    assert not lifecycle.adopt_candidate(video.pk, job, by_staff=False), "only once"


def test_only_what_was_shown_can_be_adopted(backend: Backend, fake: FakeBackend, alice: User):
    fake.now(_add(fake), prompt=None)
    video = _in_the_end(_lost(backend, alice))

    assert not lifecycle.adopt_candidate(video.pk, "job_of_somebody", by_staff=True)


def test_a_candidate_that_another_video_has_by_now_is_not_adopted(
    backend: Backend, fake: FakeBackend, alice: User
):
    job = _add(fake)
    fake.now(job, prompt=None)
    video = _in_the_end(_lost(backend, alice))
    VideoFactory(backend=backend, state=State.COMPLETED, backend_job_id=job)

    assert not lifecycle.adopt_candidate(video.pk, job, by_staff=False)


def test_what_may_be_another_persons_only_staff_can_adopt(
    backend: Backend, fake: FakeBackend, alice: User, bob: User
):
    hers = _lost(backend, alice)
    _lost(backend, bob)
    job = _add(fake)
    assert _in_the_end(hers).needs_decision

    assert not lifecycle.adopt_candidate(hers.pk, job, by_staff=False)
    assert lifecycle.adopt_candidate(hers.pk, job, by_staff=True)


def test_a_video_that_is_searched_for_again_is_not_adopted_meanwhile(
    backend: Backend, fake: FakeBackend, alice: User
):
    job = _add(fake)
    fake.now(job, prompt=None)
    video = _in_the_end(_lost(backend, alice))
    assert lifecycle.search_again(video.pk)

    assert not lifecycle.adopt_candidate(video.pk, job, by_staff=False)
