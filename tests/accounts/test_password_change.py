"""A changed password, and the API tokens that may go with it."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
CHANGE = reverse("account_change_password")
NEW = "another correct horse"
BOX = 'name="revoke_tokens"'


def _own(**more: str) -> dict[str, str]:
    return {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW, **more}


def _staff(**more: str) -> dict[str, str]:
    return {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "x", **more}


def _admin(user: User) -> str:
    return reverse("admin:auth_user_password_change", args=[user.pk])


@pytest.fixture
def secret(alice: User) -> str:
    return tokens.issue(alice, "CI")[1]


def test_the_box_is_offered_unticked_where_there_is_a_token(as_alice: Client, alice: User, secret: str):
    page = as_alice.get(CHANGE).content.decode()

    assert BOX in page
    assert "Also revoke my API token." in page
    assert " checked" not in page


def test_without_a_token_that_works_there_is_no_box(as_alice: Client, as_carol: Client, alice: User):
    tokens.revoke(tokens.issue(alice, "Old")[0])

    assert BOX not in as_alice.get(CHANGE).content.decode()
    assert BOX not in as_carol.get(_admin(alice)).content.decode()


@pytest.mark.parametrize(("ticked", "works"), [({"revoke_tokens": "on"}, False), ({}, True)])
def test_it_revokes_exactly_when_it_is_ticked(
    as_alice: Client, bob: User, secret: str, ticked: dict[str, str], works: bool
):
    _, others = tokens.issue(bob, "Bob's")

    assert as_alice.post(CHANGE, _own(**ticked)).status_code == 302

    assert (tokens.authenticate(secret) is not None) is works
    assert tokens.authenticate(others) is not None


def test_a_change_that_fails_revokes_nothing(as_alice: Client, secret: str):
    as_alice.post(CHANGE, _own(oldpassword="wrong", revoke_tokens="on"))

    assert tokens.authenticate(secret) is not None


@pytest.mark.parametrize(("ticked", "works"), [({"revoke_tokens": "on"}, False), ({}, True)])
def test_staff_are_offered_the_same(
    as_carol: Client, alice: User, secret: str, ticked: dict[str, str], works: bool
):
    assert BOX in as_carol.get(_admin(alice)).content.decode()

    assert as_carol.post(_admin(alice), _staff(**ticked)).status_code == 302

    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert (tokens.authenticate(secret) is not None) is works
    (entry,) = LogEntry.objects.all()
    assert ("revoked 1 API token" in entry.get_change_message()) is not works
