"""Judging a video: a rating, the take that is kept, and what is rejected."""

import json
import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import HTMX
from tests.views.test_stacks import make_takes
from videos.models import State, Video

pytestmark = pytest.mark.django_db
LIBRARY = reverse("videos:library")


def url_of(video: Video, name: str) -> str:
    return reverse(f"videos:{name}", args=[video.public_id])


def told(response) -> dict[str, object]:
    return json.loads(response["HX-Trigger-After-Swap"])["studio:judged"]


def shown() -> set[int]:
    return set(Video.objects.not_trashed().values_list("take", flat=True))


@pytest.fixture
def video(alice) -> Video:
    return VideoFactory(owner=alice, state=State.COMPLETED)


@pytest.mark.parametrize(("sent", "kept"), [("1", 1), ("5", 5), ("0", None)])
def test_it_is_rated_and_the_rating_taken_away(as_alice, video, sent, kept):
    Video.objects.filter(pk=video.pk).update(rating=3)
    response = as_alice.post(url_of(video, "rate"), {"rating": sent}, headers=HTMX)
    video.refresh_from_db()
    assert (response.status_code, video.rating) == (200, kept)
    assert f'value="{sent}"' in re.findall(r"<input[^>]*checked>", response.content.decode())[0]


@pytest.mark.parametrize("sent", ["", "6", "-1", "x", "4.5", "9" * 5000, "²"])
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_no_other_rating_is_taken(as_alice, video, sent, headers):
    response = as_alice.post(url_of(video, "rate"), {"rating": sent}, headers=headers)
    video.refresh_from_db()
    assert video.rating is None
    assert response.status_code == (422 if headers else 302)


def test_a_form_leads_back(as_alice, video):
    response = as_alice.post(
        url_of(video, "rate"), {"rating": "4"}, headers={"Referer": "http://testserver/library/?q=x"}
    )
    assert response.url == "http://testserver/library/?q=x"


@pytest.mark.parametrize("name", ["rate", "choose", "reject"])
def test_a_stranger_judges_nothing(as_bob, video, name):
    assert as_bob.post(url_of(video, name), {"rating": "1"}).status_code == 404
    assert as_bob.get(url_of(video, name)).status_code in (404, 405)
    video.refresh_from_db()
    assert (video.rating, video.chosen_at, video.trashed_at) == (None, None, None)


def test_the_library_filters_and_sorts_by_it(as_alice, alice):
    rated = {n: VideoFactory(owner=alice, rating=n) for n in (2, 5, 4)}
    none = VideoFactory(owner=alice)
    best = as_alice.get(LIBRARY, {"sort": "best"}).context["videos"]
    assert [each.pk for each in best] == [rated[5].pk, rated[4].pk, rated[2].pk, none.pk]
    good = as_alice.get(LIBRARY, {"rating": "4"})
    assert {each.rating for each in good.context["videos"]} == {4, 5}
    assert "4 stars or more" in good.content.decode()
    for nonsense in ("0", "6", "x"):
        assert len(as_alice.get(LIBRARY, {"rating": nonsense}).context["videos"]) == 4


def test_keeping_one_rejects_the_others_with_one_undo(as_alice, alice):
    takes = make_takes(alice)
    sent = {"among": "takes", "reject": "1"}
    response = as_alice.post(url_of(takes[2], "choose"), sent, headers=HTMX)
    others = [takes[n].public_id for n in (0, 1, 3)]
    assert told(response) == {"removed": others, "chosen": takes[2].public_id}
    assert "3 videos moved to the trash." in response.content.decode()
    assert shown() == {3}
    batch = re.search(r'name="batch" value="([^"]+)"', response.content.decode())
    as_alice.post(reverse("videos:undo"), {"batch": batch[1]})
    assert shown() == {1, 2, 3, 4}


@pytest.mark.parametrize("fields", [{"state": State.FAILED}, {"trashed_at": timezone.now()}])
def test_only_a_finished_one_stands_for_others(as_alice, alice, fields):
    takes = make_takes(alice, 2)
    Video.objects.filter(pk=takes[0].pk).update(**fields)
    sent = {"among": "takes", "reject": "1"}
    assert as_alice.post(url_of(takes[0], "choose"), sent, headers=HTMX).status_code == 404
    assert 2 in shown()


def test_what_is_in_flight_is_not_rejected(as_alice, alice):
    takes = make_takes(alice, 3)
    Video.objects.filter(pk=takes[1].pk).update(state=State.IN_PROGRESS)
    as_alice.post(url_of(takes[0], "choose"), {"among": "takes", "reject": "1"}, headers=HTMX)
    assert shown() == {1, 2}
    assert Video.objects.get(pk=takes[1].pk).state == State.IN_PROGRESS


def test_using_one_asks_before_it_rejects_the_others(as_alice, alice):
    takes = make_takes(alice, 3)
    ids = [each.public_id for each in takes]
    response = as_alice.post(url_of(takes[1], "choose"), {"other": [ids[0], ids[2]]}, headers=HTMX)
    assert "Move 2 videos to the trash" in response.content.decode()
    assert shown() == {1, 2, 3}
    assert Video.objects.get(pk=takes[1].pk).chosen_at is not None
    as_alice.post(url_of(takes[1], "choose"), {"other": [ids[0], ids[2]], "reject": "1"}, headers=HTMX)
    assert shown() == {2}


def test_nothing_of_anothers_is_rejected(as_alice, video, bob):
    theirs = VideoFactory(owner=bob, state=State.COMPLETED, take_group=uuid.uuid4())
    sent = {"other": [theirs.public_id, "x", "\x00"], "reject": "1"}
    as_alice.post(url_of(video, "choose"), sent, headers=HTMX)
    theirs.refresh_from_db()
    assert theirs.trashed_at is None


def test_one_is_rejected_and_taken_back(as_alice, video):
    response = as_alice.post(url_of(video, "reject"), headers=HTMX)
    assert told(response) == {"removed": [video.public_id], "chosen": None}
    assert not Video.objects.not_trashed().exists()
    page = as_alice.post(url_of(video, "reject"), follow=True).content.decode()
    assert "moved to the trash" in page


def test_without_a_script_it_says_so_on_the_page_that_it_leads_to(as_alice, alice):
    takes = make_takes(alice, 2)
    page = as_alice.post(url_of(takes[0], "choose"), {"among": "takes"}, follow=True).content.decode()
    assert "stands for its takes" in page
    as_alice.post(url_of(takes[0], "choose"), {"among": "takes", "reject": "1"})
    assert shown() == {1}


def test_somebody_who_may_look_sees_the_rating_and_no_form(as_carol, alice, video):
    Video.objects.filter(pk=video.pk).update(rating=4)
    page = as_carol.get(video.get_absolute_url()).content.decode()
    assert "Rated 4 of 5" in page
    assert url_of(video, "rate") not in page
