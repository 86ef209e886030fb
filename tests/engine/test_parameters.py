"""Parameters on their way to a backend, the seed that it tells, and seeds in the search for lost jobs."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.engine import poll, submit
from videos.engine.reconcile import SEARCHES_NEEDED, reconcile
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db

ASKED = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}


def _lost(backend: Backend, owner: User, seed: int | None, **fields) -> Video:
    given = {"backend": backend, "owner": owner, "state": State.UNCERTAIN, "seed": seed}
    return VideoFactory(**{**ASKED, **given, **fields})


def _chosen(backend: Backend, owner: User, seed: int) -> Video:
    return _lost(backend, owner, seed, parameters={"seed": seed})


def _add(fake: FakeBackend, seed: int | None = None) -> str:
    job = fake.add(**ASKED, created_at=int(time.time()) - 50)
    fake.now(job.id, seed=seed)
    return job.id


def _in_the_end(video: Video) -> Video:
    for _ in range(SEARCHES_NEEDED):
        Video.objects.filter(pk=video.pk, due_at__isnull=False).update(due_at=timezone.now())
        reconcile(video.backend_id)
    video.refresh_from_db()
    return video


def _known(backend: Backend, owner: User, fake: FakeBackend, *, sent: int, told: int) -> None:
    """A job of ours on the list, by which it is seen what the list does with seeds."""
    VideoFactory(
        **{**ASKED, "prompt": "A hare"},
        backend=backend,
        owner=owner,
        state=State.IN_PROGRESS,
        backend_job_id=_add(fake, told),
        seed=sent,
    )
    fake.now(next(reversed(fake.jobs)), prompt="A hare")


def test_they_are_sent_with_the_seed_that_was_drawn(backend: Backend, fake: FakeBackend) -> None:
    VideoFactory(backend=backend, parameters={"steps": 20}, seed=55)

    submit.submit_next(backend.pk)

    assert fake.created[0]["parameters"] == {"steps": 20, "seed": 55}


def test_a_seed_that_the_backend_tells_is_kept_and_what_was_asked_for_stays(
    backend: Backend, fake: FakeBackend
) -> None:
    VideoFactory(backend=backend, parameters={"seed": 7}, seed=7)
    submit.submit_next(backend.pk)
    (job_id,) = fake.jobs
    fake.now(job_id, status="completed", seed=12)
    Video.objects.update(due_at=timezone.now())

    poll.poll_backend(backend.pk)

    video = Video.objects.get()
    assert (video.state, video.seed, video.used_seed, video.known_seed) == (State.STORING, 7, 12, 12)
    assert video.parameters == {"seed": 7}


def test_of_two_seeds_that_were_chosen_each_gets_its_own_job_where_the_list_tells_them(
    backend: Backend, fake: FakeBackend, alice: User
) -> None:
    _known(backend, alice, fake, sent=5, told=5)
    first, second = _chosen(backend, alice, 1), _chosen(backend, alice, 2)
    of_second, of_first = _add(fake, 2), _add(fake, 1)

    assert _in_the_end(first).backend_job_id == of_first
    assert _in_the_end(second).backend_job_id == of_second


@pytest.mark.parametrize("told", [None, 99])
def test_of_two_seeds_that_were_chosen_nobody_guesses_where_the_list_does_not_tell_them(
    backend: Backend, fake: FakeBackend, alice: User, told: int | None
) -> None:
    first, second = _chosen(backend, alice, 1), _chosen(backend, alice, 2)
    _add(fake, told)
    _add(fake, told)

    assert _in_the_end(first).needs_decision
    assert _in_the_end(second).needs_decision
    assert {candidate.seed for candidate in first.candidates.all()} == {told}


def test_a_server_that_draws_its_own_seeds_rules_no_job_out_by_them(
    backend: Backend, fake: FakeBackend, alice: User
) -> None:
    _known(backend, alice, fake, sent=5, told=77)
    lost = _chosen(backend, alice, 1)
    job_id = _add(fake, 88)

    assert _in_the_end(lost).backend_job_id == job_id
    assert lost.seed == 1


def test_a_job_with_another_seed_is_not_taken_where_the_list_repeats_seeds(
    backend: Backend, fake: FakeBackend, alice: User
) -> None:
    _known(backend, alice, fake, sent=5, told=5)
    lost = _chosen(backend, alice, 1)
    _add(fake, 2)

    assert _in_the_end(lost).backend_job_id == ""
    assert lost.state == State.QUEUED


def test_takes_get_the_job_with_their_own_seed(backend: Backend, fake: FakeBackend, alice: User) -> None:
    first, second = _lost(backend, alice, 1), _lost(backend, alice, 2)
    of_second, of_first = _add(fake, 2), _add(fake, 1)

    assert _in_the_end(first).backend_job_id == of_first
    assert _in_the_end(second).backend_job_id == of_second
    assert (first.seed, second.seed) == (1, 2)


def test_takes_whose_jobs_tell_no_seed_are_found_and_their_drawn_seeds_forgotten(
    backend: Backend, fake: FakeBackend, alice: User
) -> None:
    """Either may have either seed: naming one would be a guess."""
    takes = [_lost(backend, alice, 1), _lost(backend, alice, 2)]
    jobs = {_add(fake), _add(fake)}

    assert {_in_the_end(take).backend_job_id for take in takes} == jobs
    assert {take.seed for take in takes} == {None}


def test_the_last_of_such_takes_is_not_sure_of_its_seed_either(
    backend: Backend, fake: FakeBackend, alice: User
) -> None:
    first = _lost(backend, alice, 1)
    second = _lost(backend, alice, 2, due_at=timezone.now() + timedelta(hours=1))
    _add(fake)
    reconcile(backend.pk)
    _add(fake)

    assert _in_the_end(second).seed is None
    first.refresh_from_db()
    assert first.seed is None


def test_a_single_lost_video_keeps_its_seed(backend: Backend, fake: FakeBackend, alice: User) -> None:
    lost = _lost(backend, alice, 1)
    _add(fake)

    assert _in_the_end(lost).seed == 1


def test_a_seed_that_was_chosen_is_never_forgotten(alice: User, backend: Backend) -> None:
    video = VideoFactory(
        owner=alice, state=State.IN_PROGRESS, backend_job_id="job_1", seed=1, parameters={"seed": 1}
    )

    assert not lifecycle.forget_drawn_seed(video.pk, "job_1")
    assert not lifecycle.forget_drawn_seed(video.pk, "job_2")
    video.refresh_from_db()
    assert video.seed == 1
