"""Signing in and out, and what people sign in by, leaves entries; guesses leave a bounded number."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.models import Entry
from audit.vocabulary import Action
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def _sign_in(client: Client, login: str, password: str = PASSWORD) -> None:
    client.post(reverse("account_login"), {"login": login, "password": password})


def _actions(**fields: object) -> list[str]:
    return list(Entry.objects.filter(**fields).order_by("pk").values_list("action", flat=True))


def test_in_and_out(client: Client, alice: User):
    _sign_in(client, "alice")
    client.post(reverse("account_logout"))
    assert _actions(user_id=alice.pk, owner_id=alice.pk) == [Action.SIGNED_IN, Action.SIGNED_OUT]


def test_a_wrong_password_is_about_the_account_and_keeps_nothing_typed(client: Client, alice: User):
    _sign_in(client, "Alice", "wrong")
    _sign_in(client, PASSWORD, "alice")
    first, second = Entry.objects.order_by("pk")
    assert (first.action, first.owner_id, first.user_id) == (Action.SIGN_IN_FAILED, alice.pk, None)
    assert (second.owner_id, second.label) == (None, "An unknown name")
    assert PASSWORD not in str(Entry.objects.values())


def test_a_flood_of_guesses_is_a_handful_of_entries(client: Client, alice: User):
    for _ in range(20):
        _sign_in(client, "alice", "wrong")
    assert 1 <= len(_actions(action=Action.SIGN_IN_FAILED)) <= 5


def test_a_changed_password(as_alice: Client, alice: User):
    as_alice.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    new = "a staple for the battery"
    as_alice.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert Action.PASSWORD_CHANGED in _actions(user_id=alice.pk)
    assert new not in str(list(Entry.objects.values()))


def test_people_see_what_concerns_their_account_and_nothing_of_others(
    as_alice: Client, client: Client, alice: User, bob: User
):
    _sign_in(client, "alice", "wrong")
    _sign_in(Client(), "bob")
    as_alice.post(reverse("api_tokens"), {"name": "CI", "scope": "read", "days": "30"})
    page = as_alice.get(reverse("account_activity")).content.decode()
    assert "Sign-in failed" in page
    assert "CI (" in page
    assert "bob" not in page


def test_more_entries_are_no_more_queries(as_alice: Client, alice: User):
    counts = []
    for number in (1, 1, 80):  # the first visit fills caches
        Entry.objects.bulk_create(
            Entry(action="signed_in", kind="user", door="page", owner_id=alice.pk) for _ in range(number)
        )
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(reverse("account_activity"))
        counts.append(len(queries))
    assert counts[1] == counts[2]
