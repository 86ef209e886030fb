"""Who comes in: what `authenticate` says of each kind of caller."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, Scope, User
from tests.api.rest.conftest import URL, client_of, refused
from videos.api import auth, rate_limit

pytestmark = pytest.mark.django_db
GENERATE = f"{URL}/generate"


def bearing(secret: str, scheme: str = "Bearer") -> Client:
    return Client(headers={"Authorization": f"{scheme} {secret}"})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_opens_the_door(alice: User, scheme):
    _, secret = tokens.issue(alice, "test")
    assert bearing(secret, scheme).get(URL).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YWxpY2U6cHc=", "Bearer cg_guess", "cg_guess", "Bearer é"]
)
def test_anything_else_does_not(alice: User, header):
    response = Client(headers={"Authorization": header}).get(URL)
    refused(response, 401, code="invalid_api_key")
    assert response["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("path", [URL, "/v1/videos"])
@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "is empty"),
        ("Bearer", "no token: it is empty"),
        ("Bearer ", "no token: it is empty"),
        ("cg_guess", "without 'Bearer'"),
        ("cg_guess and more", "without 'Bearer'"),
        ("Basic YWxpY2U6cHc=", "another scheme than 'Bearer'"),
        ("Bearer cg_guess", "unknown, expired or revoked"),
        (None, "no API token in this request"),
    ],
)
def test_it_says_what_is_wrong_and_where_a_token_is_made(db, path, header, sentence):
    headers = {} if header is None else {"Authorization": header}
    response = Client().get(path, headers=headers)

    message = refused(response, 401)
    assert sentence in message
    assert "http://testserver/accounts/tokens/" in message
    assert "guess" not in message
    assert response["WWW-Authenticate"] == 'Bearer realm="ContentGen"'


def test_nobody_is_told_to_send_a_token(client: Client, db):
    response = client.get(URL)
    refused(response, 401, code="missing_api_key")
    assert response["WWW-Authenticate"].startswith("Bearer ")


def test_a_header_counts_before_a_session(as_alice: Client):
    """Or a program with a wrong token would act as whoever is signed in."""
    refused(as_alice.get(URL, headers={"Authorization": "Bearer cg_wrong"}), 401, code="invalid_api_key")


def test_a_revoked_token_stays_outside(alice: User):
    token, secret = tokens.issue(alice, "test")
    assert bearing(secret).get(URL).status_code == 200
    assert tokens.revoke(token) is True
    assert tokens.revoke(token) is False
    refused(bearing(secret).get(URL), 401)


def test_a_token_ends_when_it_says(alice: User):
    _, secret = tokens.issue(alice, "test", expires_at=timezone.now() + timedelta(minutes=1))
    assert bearing(secret).get(URL).status_code == 200
    ApiToken.objects.update(expires_at=timezone.now())
    refused(bearing(secret).get(URL), 401)


def test_a_locked_account_stays_outside(alice: User, as_alice: Client):
    _, secret = tokens.issue(alice, "test")
    User.objects.update(is_active=False)
    refused(bearing(secret).get(URL), 401)
    refused(as_alice.get(URL), 401)


def test_the_secret_is_not_stored(alice: User):
    token, secret = tokens.issue(alice, "test")
    assert secret.startswith(token.hint)
    assert len(token.hint) < 12
    assert secret not in str(ApiToken.objects.values().get())


def test_its_use_is_noted_once_a_minute(alice: User, django_assert_num_queries):
    token, secret = tokens.issue(alice, "test")
    assert tokens.authenticate(secret) is not None
    first = ApiToken.objects.get(pk=token.pk).last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        tokens.authenticate(secret)
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    tokens.authenticate(secret)
    assert ApiToken.objects.get(pk=token.pk).last_used_at >= first


def test_a_read_token_may_only_look(reader: Client):
    assert reader.get(URL).status_code == 200
    response = reader.post(GENERATE, {"prompt": "A lake"}, content_type="application/json")
    refused(response, 403, code="insufficient_scope")


def test_a_session_needs_its_csrf_token_to_change_anything(alice: User):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.get(URL).status_code == 200
    fields = {"prompt": "A lake"}
    refused(browser.post(GENERATE, fields, content_type="application/json"), 403, code="csrf_failed")
    refused(browser.post(GENERATE, fields), 403, code="csrf_failed")
    browser.get("/")
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.post(GENERATE, fields, content_type="application/json", headers=token).status_code == 200
    foreign = {**token, "Origin": "https://evil.example"}
    refused(browser.post(GENERATE, fields, headers=foreign), 403, code="csrf_failed")


def test_a_token_needs_no_csrf_token(program: Client):
    assert program.post(GENERATE, {"prompt": "A lake"}).status_code == 200


def test_it_is_limited_by_the_minute(alice: User, settings, monkeypatch):
    settings.API_REQUESTS_PER_MINUTE = 3
    monkeypatch.setattr(rate_limit.time, "time", lambda: 1_000_030.0)  # 10 s before the window ends
    impatient, other = client_of(alice), client_of(alice)
    assert [impatient.get(URL).status_code for _ in range(4)] == [200, 200, 200, 429]
    response = impatient.get(URL)
    refused(response, 429, code="rate_limited")
    assert response["Retry-After"] == "50"
    assert other.get(URL).status_code == 200
    monkeypatch.setattr(rate_limit.time, "time", lambda: 1_000_080.0)
    assert impatient.get(URL).status_code == 200


def test_without_a_cache_nobody_waits(program: Client, settings, monkeypatch, caplog):
    settings.API_REQUESTS_PER_MINUTE = 0

    def broken(*args: object) -> None:
        raise ConnectionError("the cache is away")

    monkeypatch.setattr(type(caches["default"]), "add", broken)
    assert program.get(URL).status_code == 200
    assert "cannot be counted" in caplog.text


def test_it_says_who_it_is(alice: User, rf: RequestFactory):
    token, secret = tokens.issue(alice, "test", scope=Scope.READ)
    caller = auth.authenticate(rf.get("/", headers={"Authorization": f"Bearer {secret}"}))
    assert (caller.user, caller.token) == (alice, token)
