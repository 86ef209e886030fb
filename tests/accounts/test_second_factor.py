"""Second factors: asked for after the password, hard to guess, and required of staff by a setting."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN, CODE, SIGN_IN = reverse("account_login"), reverse("mfa_authenticate"), reverse("mfa_index")
SECRET = "JBSWY3DPEHPK3PXP"


def _code(secret: str = SECRET) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


@pytest.fixture
def totp(alice: User) -> Authenticator:
    return TOTP.activate(alice, SECRET).instance


def _password(client: Client, name: str = "alice") -> Any:
    return client.post(LOGIN, {"login": name, "password": PASSWORD})


def _is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def _confirm(client: Client) -> None:
    """Confirm one's identity, as changing a factor asks for."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def test_the_password_alone_does_not_let_in(client: Client, totp):
    assert _password(client).url == CODE
    assert not _is_in(client)
    assert client.get("/").status_code == 302

    assert client.post(CODE, {"code": "000000"}).status_code == 200
    assert not _is_in(client)
    assert client.post(CODE, {"code": _code()}).status_code == 302
    assert _is_in(client)


def test_the_codes_page_leads_back_without_the_password(client: Client, totp):
    assert client.get(CODE).url == LOGIN
    assert client.post(CODE, {"code": _code()}).url == LOGIN
    assert not _is_in(client)


def test_a_code_works_once(client: Client, totp):
    code, other = _code(), Client()
    _password(client)
    client.post(CODE, {"code": code})
    _password(other)
    other.post(CODE, {"code": code})
    assert _is_in(client)
    assert not _is_in(other)


def test_guessing_codes_is_stopped(client: Client, totp):
    _password(client)
    for number in range(5):
        client.post(CODE, {"code": f"{number:06}"})
    response = client.post(CODE, {"code": _code()})
    assert "Too many failed login attempts" in response.content.decode()
    assert not _is_in(client)

    other = Client()
    _password(other)
    other.post(CODE, {"code": _code()}, REMOTE_ADDR="203.0.113.9")
    assert not _is_in(other), "another network guesses at the same code"


def test_a_recovery_code_does_once(client: Client, totp, alice: User):
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    for tried, lets_in in ((client, True), (Client(), False)):
        _password(tried)
        tried.post(CODE, {"code": code})
        assert _is_in(tried) is lets_in


def test_a_reset_password_does_not_go_around_it(client: Client, totp, alice: User):
    alice.email = "alice@example.org"
    alice.save()
    client.post(reverse("account_reset_password"), {"email": alice.email})
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)
    assert link is not None
    new = "a new long phrase"
    client.post(client.get(link[1]).url, {"password1": new, "password2": new})
    assert not _is_in(client)
    assert client.post(LOGIN, {"login": "alice", "password": new}).url == CODE


def test_the_admin_has_no_door_of_its_own(carol: User):
    TOTP.activate(carol, SECRET)
    client = Client()
    data = {"username": "carol", "password": PASSWORD, "next": "/admin/"}
    assert client.post(reverse("admin:login"), data).url.startswith(LOGIN)
    assert not _is_in(client)
    _password(client, "carol")
    assert client.get("/admin/").status_code == 302


def test_an_app_is_added_and_recovery_codes_with_it(as_alice: Client, alice: User):
    page = reverse("mfa_activate_totp")
    assert as_alice.get(page).url.startswith(reverse("account_reauthenticate")), "whoever finds the tab open"
    _confirm(as_alice)
    form = as_alice.get(page)
    assert "data:image/svg+xml" in form.content.decode()

    wrong = as_alice.post(page, {"code": "000000"})
    assert "code" in wrong.context["form"].errors
    response = as_alice.post(page, {"code": _code(wrong.context["form"].secret)})

    assert response.url == reverse("mfa_view_recovery_codes")
    assert as_alice.get(response.url).content.decode().count("<li><code>") == 10
    assert "10 left" in as_alice.get(SIGN_IN).content.decode()


