"""API tokens in the admin: listed and revoked, never created and never shown."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client

from accounts import tokens
from accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/apitoken/"


def revoke(client: Client, *chosen: ApiToken):
    pks = [str(token.pk) for token in chosen]
    return client.post(LIST, {"action": "revoke", "index": "0", "_selected_action": pks})


def test_it_shows_all_but_the_secret(as_carol: Client, alice: User):
    token, secret = tokens.issue(alice, "CI")
    for path in (LIST, f"{LIST}{token.pk}/change/", f"{LIST}?q=alice"):
        page = as_carol.get(path).content.decode()
        assert token.hint in page
        assert secret not in page
        assert token.digest not in page


def test_it_revokes(as_carol: Client, alice: User):
    one, secret = tokens.issue(alice, "CI")
    other, kept = tokens.issue(alice, "Mine")
    before, _ = tokens.issue(alice, "Old")
    tokens.revoke(before)

    response = revoke(as_carol, one, before)

    assert [str(each) for each in get_messages(response.wsgi_request)] == ["1 revoked; 1 already revoked."]
    assert tokens.authenticate(secret) is None
    assert tokens.authenticate(kept) == other
    assert LogEntry.objects.get().object_id == str(one.pk)


def test_nobody_creates_changes_or_deletes_one_here(as_carol: Client, alice: User):
    token, secret = tokens.issue(alice, "CI")
    assert as_carol.get(f"{LIST}add/").status_code == 403
    assert as_carol.post(f"{LIST}add/", {"name": "x"}).status_code == 403
    assert as_carol.post(f"{LIST}{token.pk}/change/", {"name": "x", "scope": "write"}).status_code == 403
    assert as_carol.post(f"{LIST}{token.pk}/delete/", {"post": "yes"}).status_code == 403
    assert tokens.authenticate(secret).name == "CI"
    assert ApiToken.objects.count() == 1


def test_staff_need_the_permission(as_bob: Client, alice: User, bob: User):
    token, secret = tokens.issue(alice, "CI")
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    assert as_bob.get(LIST).status_code == 403
    assert revoke(as_bob, token).status_code == 403
    assert tokens.authenticate(secret) == token


def test_an_account_with_tokens_can_be_deleted(as_carol: Client, alice: User):
    tokens.issue(alice, "CI")
    page = f"/admin/accounts/user/{alice.pk}/delete/"
    assert "Yes, I" in as_carol.get(page).content.decode()
    assert as_carol.post(page, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="alice").exists()
    assert not ApiToken.objects.exists()
