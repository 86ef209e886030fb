"""Sharing a collection: with whom, as what, leaving it, and handing it over."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from contentgen.events import Event, EventKind, event_published
from tests.collections.conftest import Make
from tests.factories import UserFactory
from videos.models import Collection, CollectionRole, Video, Visibility
from videos.services.collection_people import find_people, hand_over, share_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    """The events that were published."""
    events: list[Event] = []

    def hear(event: Event, **_: object) -> None:
        events.append(event)

    event_published.connect(hear)
    yield events
    event_published.disconnect(hear)


def _url(name: str, collection: Collection) -> str:
    return reverse(f"videos:{name}", args=[collection.public_id])


def test_sharing_a_private_one_shows_it_to_that_person_and_tells_once(
    as_alice: Client, as_bob: Client, bob: User, make_collection: Make, heard: list[Event]
):
    collection = make_collection(visibility=Visibility.PRIVATE)

    for role in ("viewer", "editor"):  # the second changes the role
        as_alice.post(_url("collection_people", collection), {"username": "bob", "role": role})

    collection.refresh_from_db()
    assert collection.visibility == Visibility.PEOPLE
    assert collection.memberships.get().role == CollectionRole.EDITOR
    assert as_bob.get(collection.get_absolute_url()).status_code == 200
    assert [(event.kind, event.user_id, event.object_id) for event in heard] == [
        (EventKind.COLLECTION_SHARED, bob.pk, collection.public_id)
    ]


@pytest.mark.parametrize("username", ["nobody", "alice", "gone", "", "a\x00b", "x" * 151])
def test_who_cannot_be_chosen_is_told_at_the_field(as_alice: Client, make_collection: Make, username: str):
    UserFactory(username="gone", is_active=False)
    collection = make_collection()

    reply = as_alice.post(_url("collection_people", collection), {"username": username})

    assert reply.status_code == 422
    assert "id_username_error" in reply.content.decode()
    assert not collection.memberships.exists()


def test_people_are_suggested_by_the_beginning_of_their_name_and_few(as_alice: Client, make_collection: Make):
    for number in range(20):
        UserFactory(username=f"dora{number}")
    UserFactory(username="dorothy", is_active=False)
    collection = make_collection()

    found = as_alice.get(
        _url("collection_people", collection) + "?username=dor", headers={"HX-Request": "true"}
    )

    assert found.content.decode().count("<option") == 8
    assert "dorothy" not in found.content.decode()
    assert find_people(collection, "d") == [], "one letter lists nobody"


def test_an_editor_sees_the_people_and_decides_about_none(as_bob: Client, edited: Collection):
    assert "alice" in as_bob.get(_url("collection_people", edited)).content.decode()
    for name in (
        "collection_people",
        "collection_person_remove",
        "collection_delete",
        "collection_hand_over",
    ):
        assert as_bob.post(_url(name, edited), {"username": "bob"}).status_code == 404
    assert edited.memberships.count() == 1


def test_its_owner_alone_finds_the_links_for_people_without_an_account(
    as_alice: Client, as_bob: Client, edited: Collection
):
    links = _url("collection_share", edited)
    assert f'href="{links}"' in as_alice.get(_url("collection_people", edited)).text
    assert f'href="{edited.get_absolute_url()}"' in as_alice.get(links).text
    assert f'href="{links}"' not in as_bob.get(_url("collection_people", edited)).text


def test_an_editor_cannot_change_who_sees_it(as_bob: Client, edited: Collection):
    as_bob.post(_url("collection_edit", edited), {"name": "Renamed", "visibility": "team"})
    edited.refresh_from_db()
    assert (edited.name, edited.visibility) == ("Renamed", Visibility.PEOPLE)


def test_leaving_ends_what_one_sees(as_bob: Client, shared: Collection, video: Video):
    assert as_bob.get(_url("collection_leave", shared)).status_code == 200
    as_bob.post(_url("collection_leave", shared))
    assert as_bob.get(shared.get_absolute_url()).status_code == 404
    assert as_bob.get(video.get_absolute_url()).status_code == 404


def test_handing_over_keeps_the_former_owner_as_an_editor(
    as_alice: Client, alice: User, bob: User, shared: Collection, heard: list[Event]
):
    as_alice.post(_url("collection_hand_over", shared), {"username": "bob"})

    shared.refresh_from_db()
    assert shared.owner == bob
    assert [(each.person, each.role) for each in shared.memberships.all()] == [(alice, CollectionRole.EDITOR)]
    assert [event.user_id for event in heard] == [bob.pk]


def test_a_viewer_is_no_heir(alice: User, shared: Collection):
    UserFactory(username="looker", role=Role.VIEWER)
    with pytest.raises(ValidationError, match="may not create"):
        hand_over(alice, shared, "looker")


def test_a_manager_looks_after_what_a_blocked_owner_left(
    as_bob: Client, alice: User, bob: User, make_collection: Make
):
    collection = make_collection()
    User.objects.filter(pk=bob.pk).update(role=Role.MANAGER)
    assert as_bob.post(_url("collection_hand_over", collection), {"username": "bob"}).status_code == 404

    User.objects.filter(pk=alice.pk).update(is_active=False)
    as_bob.post(_url("collection_hand_over", collection), {"username": "bob"})

    collection.refresh_from_db()
    assert collection.owner == bob
    assert not collection.memberships.exists()


def test_the_number_of_people_is_bounded(alice: User, bob: User, shared: Collection, monkeypatch):
    monkeypatch.setattr("videos.services.collection_people.MAX_MEMBERS", 1)
    UserFactory(username="dora")
    with pytest.raises(ValidationError, match="Share it with the team"):
        share_with(alice, shared, "dora", "viewer")
    assert shared.memberships.count() == 1
