"""A list that describes jobs in its own way proves nothing absent, so nothing is paid for twice."""

import time

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.engine.reconcile import MAX_SEARCHES, reconcile
from videos.models import Backend, JobCandidate, State, Video

pytestmark = pytest.mark.django_db

PROMPT = "A fox crosses a snowy road at night, seen from above"
ASKED = {"prompt": PROMPT, "model": "sora-2", "seconds": 4, "size": "1280x720"}


def _lost(backend: Backend, **fields) -> Video:
    return VideoFactory(backend=backend, state=State.UNCERTAIN, **{**ASKED, **fields})


def _known(backend: Backend, fake: FakeBackend, *, listed: dict | None = None, **fields) -> Video:
    """A video of ours that is finished, and its job as the backend lists it."""
    asked = {**ASKED, **fields}
    job = fake.add(**{**asked, "created_at": int(time.time()) - 900})
    fake.now(job.id, **(listed or {}))
    return VideoFactory(backend=backend, state=State.COMPLETED, backend_job_id=job.id, **asked)


def _add(fake: FakeBackend, **listed) -> str:
    job = fake.add(**ASKED, created_at=int(time.time()) - 50)
    fake.now(job.id, **listed)
    return job.id


def _in_the_end(video: Video) -> Video:
    for _ in range(MAX_SEARCHES):
        Video.objects.filter(pk=video.pk, due_at__isnull=False).update(due_at=timezone.now())
        reconcile(video.backend_id)
        video.refresh_from_db()
        if video.state != State.UNCERTAIN or video.needs_decision:
            break
    return video


@pytest.mark.parametrize(
    "listed",
    [
        {"model": "prod/sora-2"},
        {"prompt": PROMPT[:20]},
        {"prompt": PROMPT[:20] + "…"},
        {"prompt": PROMPT.lower().replace(",", "")},
        {"prompt": "A cinematic shot. " + PROMPT + " In 35 mm."},
        {"prompt": "???"},
        {"prompt": "Something that the server wrote itself"},
        {"size": "1280x704"},
        {"seconds": 5},
        {"prompt": None, "seconds": 5},
    ],
)
def test_a_job_that_is_listed_in_other_words_is_not_paid_for_twice(
    backend: Backend, fake: FakeBackend, listed: dict
):
    job = _add(fake, **listed)

    video = _in_the_end(_lost(backend))

    assert video.needs_decision
    assert [each.backend_job_id for each in video.candidates.all()] == [job]


@pytest.mark.parametrize(
    "listed",
    [{"model": "prod/sora-2"}, {"size": "1280x704"}, {"seconds": 5}],
    ids=["model", "size", "length"],
)
def test_a_setting_that_our_own_jobs_are_listed_with_is_recognised(
    backend: Backend, fake: FakeBackend, listed: dict
):
    _known(backend, fake, listed=listed)
    job = _add(fake, **listed)

    assert _in_the_end(_lost(backend)).backend_job_id == job


@pytest.mark.parametrize("listed", [{"prompt": PROMPT[:20]}, {"prompt": PROMPT.upper()}])
def test_a_list_that_repeats_our_prompts_may_still_have_cut_or_normalised_this_one(
    backend: Backend, fake: FakeBackend, listed: dict
):
    _known(backend, fake, prompt="A wolf")
    _add(fake, **listed)

    assert _in_the_end(_lost(backend)).needs_decision


@pytest.mark.parametrize("listed", [{"model": "sora-2-pro"}, {"size": "720x1280"}, {"seconds": 8}])
def test_a_setting_is_doubted_where_our_jobs_show_other_settings_only(
    backend: Backend, fake: FakeBackend, listed: dict
):
    """That 8 s are listed as 8 does not show that 4 s are listed as 4, nor one model's size another's."""
    _known(backend, fake, prompt="A wolf", model="veo", size="640x640", seconds=12)
    _add(fake, **listed)

    assert _in_the_end(_lost(backend)).needs_decision


def test_settings_of_finished_jobs_show_nothing_about_those_being_made(backend: Backend, fake: FakeBackend):
    _known(backend, fake, listed={"status": "completed"})
    _add(fake, size="1280x704")

    assert _in_the_end(_lost(backend)).needs_decision


def test_a_list_that_shows_other_words_for_one_of_our_jobs_does_not_rule_out_a_job_by_its_words(
    backend: Backend, fake: FakeBackend
):
    _known(backend, fake, prompt="A wolf")
    _known(backend, fake, prompt="A bear", listed={"prompt": "Ursus"})
    _add(fake, prompt="Vulpes vulpes")

    assert _in_the_end(_lost(backend)).needs_decision


def test_the_jobs_of_another_program_do_not_turn_a_lost_answer_into_a_question(
    backend: Backend, fake: FakeBackend
):
    _known(backend, fake)
    for number in range(3):
        _add(fake, prompt=f"Invoice animation {number}", model="sora-2-pro")

    assert _in_the_end(_lost(backend)).state == State.QUEUED
    assert not JobCandidate.objects.exists()


def test_the_words_of_another_row_of_ours_are_not_a_doubt(backend: Backend, fake: FakeBackend):
    other = _lost(backend, prompt="A wolf howls", attempted_at=timezone.now())
    rival = _lost(backend, prompt="A wolf howls", attempted_at=timezone.now())
    _add(fake, prompt="A wolf howls")

    video = _in_the_end(_lost(backend))

    assert video.state == State.QUEUED
    for row in (other, rival):
        row.refresh_from_db()
        assert row.state == State.UNCERTAIN


def test_a_job_whose_reply_is_still_on_its_way_is_waited_for(backend: Backend, fake: FakeBackend):
    video = _lost(backend)
    slow = _lost(backend, prompt=PROMPT + " by a drone")
    Video.objects.filter(pk=slow.pk).update(state=State.SUBMITTING)
    job = _add(fake, prompt=PROMPT[:-6])
    for _ in range(6):
        Video.objects.filter(pk=video.pk).update(due_at=timezone.now())
        reconcile(backend.pk)
    video.refresh_from_db()
    assert (video.state, video.needs_decision) == (State.UNCERTAIN, False)

    Video.objects.filter(pk=slow.pk).update(state=State.IN_PROGRESS, backend_job_id=job)

    assert _in_the_end(video).state == State.QUEUED


def test_each_search_replaces_the_candidates(backend: Backend, fake: FakeBackend):
    first = _add(fake, prompt=None)
    video = _in_the_end(_lost(backend))
    VideoFactory(backend=backend, state=State.COMPLETED, backend_job_id=first)
    second = _add(fake, prompt=None)

    assert lifecycle.search_again(video.pk)
    video = _in_the_end(video)

    assert [each.backend_job_id for each in video.candidates.all()] == [second]


def test_a_candidate_is_kept_as_it_was_listed(backend: Backend, fake: FakeBackend):
    _add(fake, model="prod/sora-2", seconds=5, raw_status="processing")

    (candidate,) = _in_the_end(_lost(backend)).candidates.all()

    assert (candidate.prompt, candidate.model, candidate.size) == (PROMPT, "prod/sora-2", "1280x720")
    assert (candidate.seconds, candidate.status) == (5, "processing")
    assert abs(candidate.created_at.timestamp() - time.time() + 50) < 30
    assert not candidate.may_be_anothers
