"""A video that needs a decision shows the jobs that may be its own, and its owner can say which one it is."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import BackendFactory, VideoFactory
from videos.models import JobCandidate, State, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(alice: User) -> Video:
    video = VideoFactory(owner=alice, state=State.UNCERTAIN, due_at=None)
    listed = {"prompt": "A <fox>", "model": "prod/sora-2", "seconds": 5, "status": "processing"}
    JobCandidate.objects.create(video=video, backend_job_id="job_7", **listed)
    return video


def _page(client: Client, video: Video) -> str:
    return client.get(video.get_absolute_url()).content.decode()


def _adopt(client: Client, video: Video, job_id: str = "job_7"):
    return client.post(reverse("videos:adopt", args=[video.public_id]), {"job_id": job_id})


def test_the_page_shows_them_with_what_the_backend_says(as_alice: Client, video: Video):
    page = _page(as_alice, video)

    for words in ("A &lt;fox&gt;", "prod/sora-2", "5 s", "processing", "job_7", "This one", "None of these"):
        assert words in page


def test_what_costs_money_is_never_the_default_button(as_alice: Client, video: Video):
    page = _page(as_alice, video)

    decision = page.partition("Needs attention")[2].partition("Mark as failed</button>")[0]
    first = decision.partition("button--primary")[2].partition("</button>")[0]
    assert "Check again" in first
    assert decision.count("button--primary") == 1
    assert "may be charged twice" in decision


def test_this_one_is_adopted_and_nothing_is_submitted(as_alice: Client, video: Video, hints: list):
    response = _adopt(as_alice, video)

    assert (response.status_code, response.url) == (302, video.get_absolute_url())
    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_7")
    assert hints == []


@pytest.mark.parametrize("job_id", ["job_8", "", "\x00", "x" * 600])
def test_only_what_was_shown_is_adopted(as_alice: Client, video: Video, job_id: str):
    _adopt(as_alice, video, job_id)
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN


def test_strangers_and_staff_cannot_adopt(as_bob: Client, as_carol: Client, video: Video):
    for client in (as_bob, as_carol):
        assert _adopt(client, video).status_code == 404
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN


def test_what_may_be_another_persons_is_not_shown_in_words_and_not_adopted(as_alice: Client, video: Video):
    video.candidates.update(may_be_anothers=True)

    page = _page(as_alice, video)
    assert "A &lt;fox&gt;" not in page
    assert "This one" not in page
    assert "administrator" in page

    _adopt(as_alice, video)
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN


def test_checking_again_searches_once_more(as_alice: Client, video: Video):
    as_alice.post(reverse("videos:recheck", args=[video.public_id]))
    video.refresh_from_db()
    assert (video.state, video.needs_decision) == (State.UNCERTAIN, False)


def test_a_backend_without_a_list_is_not_offered_to_be_checked(as_alice: Client, alice: User):
    video = VideoFactory(
        owner=alice, state=State.UNCERTAIN, due_at=None, backend=BackendFactory(can_list=False)
    )
    page = _page(as_alice, video)
    assert "Check again" not in page
    assert "Submit again" in page
