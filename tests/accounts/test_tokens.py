"""The page of API tokens: listed, created, shown once, revoked."""

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, Scope, User

pytestmark = pytest.mark.django_db
PAGE = "/accounts/tokens/"
SECRET = re.compile(r"cg_[A-Za-z0-9_-]{43}")


def create(client: Client, **fields: str):
    return client.post(PAGE, {"name": "CI", "scope": "write", "expires_in": "", **fields})


def revoke_page(token: ApiToken) -> str:
    return reverse("api_token_revoke", args=[token.pk])


def test_it_is_linked_from_every_page(as_alice: Client):
    assert f'href="{PAGE}"' in as_alice.get("/").content.decode()


def test_it_asks_to_sign_in(client: Client, alice: User):
    token, _ = tokens.issue(alice, "CI")
    for path in (PAGE, revoke_page(token)):
        for response in (client.get(path), client.post(path)):
            assert response.url == f"{reverse('account_login')}?next={path}"
    assert ApiToken.objects.get().revoked_at is None


def test_a_created_token_authenticates_its_owner(as_alice: Client, alice: User):
    response = create(as_alice, name=" CI ")
    assert response.status_code == 200
    (secret,) = set(SECRET.findall(response.content.decode()))
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scope, token.expires_at) == (alice, "CI", "write", None)
    assert tokens.authenticate(secret) == token


def test_its_secret_is_shown_once(as_alice: Client):
    made = create(as_alice)
    (secret,) = set(SECRET.findall(made.content.decode()))
    assert "no-store" in made["Cache-Control"]
    assert "private" in made["Cache-Control"]
    assert secret not in str(made.headers) + str(made.cookies) + str(dict(as_alice.session))
    assert not list(get_messages(made.wsgi_request))
    page = as_alice.get(PAGE)
    assert secret not in page.content.decode()
    assert f"{secret[:10]}…" in page.content.decode()
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("scope", list(Scope))
def test_it_may_be_limited(as_alice: Client, scope):
    create(as_alice, scope=scope, expires_in="30")
    token = ApiToken.objects.get()
    assert token.scope == scope
    assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 101},
        {"name": "a\x00b"},
        {"scope": "all"},
        {"expires_in": "-1"},
    ],
)
def test_bad_input_is_explained_and_creates_nothing(as_alice: Client, fields):
    response = create(as_alice, **fields)
    assert response.status_code == 422
    assert 'class="field-error"' in response.content.decode()
    assert not ApiToken.objects.exists()


def test_it_shows_the_status_of_each(as_alice: Client, alice: User):
    now = timezone.now()
    tokens.issue(alice, "Ended", expires_at=now - timedelta(days=1))
    gone, _ = tokens.issue(alice, "Gone")
    tokens.revoke(gone)
    _, secret = tokens.issue(alice, "Used", scope=Scope.READ)
    tokens.authenticate(secret)
    page = as_alice.get(PAGE)
    statuses = {token.name: token.status for token in page.context["tokens"]}
    assert statuses == {"Used": "Active", "Gone": "Revoked", "Ended": "Expired"}
    assert all(f">{status}</span>" in page.content.decode() for status in statuses.values())
    assert page.content.decode().count("/revoke") == 2
    assert revoke_page(gone) not in page.content.decode()


def test_it_shows_nobody_elses(as_alice: Client, bob: User):
    tokens.issue(bob, "Bobs own")
    assert "Bobs own" not in as_alice.get(PAGE).content.decode()


def test_revoking_asks_first(as_alice: Client, alice: User):
    token, secret = tokens.issue(alice, "CI")
    assert "Revoke this token?" in as_alice.get(revoke_page(token)).content.decode()
    assert tokens.authenticate(secret) == token

    response = as_alice.post(revoke_page(token), follow=True)

    assert response.redirect_chain == [(PAGE, 302)]
    assert "Token “CI” revoked" in response.content.decode()
    assert tokens.authenticate(secret) is None


def test_revoking_twice_keeps_the_first_time(as_alice: Client, alice: User):
    token, _ = tokens.issue(alice, "CI")
    as_alice.post(revoke_page(token))
    first = ApiToken.objects.get().revoked_at
    response = as_alice.post(revoke_page(token), follow=True)
    assert response.status_code == 200
    assert ApiToken.objects.get().revoked_at == first


def test_nobody_revokes_anothers(as_bob: Client, as_carol: Client, alice: User):
    token, secret = tokens.issue(alice, "CI")
    for client in (as_bob, as_carol):
        assert client.get(revoke_page(token)).status_code == 404
        assert client.post(revoke_page(token)).status_code == 404
    assert tokens.authenticate(secret) == token


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(as_alice: Client, alice: User, method):
    token, secret = tokens.issue(alice, "CI")
    for path in (PAGE, revoke_page(token)):
        assert getattr(as_alice, method)(path).status_code == 405
    assert tokens.authenticate(secret) == token


def test_it_needs_the_csrf_token(alice: User):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert create(browser).status_code == 403
    assert not ApiToken.objects.exists()
