"""A forgotten password: a link by mail, once, for the person alone; and nobody learns who has an account."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
RESET, DONE = reverse("account_reset_password"), reverse("account_reset_password_done")
NEW = "a new long phrase"


@pytest.fixture(autouse=True)
def address(alice: User) -> str:
    alice.email = "alice@example.org"
    alice.save()
    return alice.email


def _ask(client: Client, email: str = "alice@example.org", **more: str):
    return client.post(RESET, {"email": email}, **more)


def _link() -> str:
    found = re.search(r"http://testserver(/accounts/password/reset/\S+)", mail.outbox[-1].body)
    assert found is not None
    return found[1]


def _follow(client: Client, link: str) -> str:
    """Open the link, and return the address of the form that it leads to."""
    response = client.get(link)
    assert response.status_code == 302
    return response.url


def _can_sign_in(password: str) -> bool:
    response = Client().post(reverse("account_login"), {"login": "alice", "password": password})
    return bool(response.status_code == 302)


def test_the_link_sets_a_new_password(client: Client):
    assert _ask(client).url == DONE
    form = _follow(client, _link())
    assert "New password" in client.get(form).content.decode()

    client.post(form, {"password1": NEW, "password2": NEW})

    assert _can_sign_in(NEW)
    assert not _can_sign_in(PASSWORD)


def test_the_mail_says_whose_account_it_is_and_nothing_else_went_out(client: Client):
    _ask(client)
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert "“alice”" in message.body


def test_a_link_works_once(client: Client):
    _ask(client)
    link = _link()
    client.post(_follow(client, link), {"password1": NEW, "password2": NEW})

    text = Client().get(link).content.decode()

    assert "work any more" in text


@pytest.mark.parametrize("broken", ["1-abc", "zzzz", "x" * 300, "é"])
def test_a_link_that_was_not_copied_whole_is_a_sentence(client: Client, broken: str):
    _ask(client)
    start = _link().rpartition("-")[0]
    response = client.get(f"{start}-{broken}/")
    assert response.status_code == 200
    assert "work any more" in response.content.decode()


def test_a_link_expires(client: Client, settings, monkeypatch):
    _ask(client)
    link = _link()
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "work any more" in client.get(link).content.decode()


def test_other_sessions_end_and_tokens_stay_unless_asked(client: Client, as_alice: Client, alice: User):
    _, secret = tokens.issue(alice, "CI")
    _ask(client)
    form = _follow(client, _link())
    assert "Also revoke my API token." in client.get(form).content.decode()

    client.post(form, {"password1": NEW, "password2": NEW})

    assert as_alice.get("/").status_code == 302
    assert tokens.authenticate(secret) is not None


def test_tokens_go_with_the_password_where_that_is_ticked(client: Client, alice: User):
    _, secret = tokens.issue(alice, "CI")
    _ask(client)
    client.post(_follow(client, _link()), {"password1": NEW, "password2": NEW, "revoke_tokens": "on"})
    assert tokens.authenticate(secret) is None


def test_a_stranger_learns_nothing_and_no_mail_goes_to_strange_addresses(client: Client):
    known, unknown = _ask(client), _ask(client, "nobody@example.org")

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [message.to for message in mail.outbox] == [["alice@example.org"]]


def test_somebody_who_is_blocked_gets_none(client: Client):
    User.objects.update(is_active=False)
    assert _ask(client).url == DONE
    assert mail.outbox == []


def test_a_flood_is_stopped_by_address_and_by_network(client: Client):
    for number in range(5):
        _ask(client, REMOTE_ADDR=f"203.0.113.{number}")
    assert len(mail.outbox) == 3, "an hour's worth for one address"

    answers = [_ask(client, f"a{number}@example.org", REMOTE_ADDR="198.51.100.1") for number in range(21)]
    assert answers[0].status_code == 302
    assert answers[-1].status_code == 429


def test_somebody_who_signs_in_elsewhere_is_told_so(client: Client, alice: User):
    alice.set_unusable_password()
    alice.save()
    _ask(client)
    assert "It has none: you sign in with" in mail.outbox[0].body
    assert "/password/reset/" not in mail.outbox[0].body


def test_the_form_says_when_no_mail_can_be_sent(client: Client, settings):
    settings.PRODUCTION, settings.EMAIL_HOST, settings.EMAIL_FILE_PATH = True, "", ""
    assert "This studio sends no email" in client.get(RESET).content.decode()
    assert "Forgot your password?" not in client.get(reverse("account_login")).content.decode()


def test_a_weak_password_is_refused_at_its_field(client: Client, alice: User):
    _ask(client)
    form = _follow(client, _link())
    text = client.post(form, {"password1": "alice", "password2": "alice"}).content.decode()
    assert "too short" in text
    assert _can_sign_in(PASSWORD)
