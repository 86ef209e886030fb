"""Signing in with an OpenID Connect provider, tried with a real one: a server of its own, over HTTP."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import invitations
from accounts.models import Invitation, Role, User
from tests.factories import PASSWORD, UserFactory
from tests.studio import free_port, wait_until

pytestmark = pytest.mark.django_db
LOGIN = reverse("openid_connect_login", args=["oidc"])
CALLBACK = reverse("openid_connect_callback", args=["oidc"])
DORA = {
    "sub": "dora-at-work",
    "email": "dora@example.org",
    "email_verified": True,
    "preferred_username": "dora",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider that signs anybody in who is named."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://localhost:{port}"
    try:
        wait_until(lambda: _answers(issuer))
        yield issuer
    finally:
        running.terminate()
        running.wait(timeout=30)


def _answers(issuer: str) -> bool:
    try:
        return requests.get(f"{issuer}/.well-known/openid-configuration", timeout=1).ok
    except requests.RequestException:
        return False


@pytest.fixture(autouse=True)
def configured(settings, provider: str) -> None:
    """What the settings say when OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET are set."""
    _configure(settings, provider)


def _configure(settings, issuer: str, **more: Any) -> None:
    settings.OIDC_ENABLED, settings.OIDC_ISSUER, settings.OIDC_NAME = True, issuer, "Work account"
    settings.OIDC_SIGNUP = "everyone"
    app = {"provider_id": "oidc", "name": "Work account", "client_id": "studio", "secret": "s3cret"}
    app["settings"] = {"server_url": issuer}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    for name, value in more.items():
        setattr(settings, name, value)


def _go(client: Client, **fields: str) -> str:
    """Ask to sign in, and return the address at the provider that the browser is sent to."""
    response = client.post(LOGIN, fields)
    assert response.status_code == 200
    return response.headers["Refresh"].partition("url=")[2]


def _approve(provider: str, address: str, claims: dict[str, Any]) -> str:
    """Sign in at the provider as this person, and return where it sends the browser back to."""
    told = {name: value for name, value in claims.items() if name != "sub"}
    stored = requests.put(f"{provider}/users/{claims['sub']}", json=told, timeout=5)
    assert stored.ok, stored.text
    reply = requests.post(address, {"sub": claims["sub"]}, allow_redirects=False, timeout=5)
    assert reply.status_code == 302, reply.text
    back = urlsplit(reply.headers["Location"])
    assert back.path == CALLBACK
    return f"{back.path}?{back.query}"


def _sign_in(client: Client, provider: str, claims: dict[str, Any] = DORA, **fields: str):
    return client.get(_approve(provider, _go(client, **fields), claims))


def _user_of(client: Client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


# --- Coming in ---------------------------------------------------------------------------------------------


def test_the_first_visit_makes_an_account_and_the_second_knows_it(client: Client, provider: str):
    assert _sign_in(client, provider).url == reverse("videos:studio")
    dora = _user_of(client)
    assert dora is not None
    assert (dora.username, dora.email, dora.role) == ("dora", "dora@example.org", Role.CREATOR)
    assert not any([dora.is_staff, dora.is_superuser, dora.has_usable_password()])

    again = Client()
    _sign_in(again, provider, {**DORA, "email": "married@example.org", "preferred_username": "other"})
    assert _user_of(again) == dora, "by the provider's own id"


def test_it_goes_on_to_where_one_was_going(client: Client, provider: str):
    assert _sign_in(client, provider, next="/library/").url == "/library/"
    assert _sign_in(Client(), provider, next="https://evil.example/").url == reverse("videos:studio")


def test_the_request_has_state_and_proof_of_key(client: Client):
    address = _go(client)
    assert re.search(r"[?&]state=\w{16,}", address)
    assert "code_challenge_method=S256" in address
    assert "s3cret" not in address


def test_the_page_to_the_provider_works_by_itself_and_by_a_link(client: Client, provider: str):
    response = client.post(LOGIN)
    assert f'href="{provider}/oauth2/authorize?' in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert client.get(LOGIN).status_code == 405, "no other site begins it by a link"


def test_the_sign_in_page_offers_it_only_where_it_is_configured(client: Client, settings):
    assert "Continue with Work account" in client.get(reverse("account_login")).content.decode()
    settings.OIDC_ENABLED = False
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert "Continue with" not in client.get(reverse("account_login")).content.decode()
    assert client.post(LOGIN).status_code == 404
    assert client.get(f"{CALLBACK}?code=x&state=y").status_code == 404


def test_a_second_factor_is_asked_for_too(client: Client, provider: str):
    _sign_in(client, provider)
    dora = _user_of(client)
    TOTP.activate(dora, "JBSWY3DPEHPK3PXP")
    again = Client()
    assert _sign_in(again, provider).url == reverse("mfa_authenticate")
    assert _user_of(again) is None


def test_somebody_who_is_blocked_stays_out(client: Client, provider: str):
    _sign_in(client, provider)
    User.objects.update(is_active=False)
    again = Client()
    assert _sign_in(again, provider).url == reverse("account_inactive")
    assert _user_of(again) is None


# --- Who may join ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "domains", "joins"),
    [
        ("closed", ["example.org"], False),
        ("invited", ["example.org"], False),
        ("domains", ["example.org"], True),
        ("domains", ["example.com"], False),
        ("everyone", [], True),
    ],
)
def test_the_rule_decides(
    client: Client, provider: str, settings, rule: str, domains: list[str], joins: bool
):
    settings.OIDC_SIGNUP, settings.SIGNUP_EMAIL_DOMAINS = rule, domains
    response = _sign_in(client, provider)
    assert (_user_of(client) is not None) is joins
    assert User.objects.exists() is joins
    if not joins:
        assert "Invitation only" in response.content.decode()


def test_an_address_that_the_provider_does_not_vouch_for_opens_no_domain(
    client: Client, provider: str, settings
):
    settings.OIDC_SIGNUP, settings.SIGNUP_EMAIL_DOMAINS = "domains", ["example.org"]
    for verified in (False, None, "true", 1):
        _sign_in(client, provider, {**DORA, "email_verified": verified})
    assert not User.objects.exists()


def test_whoever_opened_an_invitation_joins_by_it(client: Client, provider: str, settings):
    settings.OIDC_SIGNUP = "invited"
    manager = UserFactory(role=Role.MANAGER)
    _, secret = invitations.issue(manager, role=Role.VIEWER)
    client.get(reverse("invitation", args=[secret]))

    _sign_in(client, provider)

    dora = _user_of(client)
    assert dora is not None
    assert dora.role == Role.VIEWER
    assert Invitation.objects.get().accepted_by == dora
    other = Client()
    _sign_in(other, provider, {**DORA, "sub": "other", "email": "other@example.org"})
    assert _user_of(other) is None


def test_an_invitation_of_an_address_is_for_that_address(client: Client, provider: str, settings):
    settings.OIDC_SIGNUP = "invited"
    manager = UserFactory(role=Role.MANAGER)
    _, secret = invitations.issue(manager, role=Role.CREATOR, email="dora@example.org")

    thief = Client()
    thief.get(reverse("invitation", args=[secret]))
    _sign_in(thief, provider, {**DORA, "sub": "thief", "email": "thief@example.org"})
    assert _user_of(thief) is None

    _sign_in(client, provider)
    assert _user_of(client) is not None, "whom it is for needs no link"


# --- Whose account it is -----------------------------------------------------------------------------------


@pytest.fixture
def local(db) -> User:
    """Somebody with a password and an address that both sides confirmed."""
    user = UserFactory(username="local", email="dora@example.org")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def test_an_address_that_both_confirmed_joins_the_account_and_says_so(
    client: Client, provider: str, local: User
):
    _sign_in(client, provider)
    assert _user_of(client) == local
    assert [message.to for message in mail.outbox] == [["dora@example.org"]]
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [{"verified": False}, {"gone": True}, {"is_staff": True}, {"is_superuser": True}],
)
def test_no_account_is_taken_over(client: Client, provider: str, local: User, changes: dict[str, bool]):
    if "gone" in changes:  # the address was only written into the account
        EmailAddress.objects.all().delete()
    elif "verified" in changes:
        EmailAddress.objects.update(**changes)
    else:
        User.objects.update(**changes)

    response = _sign_in(client, provider)

    assert response.status_code == 403
    assert "There is an account with your address already." in response.content.decode()
    assert _user_of(client) is None
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1


def test_an_unverified_address_makes_an_account_without_it(client: Client, provider: str, local: User):
    _sign_in(client, provider, {**DORA, "email_verified": False})
    dora = _user_of(client)
    assert dora is not None
    assert dora != local
    assert dora.email == ""


def test_a_name_that_is_taken_is_not_joined(client: Client, provider: str):
    local = UserFactory(username="dora")
    _sign_in(client, provider)
    dora = _user_of(client)
    assert dora is not None
    assert dora != local
    assert dora.username != "dora"


def test_somebody_connects_it_after_confirming_who_they_are(provider: str, local: User):
    User.objects.update(is_staff=True)
    client = Client()
    client.force_login(local)
    back = _approve(provider, _go(client, process="connect"), DORA)
    assert client.get(back).url.startswith(reverse("account_reauthenticate"))
    assert not SocialAccount.objects.exists()

    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    assert SocialAccount.objects.get().user == local
    other = Client()
    _sign_in(other, provider)
    assert _user_of(other) == local
    assert "Disconnect" in client.get(reverse("socialaccount_connections")).content.decode()


# --- Roles and groups --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        (["studio-leads", "studio-makers"], Role.MANAGER),
        (["studio-makers"], Role.CREATOR),
        ("studio-makers", Role.CREATOR),
        (["unknown"], Role.VIEWER),
        ([], Role.VIEWER),
        ([{"name": "studio-leads"}, None, 7], Role.VIEWER),
    ],
)
def test_the_claim_says_the_role_at_each_sign_in(client: Client, provider: str, settings, claim, role: Role):
    settings.OIDC_ROLES = {"studio-leads": "manager", "studio-makers": "creator"}
    settings.SIGNUP_ROLE = "viewer"
    _sign_in(client, provider, {**DORA, "groups": ["studio-leads"]})
    assert _user_of(client).role == Role.MANAGER

    _sign_in(client, provider, {**DORA, "groups": claim})

    dora = User.objects.get()
    assert dora.role == role
    assert not any([dora.is_staff, dora.is_superuser])


@pytest.mark.parametrize("claims", [DORA, {**DORA, "groups": 7}, {**DORA, "groups": None}])
def test_a_claim_that_is_not_sent_changes_nothing(client: Client, provider: str, settings, claims):
    settings.OIDC_ROLES = {"studio-leads": "manager"}
    _sign_in(client, provider, {**DORA, "groups": ["studio-leads"]})
    _sign_in(client, provider, claims)
    assert User.objects.get().role == Role.MANAGER


def test_groups_follow_the_claim_and_others_stay(client: Client, provider: str, settings):
    settings.OIDC_GROUPS = {"support": "Support", "audit": "Auditors"}
    _sign_in(client, provider, {**DORA, "groups": ["support"]})
    dora = _user_of(client)
    dora.groups.add(Group.objects.create(name="By hand"))

    _sign_in(client, provider, {**DORA, "groups": ["audit"]})

    assert set(dora.groups.values_list("name", flat=True)) == {"Auditors", "By hand"}


# --- When it goes wrong ------------------------------------------------------------------------------------


def test_a_provider_that_is_away_is_a_sentence(client: Client, settings):
    _configure(settings, f"http://localhost:{free_port()}")
    response = client.post(LOGIN)
    assert response.status_code == 502
    assert "There is no answer from Work account" in response.content.decode()


@pytest.mark.parametrize("path", ["/", "/jwks", "/nowhere"])
def test_an_issuer_that_is_none_is_a_sentence(client: Client, settings, provider: str, path: str):
    _configure(settings, f"{provider}{path}/.well-known/?")
    assert client.post(LOGIN).status_code == 502


def test_one_that_goes_away_in_between_is_a_sentence(client: Client, settings, provider: str):
    back = _approve(provider, _go(client), DORA)
    _configure(settings, f"http://localhost:{free_port()}")
    response = client.get(back)
    assert response.status_code == 502
    assert _user_of(client) is None


def test_whoever_cancels_there_is_told_so(client: Client, provider: str):
    address = _go(client)
    state = re.search(r"state=(\w+)", address)
    assert state is not None
    response = client.get(f"{CALLBACK}?error=access_denied&state={state[1]}", follow=True)
    assert "You canceled signing in with Work account." in response.content.decode()


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?code=x&state=x", "?error=x", "?code=%00&state=%00"]
)
def test_a_callback_that_nobody_asked_for_signs_nobody_in(client: Client, query: str):
    response = client.get(f"{CALLBACK}{query}")
    assert response.status_code == 401
    assert "You are not signed in" in response.content.decode()


def test_anothers_callback_signs_nobody_in(client: Client, provider: str):
    back = _approve(provider, _go(client), DORA)
    victim = Client()
    assert victim.get(back).status_code == 401
    assert _user_of(victim) is None
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 401, "and it works once"


def test_a_wrong_code_is_a_sentence(client: Client, provider: str):
    back = _approve(provider, _go(client), DORA)
    response = client.get(re.sub(r"code=[^&]+", "code=wrong", back))
    assert response.status_code in (401, 502)
    assert _user_of(client) is None


def test_a_token_about_somebody_else_is_refused(client: Client, provider: str, monkeypatch):
    from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter

    monkeypatch.setattr(
        OpenIDConnectOAuth2Adapter, "_fetch_user_info", lambda self, token: {**DORA, "sub": "somebody-else"}
    )
    response = _sign_in(client, provider)
    assert response.status_code == 502
    assert not User.objects.exists()


@pytest.mark.parametrize("info", [[], "text", None, 7, {"email": "x"}])
def test_user_info_that_makes_no_sense_is_a_sentence(client: Client, provider: str, monkeypatch, info):
    from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter

    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "_fetch_user_info", lambda self, token: info)
    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "_decode_id_token", lambda self, app, token: {})
    assert _sign_in(client, provider).status_code == 502
    assert not User.objects.exists()