def test_an_app_is_removed(as_alice: Client, alice: User, totp):
    _confirm(as_alice)
    page = reverse("mfa_deactivate_totp")
    assert "Remove the authenticator app?" in as_alice.get(page).content.decode()
    as_alice.post(page)
    assert not Authenticator.objects.exists()


def test_codes_are_downloaded_and_made_anew(as_alice: Client, alice: User, totp):
    _confirm(as_alice)
    assert "Make new recovery codes?" in as_alice.get(reverse("mfa_generate_recovery_codes")).content.decode()
    as_alice.post(reverse("mfa_generate_recovery_codes"))
    codes = as_alice.get(reverse("mfa_view_recovery_codes"))
    text = as_alice.get(reverse("mfa_download_recovery_codes")).content.decode()
    assert all(code in text for code in codes.context["unused_codes"])


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", "x", '{"id": "a", "rawId": "a"}', '{"id":"\\u0000"}']
)
def test_a_passkey_that_makes_no_sense_is_an_error(client: Client, as_alice: Client, credential: str):
    client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    assert client.post(reverse("mfa_login_webauthn"), {"credential": credential}).status_code < 500
    assert not _is_in(client)
    _confirm(as_alice)
    as_alice.get(reverse("mfa_add_webauthn"))
    assert as_alice.post(reverse("mfa_add_webauthn"), {"credential": credential}).status_code < 500
    assert not Authenticator.objects.exists()


# --- Required of staff -------------------------------------------------------------------------------------


@pytest.fixture
def required(settings) -> None:
    settings.MFA_REQUIRED_FOR_STAFF = True


@pytest.mark.parametrize("path", ["/", "/library/", "/admin/", "/admin/accounts/user/", "/accounts/tokens/"])
def test_staff_without_one_get_nowhere(as_carol: Client, required, path: str):
    assert as_carol.get(path).url == SIGN_IN
    assert "Set up a second factor" in as_carol.get(SIGN_IN).content.decode()
    htmx = as_carol.get(path, headers={"HX-Request": "true"})
    assert htmx.headers["HX-Redirect"] == SIGN_IN


def test_nor_do_they_by_the_api_of_a_session(as_carol: Client, required):
    reply = as_carol.get("/api/v1/videos")
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "second_factor_missing")


def test_staff_with_one_and_others_go_on(as_carol: Client, carol: User, as_alice: Client, required):
    TOTP.activate(carol, SECRET)
    assert as_carol.get("/admin/").status_code == 200
    assert as_alice.get("/").status_code == 200


def test_staff_can_set_one_up_or_leave(as_carol: Client, required):
    _confirm(as_carol)
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "account_logout"):
        assert as_carol.get(reverse(name)).status_code == 200
    as_carol.post(reverse("account_logout"))
    assert not _is_in(as_carol)


def test_recovery_codes_alone_are_no_second_factor(as_carol: Client, carol: User, required):
    RecoveryCodes.activate(carol)
    assert as_carol.get("/admin/").url == SIGN_IN


def test_tokens_give_no_rights_of_staff_and_go_on(carol: User, required):
    _, secret = tokens.issue(carol, "CI")
    header = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/videos", headers=header).status_code == 200


# --- A lost phone ------------------------------------------------------------------------------------------


def test_staff_let_in_somebody_who_lost_the_phone(as_carol: Client, alice: User, totp):
    RecoveryCodes.activate(alice)
    data = {"action": "remove_second_factors", "_selected_action": [alice.pk]}
    page = as_carol.post(reverse("admin:accounts_user_changelist"), data, follow=True)
    assert "signs in by password alone" in page.content.decode()
    assert not Authenticator.objects.exists()


def test_what_is_secret_is_not_in_the_admin(as_carol: Client, totp):
    for path in ("mfa/authenticator", "account/emailaddress", "socialaccount/socialapp"):
        assert as_carol.get(f"/admin/{path}/").status_code == 404
