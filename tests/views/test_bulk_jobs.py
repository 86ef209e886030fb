"""Decisions about many videos at once on the library's page."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import VideoFactory
from videos.models import Backend, State, Video
from videos.views.bulk_jobs import seen_version

pytestmark = pytest.mark.django_db
URL, LIBRARY = reverse("videos:bulk_jobs"), reverse("videos:library")
UNDECIDED = {"state": State.UNCERTAIN, "due_at": None}
TIMED_OUT = {"state": State.FAILED, "error_code": "timed_out"}


def ids(*videos: Video) -> dict[str, list[str]]:
    return {"id": [video.public_id for video in videos]}


def buttons(page: str) -> list[tuple[str, str]]:
    """Each action that the page offers, and the words on its button."""
    found = re.findall(r'<button class="[^"]*" name="do" value="([^"]+)">(.*?)</button>', page, re.DOTALL)
    return [(name, " ".join(re.sub(r"<[^>]+>", "", words).split())) for name, words in found]


def form_of(page: str, action: str) -> dict[str, list[str]]:
    """What the form of an action on the page sends."""
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    (form,) = (each for each in forms if f'value="{action}"' in each)
    fields: dict[str, list[str]] = {"do": [action]}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    return fields


def test_it_shows_what_is_possible_and_what_it_costs_before_anything_is_done(as_alice: Client, alice: User):
    failed = VideoFactory.create_batch(2, owner=alice, price=Decimal("0.40"), backend_job_id="", **TIMED_OUT)
    undecided = VideoFactory(owner=alice, price=Decimal("1.20"), **UNDECIDED)
    queued = VideoFactory(owner=alice, state=State.QUEUED)
    done = VideoFactory(owner=alice, state=State.COMPLETED)

    page = as_alice.post(URL, ids(*failed, undecided, queued, done)).content.decode()

    assert buttons(page) == [
        ("check-again", "Check 1 video again (free)"),
        ("retry", "Retry 2 videos (costs $0.80)"),
        ("submit-again", "Submit 1 video again (costs $1.20)"),
        ("give-up", "Mark 1 video as failed"),
        ("cancel", "Cancel 1 video"),
    ]
    assert "may be charged twice" in page
    assert page.count("button--primary") == 1, "the free way is the default"
    assert set(Video.objects.values_list("revision", flat=True)) == {0}


def test_a_price_that_is_not_known_is_not_left_out(as_alice: Client, alice: User):
    priced = VideoFactory(owner=alice, state=State.FAILED, price=Decimal("0.40"))
    unpriced = VideoFactory(owner=alice, state=State.FAILED, price=None)
    free = VideoFactory(owner=alice, state=State.FAILED, backend=Backend.objects.for_environment())

    def retry_button(*videos: Video) -> str:
        return dict(buttons(as_alice.post(URL, ids(*videos)).content.decode()))["retry"]

    assert retry_button(priced, unpriced) == "Retry 2 videos (costs $0.40, and 1 without a known price)"
    assert retry_button(unpriced) == "Retry 1 video (may be charged)"
    assert retry_button(free) == "Retry 1 video"


@pytest.mark.parametrize(
    ("action", "fields", "state"),
    [
        ("cancel", {"state": State.QUEUED}, State.CANCELED),
        ("retry", {"state": State.FAILED}, State.QUEUED),
        ("submit-again", UNDECIDED, State.QUEUED),
        ("give-up", UNDECIDED, State.FAILED),
    ],
)
def test_it_is_done_for_all_of_ones_own_and_the_library_says_so(
    as_alice: Client, alice: User, bob: User, action, fields, state
):
    own = VideoFactory.create_batch(3, owner=alice, **fields)
    theirs = VideoFactory(owner=bob, **fields)
    page = as_alice.post(URL, ids(*own) | {"search": "q=fox"}).content.decode()
    form = form_of(page, action)
    form["id"].append(theirs.public_id)
    form["seen"].append(seen_version(theirs))

    response = as_alice.post(URL, form, follow=True)

    assert response.redirect_chain == [(f"{LIBRARY}?q=fox", 302)]
    assert "3 videos" in response.content.decode()
    assert set(Video.objects.filter(owner=alice).values_list("state", flat=True)) == {state}
    assert Video.objects.get(pk=theirs.pk).state == fields["state"]


def test_checking_again_submits_nothing(as_alice: Client, alice: User):
    videos = VideoFactory.create_batch(2, owner=alice, **UNDECIDED)

    as_alice.post(URL, ids(*videos) | {"do": "check-again"})

    assert {(video.state, video.due_at is None) for video in Video.objects.all()} == {
        (State.UNCERTAIN, False)
    }


@pytest.mark.parametrize(
    ("action", "fields"), [("retry", {"state": State.FAILED}), ("submit-again", UNDECIDED)]
)
def test_a_form_that_is_sent_twice_pays_once_although_it_failed_in_between(
    as_alice: Client, alice: User, action: str, fields
):
    video = VideoFactory(owner=alice, **fields)
    form = form_of(as_alice.post(URL, ids(video)).content.decode(), action)
    as_alice.post(URL, form)
    assert Video.objects.get().state == State.QUEUED
    Video.objects.update(**fields)

    page = as_alice.post(URL, form, follow=True).content.decode()

    assert "Nothing was changed. 1 changed since you opened the page" in page
    assert Video.objects.get().state == fields["state"]


def test_what_is_in_the_trash_or_has_ended_well_offers_nothing(as_alice: Client, alice: User):
    trashed = VideoFactory(owner=alice, state=State.FAILED, trashed_at=timezone.now())
    done = VideoFactory(owner=alice, state=State.COMPLETED)

    response = as_alice.post(URL, ids(trashed, done), follow=True)

    assert "Nothing is left to decide" in response.content.decode()
    as_alice.post(URL, ids(trashed) | {"do": "retry", "seen": seen_version(trashed)})
    assert Video.objects.get(pk=trashed.pk).state == State.FAILED


def test_a_stranger_learns_nothing(as_alice: Client, bob: User):
    theirs = VideoFactory(owner=bob, prompt="A secret launch", **UNDECIDED)

    page = as_alice.post(URL, ids(theirs), follow=True).content.decode()

    assert "Select a video first." in page
    assert theirs.public_id not in page


def test_a_reload_leads_back_to_the_library(as_alice: Client):
    assert as_alice.get(URL).url == LIBRARY


def test_the_number_of_queries_does_not_grow(
    as_alice: Client, alice: User, django_assert_num_queries, django_assert_max_num_queries
):
    videos = VideoFactory.create_batch(20, owner=alice, **UNDECIDED)
    as_alice.post(URL, ids(*videos))  # fills the caches
    with django_assert_max_num_queries(10) as few:
        as_alice.post(URL, ids(*videos[:2]))
    with django_assert_num_queries(len(few.captured_queries)):
        as_alice.post(URL, ids(*videos))


def test_the_library_filters_by_what_needs_attention(as_alice: Client, alice: User):
    VideoFactory(owner=alice, prompt="waits", **UNDECIDED)
    VideoFactory(owner=alice, prompt="searched", state=State.UNCERTAIN)
    VideoFactory(owner=alice, prompt="queued", state=State.QUEUED)

    def found(status: str) -> list[str]:
        return [video.prompt for video in as_alice.get(LIBRARY, {"status": status}).context["videos"]]

    assert found("needs_decision") == ["waits"]
    assert found("queued") == ["queued", "searched"]
    page = as_alice.get(LIBRARY, {"status": "needs_decision"})
    facet = next(each for each in page.context["counts"].facets if each.name == "status")
    counts = {choice.value: choice.count for choice in facet.choices}
    assert counts == {"needs_decision": 1, "queued": 2}
    assert page.context["counts"].total == 1
    assert "Needs attention (1)" in page.content.decode()
