"""A video that needs a decision shows the jobs that may be its own, and its owner can say which one it is."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import BackendFactory, VideoFactory
from videos.engine import picture_cache
from videos.models import JobCandidate, State, Video
from videos.services import candidates

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


def _picture(client: Client, video: Video, **changes: object):
    candidate = video.candidates.get()
    return client.get(reverse("videos:candidate_picture", args=[video.public_id, candidate.pk]), **changes)


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_cache, "cached_picture", lambda candidate: b"RIFF a picture")


@pytest.mark.usefixtures("cached")
def test_the_page_asks_for_the_picture_of_each(as_alice: Client, video: Video):
    address = reverse("videos:candidate_picture", args=[video.public_id, video.candidates.get().pk])
    assert f'src="{address}' in _page(as_alice, video)

    response = _picture(as_alice, video)

    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert response.content == b"RIFF a picture"
    assert "private" in response["Cache-Control"]


@pytest.mark.usefixtures("cached")
def test_nobody_else_gets_it_here(as_bob: Client, as_carol: Client, client: Client, video: Video):
    assert {_picture(each, video).status_code for each in (as_bob, as_carol)} == {404}
    assert _picture(client, video).status_code == 302
    assert "login" in _picture(client, video).url


@pytest.mark.usefixtures("cached")
def test_the_owner_gets_none_that_may_be_another_persons(as_alice: Client, video: Video, hints: list):
    video.candidates.update(may_be_anothers=True)

    assert _picture(as_alice, video).status_code == 404
    assert "/picture" not in _page(as_alice, video)
    assert hints == []


@pytest.mark.usefixtures("cached")
def test_the_owner_gets_none_that_has_become_another_persons_since(as_alice: Client, video: Video, bob: User):
    VideoFactory(owner=bob, backend=video.backend, state=State.COMPLETED, backend_job_id="job_7")
    assert _picture(as_alice, video).status_code == 404


@pytest.mark.usefixtures("cached")
def test_it_is_only_for_deciding(as_alice: Client, video: Video):
    Video.objects.filter(pk=video.pk).update(state=State.FAILED)
    assert _picture(as_alice, video).status_code == 404
    address = reverse("videos:candidate_picture", args=[video.public_id, 10**30])
    assert as_alice.get(address).status_code == 404


def test_without_one_there_is_a_neutral_picture_and_a_worker_is_sent_for_it(
    as_alice: Client, video: Video, hints: list
):
    response = _picture(as_alice, video)

    assert (response.status_code, response["Cache-Control"]) == (302, "no-store")
    assert response.url.endswith("no-picture.svg")
    assert hints == [("picture_candidate", video.candidates.get().pk)]


def test_the_first_look_waits_for_the_worker_but_not_long(
    as_alice: Client, video: Video, hints: list, settings, monkeypatch: pytest.MonkeyPatch
):
    settings.REDIS_URL = "redis://there.test"
    clock = SteppingClock()
    monkeypatch.setattr(candidates, "time", clock)
    _picture(as_alice, video)
    assert 1 < clock.now < 2

    _picture(as_alice, video)
    another = JobCandidate.objects.create(video=VideoFactory(backend=video.backend), backend_job_id="job_8")
    candidates.candidate_picture(another)
    assert clock.now < 2, "nobody waits for a backend that was waited for in vain"


def test_what_the_worker_brings_meanwhile_is_shown(
    as_alice: Client, video: Video, settings, monkeypatch: pytest.MonkeyPatch
):
    settings.REDIS_URL = "redis://there.test"
    clock = SteppingClock()
    monkeypatch.setattr(candidates, "time", clock)
    monkeypatch.setattr(
        picture_cache, "cached_picture", lambda candidate: b"RIFF" if clock.now > 0.3 else None
    )
    assert _picture(as_alice, video).content == b"RIFF"
    assert clock.now < 0.5


class SteppingClock:
    """Stands in for the module `time`: sleeping takes no time, and is counted."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_staff_are_told_on_their_pages_what_only_they_can_decide(
    as_carol: Client, as_alice: Client, video: Video
):
    assert "need your decision" not in as_carol.get("/").content.decode()
    video.candidates.update(may_be_anothers=True)

    page = as_carol.get("/").content.decode()
    assert "1 video needs your decision." in page
    assert "?state=needs_staff" in page
    assert "your decision" not in as_alice.get("/").content.decode()
