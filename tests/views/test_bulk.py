"""Actions on many videos, and the star on one."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import State, Tag, Video
from videos.services.library import add_tag
from videos.views.bulk import MAX_SELECTED

pytestmark = pytest.mark.django_db
URL = reverse("videos:bulk")


@pytest.fixture
def mine(alice) -> list[Video]:
    return VideoFactory.create_batch(3, owner=alice, state=State.COMPLETED)


@pytest.fixture
def theirs(bob) -> Video:
    return VideoFactory(owner=bob, state=State.COMPLETED, prompt="A secret launch")


def do(client, action: str, *videos: Video, htmx: bool = False, **more):
    data = {"do": action, "id": [video.public_id for video in videos], **more}
    return client.post(URL, data, headers=HTMX if htmx else {})


def untouched(video: Video) -> bool:
    now = Video.objects.get(pk=video.pk)
    return (now.favourite, now.trashed_at, now.state) == (False, None, State.COMPLETED) and not now.tags.all()


def test_favourites_are_marked_and_unmarked(as_alice, mine):
    assert do(as_alice, "favourite", *mine[:2]).url == reverse("videos:library")
    assert set(Video.objects.filter(favourite=True)) == set(mine[:2])
    do(as_alice, "unfavourite", mine[0])
    assert set(Video.objects.filter(favourite=True)) == {mine[1]}


def test_tags_are_put_on_and_taken_off(as_alice, alice, mine):
    do(as_alice, "tag", *mine[:2], tag=" Autumn  spot")
    tag = Tag.objects.get(owner=alice)
    assert tag.name == "Autumn spot"
    assert set(tag.videos.all()) == set(mine[:2])
    do(as_alice, "untag", mine[0], tag="autumn spot")
    assert list(tag.videos.all()) == [mine[1]]


def test_the_trash_takes_them_and_says_how_to_undo_it(as_alice, mine):
    response = do(as_alice, "trash", *mine[:2], htmx=True)
    page = response.content.decode()
    assert "2 videos moved to the trash." in page
    batch_id = re.search(r'name="batch" value="([^"]+)"', page)[1]
    for video in mine[:2]:
        assert f'<article id="card-{video.public_id}" hx-swap-oob="delete">' in page
    assert response["HX-Trigger"] == "library:changed"
    assert list(Video.objects.not_trashed()) == [mine[2]]

    as_alice.post(reverse("videos:undo"), {"batch": batch_id})
    assert Video.objects.not_trashed().count() == 3


def test_restoring_takes_them_out_of_the_trash(as_alice, mine):
    do(as_alice, "trash", *mine[:2])
    do(as_alice, "restore", *mine[:2])
    assert Video.objects.not_trashed().count() == 3


def test_htmx_gets_the_cards_as_they_are_now(as_alice, mine):
    page = do(as_alice, "tag", *mine[:2], htmx=True, tag="spot").content.decode()
    assert page.count("<article") == 2
    assert page.count("#spot") == 2
    assert "2 videos tagged “spot”." in page


def test_two_to_four_are_compared(as_alice, mine):
    asked = "&".join(f"id={video.public_id}" for video in (mine[2], mine[0]))
    assert do(as_alice, "compare", mine[2], mine[0]).url == f"{reverse('videos:compare')}?{asked}"


@pytest.mark.parametrize(
    "action", ["favourite", "unfavourite", "tag", "trash", "restore", "zip", "compare", "x"]
)
def test_a_strangers_video_is_never_touched(as_alice, mine, theirs, action):
    response = do(as_alice, action, mine[0], theirs, tag="spot", htmx=True)
    assert untouched(theirs)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    assert b"secret" not in body
    assert theirs.public_id.encode() not in body
    assert untouched(mine[1])


def test_taking_off_a_tag_leaves_a_strangers_of_that_name(as_alice, alice, bob, mine, theirs):
    add_tag(alice, mine, "spot")
    hers = add_tag(bob, [theirs], "spot")
    do(as_alice, "untag", *mine, theirs, tag="spot")
    assert list(Tag.objects.all()) == [hers]
    assert list(hers.videos.all()) == [theirs]


def test_what_is_only_anothers_or_deleted_is_nothing(as_alice, alice, theirs):
    gone = VideoFactory(owner=alice, deleted_at=timezone.now())
    response = do(as_alice, "trash", theirs, gone, htmx=True)
    assert response.status_code == 422
    assert "Select a video first." in response.content.decode()
    assert untouched(theirs)


@pytest.mark.parametrize(
    ("action", "more", "sentence"),
    [
        ("", {}, "Choose an action"),
        ("nonsense", {}, "Choose an action"),
        ("tag", {"tag": ""}, "A tag must have 1 to 40 characters"),
        ("tag", {"tag": "a,b"}, "A tag must have 1 to 40 characters"),
        ("tag", {"tag": "x\x00"}, "A tag must have 1 to 40 characters"),
        ("untag", {"tag": ""}, "Enter the tag"),
        ("untag", {"tag": "unknown"}, "You have no tag “unknown”."),
        ("untag", {"tag": "a\x00b"}, "You have no tag “ab”."),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(as_alice, mine, action, more, sentence):
    response = do(as_alice, action, *mine, htmx=True, **more)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert all(untouched(video) for video in mine)
    assert sentence in as_alice.get(do(as_alice, action, *mine, **more).url).content.decode()


@pytest.mark.parametrize("ids", [[], [""], ["\x00"], ["video_nobody_has"], ["' OR 1=1 --"]])
def test_nothing_selected_is_said(as_alice, mine, ids):
    response = as_alice.post(URL, {"do": "trash", "id": ids}, headers=HTMX)
    assert response.status_code == 422
    assert "Select a video first." in response.content.decode()
    assert Video.objects.not_trashed().count() == 3


def test_too_many_at_once_are_refused(as_alice, mine):
    ids = [f"video_{number}" for number in range(MAX_SELECTED)]
    response = as_alice.post(URL, {"do": "trash", "id": [mine[0].public_id, *ids]}, headers=HTMX)
    assert f"Select up to {MAX_SELECTED} videos at once" in response.content.decode()
    assert untouched(mine[0])


def test_many_need_as_many_queries_as_one(as_alice, alice, mine, django_assert_num_queries):
    many = VideoFactory.create_batch(40, owner=alice, backend=mine[0].backend, state=State.COMPLETED)
    for action in ("favourite", "tag"):
        do(as_alice, action, mine[0], tag="spot", htmx=True)
        with django_assert_num_queries(10 if action == "tag" else 7):
            do(as_alice, action, *many, tag="spot", htmx=True)


def test_it_needs_a_post_a_token_and_somebody(as_alice, alice, client, mine):
    assert as_alice.get(URL).status_code == 405
    assert do(client, "trash", *mine).url.startswith(reverse("account_login"))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert do(strict, "trash", *mine).status_code == 403
    assert all(untouched(video) for video in mine)


def star(video: Video) -> str:
    return reverse("videos:favourite", args=[video.public_id])


def test_the_star_goes_on_and_off(as_alice, mine):
    on = as_alice.post(star(mine[0]), {"on": "1"}, headers=HTMX).content.decode()
    assert 'aria-pressed="true"' in on
    assert Video.objects.get(favourite=True) == mine[0]
    assert as_alice.post(star(mine[0]), {"on": "0"}).url == reverse("videos:library")
    assert not Video.objects.filter(favourite=True).exists()


def test_nobody_stars_anothers(as_alice, as_carol, theirs):
    for client in (as_alice, as_carol):
        assert client.post(star(theirs)).status_code == 404
    assert untouched(theirs)
    assert as_alice.get(star(theirs)).status_code == 405
