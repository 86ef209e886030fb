"""What other rooms really publish is put into words, and leads to what it is about."""

import uuid

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Scope
from billing.targets import Target, set_budget
from notifications.models import Notification
from notifications.wording import path_of, words_of
from tests.approvals.conftest import ask, mary  # noqa: F401  # a fixture here too
from tests.billing.conftest import paid  # noqa: F401
from tests.billing.money import dollars, make
from tests.factories import VideoFactory
from videos import lifecycle
from videos.models import Backend, Collection, CollectionRole, State, Video, VideoModel
from videos.models.values import StoredFiles
from videos.services.approvals import approve, decline
from videos.services.collection_people import share_with

pytestmark = pytest.mark.django_db


def _told(person: User) -> Notification:
    return Notification.objects.filter(user=person).latest("pk")


@pytest.fixture
def costly(paid: Backend, settings) -> None:  # noqa: F811
    settings.APPROVE_PRICE_ABOVE = dollars("0.50")


def test_a_manager_reads_who_asks_for_what(costly, alice: User, mary: User):  # noqa: F811
    approval = ask(alice, seconds=8)
    words = words_of(_told(mary))
    assert (words.title, words.detail) == ("alice asks for your approval", "A paper boat")
    assert words.note == "$0.80"
    assert path_of(_told(mary)) == approval.get_absolute_url()


def test_who_asked_reads_that_it_was_approved(costly, alice: User, mary: User):  # noqa: F811
    approval = ask(alice, seconds=8)
    approve(approval.public_id, mary, "Fine")
    assert words_of(_told(alice)).title == "Your request was approved"
    assert words_of(_told(alice)).note == "Fine"
    assert path_of(_told(alice)) == approval.get_absolute_url()


def test_who_asked_reads_why_it_was_declined(costly, alice: User, mary: User):  # noqa: F811
    decline(ask(alice, seconds=8).public_id, mary, "Too long")
    assert (words_of(_told(alice)).title, words_of(_told(alice)).note) == (
        "Your request was declined",
        "Too long",
    )


def test_who_asked_reads_why_it_could_not_be_made(costly, alice: User, mary: User):  # noqa: F811
    approval = ask(alice, seconds=8)
    VideoModel.objects.update(price_per_second={"*": "0.20"})
    approve(approval.public_id, mary)
    assert words_of(_told(alice)).title == "Your request was approved, and could not be made"
    assert "The price has risen" in words_of(_told(alice)).note


def test_a_budget_says_whose_it_is_and_what_is_left(paid: Backend, alice: User):  # noqa: F811
    set_budget(Target(Scope.USER, user=alice), "month", dollars("0.50"))
    make(alice)
    words = words_of(_told(alice))
    assert (words.title, words.detail) == ("A budget is almost used up", "alice: $0.50 this month")
    assert "$0.10 is left" in words.note
    assert path_of(_told(alice)) == "/spend/"


def test_a_collection_says_who_shared_it_and_opens(alice: User, bob: User):
    collection = Collection.objects.create(owner=alice, name="Boats", visibility="people")
    share_with(alice, collection, bob.username, CollectionRole.VIEWER)
    assert words_of(_told(bob)).title == "alice shared “Boats” with you"
    assert path_of(_told(bob)) == collection.get_absolute_url()


def _pictures(client: Client) -> list[str]:
    return [each.picture for each in client.get("/notifications/panel").context["page"].notifications]


def test_a_picture_is_shown_for_as_long_as_its_video_is_there(as_alice: Client, alice: User, bob: User):
    token = uuid.uuid4()
    video = VideoFactory(owner=alice, state=State.STORING, lease_token=token)
    files = StoredFiles("videos/a.mp4", 10, "0" * 64, 1280, 720, 4.0, poster="videos/a.webp")
    assert lifecycle.complete(video.pk, token, files)
    assert _pictures(as_alice) == [f"/videos/{video.public_id}/poster.webp"]

    Video.objects.update(owner=bob)
    assert _pictures(as_alice) == [""]
    Video.objects.all().delete()
    assert _pictures(as_alice) == [""]
