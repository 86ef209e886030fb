"""What owners see of all this, and what they can do about it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.retention.conftest import reload
from videos.models import Collection, CollectionItem, CollectionMember, Video
from videos.services.library import set_favourite

pytestmark = pytest.mark.django_db
Old = Callable[..., Video]
EXPIRING = reverse("videos:expiring")


@pytest.fixture
def due(old: Old) -> Callable[..., Video]:
    """Make a video that moves to the trash in so many days, as its owner was told."""

    def make(days: float = 3, **fields: object) -> Video:
        return old(40, retention_due_at=timezone.now() + timedelta(days=days), **fields)

    return make


def test_the_page_and_the_card_say_when_it_moves_and_keep_it_with_one_click(as_alice: Client, due, bob):
    video, other = due(), due()
    address = reverse("videos:keep", args=[video.public_id])
    for page in (video.get_absolute_url(), reverse("videos:library"), EXPIRING):
        text = as_alice.get(page).content.decode()
        assert "Moves to the trash on" in text
        assert f'action="{address}"' in text

    response = as_alice.post(address, follow=True)

    assert "1 video kept." in response.content.decode()
    assert (reload(video).kept, video.moves_to_trash_at) == (True, None)
    assert "Moves to the trash" not in as_alice.get(video.get_absolute_url()).content.decode()
    assert as_alice.get(EXPIRING).context["videos"] == [other]
    as_alice.post(address, {"on": "0"})
    assert not reload(video).kept


def test_all_of_them_are_kept_at_once_and_nobody_elses(as_alice: Client, due, bob: User):
    videos, starred, theirs = [due(1), due(2)], due(3), due(owner=bob)
    set_favourite([starred], on=True)
    page = as_alice.get(EXPIRING)
    assert page.context["videos"] == videos
    assert "Keep all 2" in page.content.decode()

    as_alice.post(reverse("videos:keep_all"))

    assert all(reload(video).kept for video in videos)
    assert not reload(theirs).kept
    assert "Nothing moves to the trash" in as_alice.get(EXPIRING).content.decode()


def test_the_list_goes_on_after_a_video_that_is_kept_meanwhile(as_alice: Client, due):
    first, second = due(1), due(2)
    as_alice.post(reverse("videos:keep", args=[first.public_id]))
    assert as_alice.get(EXPIRING, {"above": first.public_id}).status_code == 200
    assert as_alice.get(EXPIRING, {"below": "video_nothing"}).context["videos"] == [second]


def test_a_stranger_keeps_nothing(as_bob: Client, due):
    video = due()
    assert as_bob.post(reverse("videos:keep", args=[video.public_id])).status_code == 404
    assert as_bob.get(EXPIRING).context["total"] == 0
    assert not reload(video).kept


def test_pages_take_the_same_queries_however_many_move(as_alice: Client, due):

    def count(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(page)
        return len(queries)

    due()
    as_alice.get(EXPIRING)
    before = count(EXPIRING), count(reverse("videos:library"))
    for _ in range(5):
        due()
    assert (count(EXPIRING), count(reverse("videos:library"))) == before


def test_a_collections_rule_is_saved_once_the_page_has_said_what_it_concerns(
    as_alice: Client, old: Old, alice: User
):
    collection = Collection.objects.create(owner=alice, name="Autumn")
    for days in (5, 40, 50):
        CollectionItem.objects.create(collection=collection, video=old(days, byte_count=1024**2))
    address = reverse("videos:collection_edit", args=[collection.public_id])
    body = {"name": "Autumn", "visibility": "private", "retention": "days", "retention_days": "30"}

    asked = as_alice.post(address, body)

    text = " ".join(asked.content.decode().split()).replace("\xa0", " ")
    assert "2 of 3 videos are that old now" in text
    assert "2.0 MB" in text
    collection.refresh_from_db()
    assert collection.retention == "studio"
    saved = as_alice.post(address, {**body, "agreed_rule": "30/30"})
    assert saved.status_code == 302
    collection.refresh_from_db()
    assert (collection.retention, collection.retention_days) == ("days", 30)
    assert as_alice.post(address, {**body, "retention_days": ""}).status_code == 422
    assert as_alice.post(address, {**body, "retention_days": "0"}).status_code == 422
    as_alice.post(address, {**body, "retention": "keep"})
    collection.refresh_from_db()
    assert (collection.retention, collection.retention_days) == ("keep", None)


def test_an_editor_and_the_api_leave_the_rule_as_it_is(as_bob: Client, as_alice: Client, alice, bob):
    collection = Collection.objects.create(
        owner=alice, name="Autumn", visibility="people", retention="days", retention_days=9
    )
    CollectionMember.objects.create(collection=collection, person=bob, role="editor")
    address = reverse("videos:collection_edit", args=[collection.public_id])
    assert "How long its videos are kept" not in as_bob.get(address).content.decode()
    assert "How long its videos are kept" in as_alice.get(address).content.decode()

    as_bob.post(address, {"name": "Winter", "retention": "days", "retention_days": "1"})
    api = f"/api/v1/collections/{collection.public_id}"
    as_alice.patch(api, {"description": "Cold"}, content_type="application/json")

    collection.refresh_from_db()
    assert (collection.name, collection.description) == ("Winter", "Cold")
    assert (collection.retention, collection.retention_days) == ("days", 9)
