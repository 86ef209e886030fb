"""What an entry keeps: who, from where, through which door, what, and what changed, without secrets."""

import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts import subjects, tokens
from accounts.models import User
from audit.models import Entry
from audit.trail import MAX_FIELDS, MAX_VALUE, Subject, record, record_all, record_view
from audit.vocabulary import Action, Door, Kind

pytestmark = pytest.mark.django_db
THING = Subject(Kind.BACKEND, 7, "OpenRouter")


def test_without_a_request_it_was_the_studio_itself():
    entry = record(Action.CHANGED, THING)
    assert (entry.door, entry.who, entry.user_id, entry.address) == (Door.SYSTEM, "The studio", None, "")
    assert (entry.kind, entry.object_id, entry.label) == ("backend", "7", "OpenRouter")


def test_a_request_says_who_from_where_and_through_which_door(alice: User, as_alice: Client, settings):
    settings.TRUST_PROXY = 1
    as_alice.post(
        reverse("api_tokens"),
        {"name": "CI", "scope": "read", "days": "30"},
        headers={"x-request-id": "req-1"},
        REMOTE_ADDR="203.0.113.9",
    )
    entry = Entry.objects.get(kind=Kind.TOKEN)
    assert (entry.username, entry.user_id, entry.is_staff) == ("alice", alice.pk, False)
    assert (entry.door, entry.address, entry.request_id) == (Door.PAGE, "203.0.113.9", "req-1")
    assert entry.action == Action.CREATED


def test_a_program_is_named_by_its_token(client: Client, alice: User):
    token, secret = tokens.issue(alice, "Nightly")
    client.post(
        "/api/v1/videos/generate",
        {"prompt": "A paper boat"},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    entry = Entry.objects.get(kind=Kind.VIDEO)
    assert (entry.door, entry.username, entry.token_id, entry.token_name) == (
        Door.REST,
        "alice",
        token.pk,
        "Nightly",
    )


@pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "é"])
def test_a_request_id_that_is_none_is_not_kept(as_alice: Client, given: str, settings):
    settings.TRUST_PROXY = 1
    as_alice.post(reverse("api_tokens"), {"name": "CI", "scope": "read"}, headers={"x-request-id": given})
    (request_id,) = Entry.objects.values_list("request_id", flat=True)
    assert re.fullmatch("[0-9a-f]{32}", request_id), "one of the studio's own"


def test_the_next_request_is_not_the_last_ones(as_alice: Client):
    as_alice.get("/")
    assert record(Action.CHANGED, THING).door == Door.SYSTEM


@pytest.mark.parametrize(
    "name", ["password", "stored_key", "new_key", "api_token", "digest", "webhook_secret"]
)
def test_a_secret_is_changed_and_no_more_is_kept(name: str):
    entry = record(Action.CHANGED, THING, changes={name: ("hunter2", "hunter3")})
    assert entry.changes == {name: "changed"}


def test_the_name_of_the_variable_with_a_key_is_no_secret():
    entry = record(Action.CHANGED, THING, changes={"key_env": ("A_KEY", "B_KEY")})
    assert entry.changes == {"key_env": ["A_KEY", "B_KEY"]}


def test_everything_is_bounded_and_can_be_stored():
    changes = {f"field{number}": ("\x00" + "a" * 9_999, ["x"] * 9_999) for number in range(MAX_FIELDS + 3)}
    subject = Subject(Kind.VIDEO, "v" * 999, "one\ntwo\ud800" + "l" * 999)
    entry = record(Action.CHANGED, subject, changes=changes, note="n" * 9_999)
    entry.refresh_from_db()
    assert len(entry.changes) == MAX_FIELDS + 1
    assert entry.changes["…"] == "3 more"
    assert all(len(text) <= MAX_VALUE for text in entry.changes["field0"])
    assert (len(entry.object_id), len(entry.label), len(entry.note)) == (64, 200, 500)
    assert entry.label.startswith("one two\ufffd")


def test_it_is_gone_with_the_change_that_is_rolled_back(alice: User):
    with transaction.atomic():
        tokens.issue(alice, "CI")
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_many_are_few_queries(django_assert_num_queries):
    with django_assert_num_queries(1):
        record_all(Action.TRASHED, [Subject(Kind.VIDEO, f"video_{number}") for number in range(20)])
    assert Entry.objects.count() == 20


def test_a_look_is_noted_once_an_hour_for_each_person_and_thing(alice: User, bob: User, carol: User):
    subject = Subject(Kind.VIDEO, "video_1", owner_id=alice.pk)
    looks = [record_view(subject, by=who) for who in (bob, bob, carol, alice)]
    assert looks == [True, False, True, False]
    assert record_view(Subject(Kind.VIDEO, "video_2", owner_id=alice.pk), by=bob)
    assert record_view(subject, what="The file.", by=bob)
    assert not record_view(subject)  # nobody looks


def test_it_outlives_the_person(alice: User):
    record(Action.CHANGED, subjects.person(alice), by=alice)
    pk = alice.pk
    alice.delete()
    entry = Entry.objects.get()
    assert (entry.user_id, entry.username) == (pk, "alice")
