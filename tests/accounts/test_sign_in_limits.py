"""Guessing passwords: a stranger is stopped, and the owner is not."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import sign_in_limits
from accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
STRANGER, OWNER = "203.0.113.7", "198.51.100.9"


def _try(address: str, password: str, *, client: Client | None = None, login: str = "alice", **more: Any):
    data = {"login": login, "password": password}
    return (client or Client()).post(LOGIN, data, REMOTE_ADDR=address, **more)


def _is_in(response: Any) -> bool:
    return bool(response.status_code == 302)


def _is_limited(response: Any) -> bool:
    return "Too many failed login attempts" in response.content.decode()


def _guess(count: int, address: str = STRANGER, **more: Any) -> Any:
    for _ in range(count):
        response = _try(address, "a guess", **more)
    return response


def test_a_stranger_is_stopped_and_the_owner_gets_in(alice: User):
    assert not _is_limited(_guess(5))
    assert _is_limited(_guess(1))
    assert not _is_in(_try(STRANGER, PASSWORD)), "stopped also with the right one"

    assert _is_in(_try(OWNER, PASSWORD))


@pytest.mark.parametrize("name", ["Alice", " alice", "ALICE", "\uff41lice"])
def test_another_spelling_is_the_same_name(alice: User, name: str):
    _guess(5)

    assert _is_limited(_guess(1, login=name))


def test_other_names_have_limits_of_their_own(alice: User, bob: User):
    _guess(6)

    assert _is_in(_try(STRANGER, PASSWORD, login="bob"))


def test_many_strangers_slow_each_other_down_and_never_lock_the_owner_out(alice: User):
    for number in range(sign_in_limits.FOR_NAME.amount // 5):
        _guess(5, f"203.0.113.{number}")

    assert not _is_limited(_guess(1, "203.0.113.200")), "each network has one guess left"
    assert _is_limited(_guess(1, "203.0.113.200"))
    assert _is_in(_try(OWNER, PASSWORD)), "so a new device of the owner's gets in at once"


def test_a_browser_that_is_known_passes_even_from_the_strangers_network(alice: User):
    browser = Client()
    assert _is_in(_try(STRANGER, PASSWORD, client=browser))
    browser.post(reverse("account_logout"))
    _guess(60)

    assert _is_in(_try(STRANGER, PASSWORD, client=browser))


def test_a_known_browser_has_a_limit_too(alice: User):
    browser = Client()
    _try(OWNER, PASSWORD, client=browser)
    browser.post(reverse("account_logout"))

    assert not _is_limited(_guess(10, OWNER, client=browser))
    assert _is_limited(_guess(1, OWNER, client=browser))


def test_being_known_is_for_one_name_and_ends_with_the_password(alice: User, bob: User):
    browser = Client()
    _try(STRANGER, PASSWORD, client=browser)
    browser.post(reverse("account_logout"))

    _guess(5, client=browser, login="bob")
    assert _is_limited(_guess(1, client=browser, login="bob"))
    _guess(5)
    alice.set_password("another long phrase")
    alice.save()
    assert _is_limited(_try(STRANGER, "a guess", client=browser))


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "W10:1:x", "\u00e9"])
def test_a_made_up_cookie_makes_nobody_known(alice: User, cookie: str):
    browser = Client()
    browser.cookies[sign_in_limits.COOKIE] = cookie
    _guess(5, client=browser)

    assert _is_limited(_guess(1, client=browser))


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(alice: User, settings):
    settings.SESSION_COOKIE_SECURE = True

    cookie = _try(OWNER, PASSWORD).cookies[sign_in_limits.COOKIE]

    assert cookie["httponly"]
    assert cookie["secure"]
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/accounts/")
    assert "alice" not in cookie.value


def test_right_passwords_do_not_count(alice: User):
    for _ in range(12):
        assert _is_in(_try(OWNER, PASSWORD))


def test_one_network_does_not_try_many_names(alice: User):
    for number in range(sign_in_limits.FROM_NETWORK.amount):
        _guess(1, login=f"name{number}")

    assert _is_limited(_guess(1, login="one-more"))
    assert _is_in(_try(OWNER, PASSWORD))


def test_a_forwarded_address_is_believed_only_behind_a_proxy(alice: User, settings):
    settings.TRUST_PROXY = 0
    for number in range(6):
        response = _guess(1, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert _is_limited(response), "an invented address makes no new stranger"

    settings.TRUST_PROXY = 1
    _guess(5, HTTP_X_FORWARDED_FOR="192.0.2.99")
    assert _is_limited(_guess(1, HTTP_X_FORWARDED_FOR="198.51.100.1, 192.0.2.99"))
    assert _is_in(_try(STRANGER, PASSWORD, HTTP_X_FORWARDED_FOR=OWNER))


def test_guesses_that_come_at_once_count_before_they_are_tried(rf, alice: User):
    request = rf.post(LOGIN, REMOTE_ADDR=STRANGER)

    allowed = [sign_in_limits.begin_attempt(request, "alice").is_allowed for _ in range(8)]

    assert allowed == [True] * 5 + [False] * 3
