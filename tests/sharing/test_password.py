"""The password of a link."""

import pytest
from django.core import signing

from tests.sharing.conftest import PASSWORD, PROMPT, address
from videos.models import ShareLink
from videos.services import share_passwords

pytestmark = pytest.mark.django_db


def enter(client, link: ShareLink, password: str = PASSWORD, **headers: str):
    return client.post(address(link, "unlock"), {"password": password}, headers=headers)


def test_it_asks_first_and_tells_nothing(visitor, share):
    link = share(password=PASSWORD, title="The launch", shows_prompt=True)
    response = visitor.get(address(link))
    page = response.content.decode()
    assert response.status_code == 200
    assert 'type="password"' in page
    for private in ("The launch", PROMPT, "og:image", "og:video", "<video", "poster.webp"):
        assert private not in page
    assert not response.cookies


def test_whoever_knows_it_is_remembered_for_this_link_alone(visitor, share):
    link, other = share(password=PASSWORD), share(password=PASSWORD)
    response = enter(visitor, link)
    assert response.url == address(link)
    cookie = response.cookies["share"]
    assert cookie["path"] == address(link)
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]
    assert not cookie["expires"]
    assert b"<video" in visitor.get(address(link)).content
    assert b"<video" not in visitor.get(address(other)).content
    visitor.cookies["share"] = cookie.value  # whatever its path
    visitor.cookies["share"]["path"] = "/"
    assert b"<video" not in visitor.get(address(other)).content


def test_a_wrong_one_is_a_sentence(visitor, share):
    response = enter(visitor, share(password=PASSWORD), "open barley")
    assert response.status_code == 403
    assert "That is not the password." in response.content.decode()
    assert not response.cookies


@pytest.mark.parametrize("password", ["", "x" * 129, "NUL\x00", "\U0001d4b3" * 20])
def test_odd_ones_are_wrong(visitor, share, password):
    assert enter(visitor, share(password=PASSWORD), password).status_code == 403


def test_tries_are_limited_for_each_link_and_network(visitor, share):
    link, other = share(password=PASSWORD), share(password=PASSWORD)
    statuses = [enter(visitor, link, "guess").status_code for _ in range(7)]
    assert statuses == [403] * 5 + [429] * 2
    late = enter(visitor, link)
    assert late.status_code == 429
    assert "Too many tries" in late.content.decode()
    assert enter(visitor, other).status_code == 302


def test_guesses_of_one_network_keep_no_other_out(visitor, client, share, settings):
    settings.TRUST_PROXY = 1
    link = share(password=PASSWORD)
    for _ in range(6):
        enter(client, link, "guess", **{"X-Forwarded-For": "192.0.2.1"})
    assert enter(visitor, link, **{"X-Forwarded-For": "192.0.2.2"}).status_code == 302


def test_many_networks_have_a_try_each_at_a_time(client, share, settings):
    settings.TRUST_PROXY = 1
    link = share(password=PASSWORD)
    of_link = share_passwords._FOR_LINK
    for _ in range(of_link.amount):
        of_link.count(of_link.key(str(link.pk)))
    guesses = [enter(client, link, "guess", **{"X-Forwarded-For": "192.0.2.7"}) for _ in range(2)]
    assert [each.status_code for each in guesses] == [403, 429]
    assert enter(client, link, **{"X-Forwarded-For": "192.0.2.8"}).status_code == 302


def test_right_ones_are_no_tries(visitor, client, share):
    link = share(password=PASSWORD)
    for _ in range(8):
        visitor.cookies.clear()
        assert enter(visitor, link).status_code == 302


def test_a_cookie_lasts_some_hours(visitor, share, monkeypatch):
    link = share(password=PASSWORD)
    enter(visitor, link)
    monkeypatch.setattr(share_passwords, "UNLOCKED_FOR", -1)
    assert b"<video" not in visitor.get(address(link)).content


@pytest.mark.parametrize("value", ["", "nonsense", "a:b:c"])
def test_a_cookie_that_is_made_up_opens_nothing(visitor, share, value):
    link = share(password=PASSWORD)
    visitor.cookies["share"] = value
    assert b"<video" not in visitor.get(address(link)).content


@pytest.mark.parametrize("content", [None, 7, [1], ["1", 2], {"a": 1}, [1, "x", 2]])
def test_a_cookie_that_we_signed_for_something_else_opens_nothing(visitor, share, content):
    link = share(password=PASSWORD)
    visitor.cookies["share"] = signing.dumps(content, salt="videos.share_link.unlocked")
    assert b"<video" not in visitor.get(address(link)).content


def test_a_link_without_one_needs_none(visitor, share):
    link = share()
    response = enter(visitor, link, "whatever")
    assert response.url == address(link)
    assert not response.cookies


def test_it_is_only_posted(visitor, share):
    assert visitor.get(address(share(password=PASSWORD), "unlock")).status_code == 405
