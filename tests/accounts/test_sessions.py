"""Where somebody is signed in, and ending it."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache, caches
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
PAGE, END_OTHERS = reverse("account_sessions"), reverse("account_sessions_end_others")


@pytest.fixture
def session_notes() -> None:
    """Here they are what is tested."""


def _sign_in(agent: str, address: str = "203.0.113.5") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    return client


def test_each_is_listed_with_where_and_when(alice: User, as_bob: Client):
    here, _ = _sign_in("Here"), _sign_in("Elsewhere", "2001:db8::7")
    as_bob.get("/")

    listed = here.get(PAGE).context["sessions"]

    assert [(each.user_agent, each.ip) for each in listed] == [
        ("Here", "203.0.113.5"),
        ("Elsewhere", "2001:db8::7"),
    ]
    assert "This session" in here.get(PAGE).content.decode()


def test_one_is_ended(alice: User):
    here, elsewhere = _sign_in("Here"), _sign_in("Elsewhere")
    pk = UserSession.objects.get(user_agent="Elsewhere").pk

    assert here.post(reverse("account_session_end", args=[pk])).url == PAGE

    assert elsewhere.get("/").status_code == 302
    assert here.get("/").status_code == 200


def test_all_others_are_ended(alice: User):
    here, *others = (_sign_in(name) for name in ("Here", "One", "Two"))
    here.post(END_OTHERS)
    assert [each.get("/").status_code for each in others] == [302, 302]
    assert here.get("/").status_code == 200


def test_nobody_ends_anothers(alice: User, as_bob: Client):
    hers = _sign_in("Hers")
    pk = UserSession.objects.get().pk
    assert as_bob.post(reverse("account_session_end", args=[pk])).status_code == 404
    as_bob.post(END_OTHERS)
    assert hers.get("/").status_code == 200


def test_it_takes_a_post(as_alice: Client):
    for address in (END_OTHERS, reverse("account_session_end", args=[1])):
        assert as_alice.get(address).status_code == 405


def test_a_session_from_before_is_listed_once_it_is_used(as_alice: Client, alice: User):
    assert not UserSession.objects.exists()
    as_alice.get("/library/")
    assert len(as_alice.get(PAGE).context["sessions"]) == 1


def test_use_is_noted_once_a_minute(as_alice: Client, django_assert_max_num_queries):
    as_alice.get(PAGE)
    hour_ago = timezone.now() - timedelta(hours=1)
    UserSession.objects.update(last_seen_at=hour_ago)
    as_alice.get(PAGE)
    assert UserSession.objects.get().last_seen_at == hour_ago
    caches["process"].clear()
    cache.clear()
    as_alice.get(PAGE)
    assert UserSession.objects.get().last_seen_at > hour_ago


def test_a_page_does_not_fail_for_want_of_the_note(as_alice: Client, monkeypatch):
    def fail(request):
        raise DatabaseError("read-only")

    monkeypatch.setattr(UserSession.objects, "create_from_request", fail)
    assert as_alice.get(PAGE).status_code == 200


def test_a_client_without_an_address_signs_in(alice: User):
    assert _sign_in("Socket", "").get("/").status_code == 200
    assert UserSession.objects.get().ip == "0.0.0.0"  # noqa: S104  # no address to listen on
