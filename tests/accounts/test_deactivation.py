"""Somebody who is blocked: sessions, tokens and queue stop at once, and paid work is not lost."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts import deactivation, tokens
from accounts.models import User
from tests.factories import PASSWORD, VideoFactory
from videos import lifecycle
from videos.engine import fair_queue
from videos.models import State

pytestmark = pytest.mark.django_db


def _block(client: Client, user: User, **changes: str) -> None:
    page = client.get(reverse("admin:accounts_user_change", args=[user.pk]))
    form = page.context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value not in (None, [], "")}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", **changes}
    data.pop("is_active", None)
    response = client.post(reverse("admin:accounts_user_change", args=[user.pk]), data)
    assert response.status_code == 302


def _sign_in() -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    assert client.get("/").status_code == 200
    return client


def test_sessions_and_tokens_stop_at_once(as_carol: Client, alice: User):
    browser = _sign_in()
    _, secret = tokens.issue(alice, "CI")

    _block(as_carol, alice)

    alice.refresh_from_db()
    assert not alice.is_active
    assert browser.get("/").status_code == 302
    assert tokens.authenticate(secret) is None
    assert not UserSession.objects.filter(user=alice).exists()
    assert browser.session.session_key is None or not Session.objects.filter(pk=browser.session.session_key)


def test_a_session_does_not_come_back_with_the_account(as_carol: Client, alice: User):
    browser = _sign_in()
    _block(as_carol, alice)
    User.objects.filter(pk=alice.pk).update(is_active=True)
    assert browser.get("/").status_code == 302


def test_what_cost_nothing_is_canceled_and_what_is_paid_is_followed(as_carol: Client, alice: User, bob: User):
    made = {state: VideoFactory(owner=alice, state=state) for state in State}
    others = VideoFactory(owner=bob, state=State.QUEUED)

    _block(as_carol, alice)

    for state, video in made.items():
        video.refresh_from_db()
        assert video.state == (State.CANCELED if state == State.QUEUED else state)
        assert video.cancel_requested_at is None
    others.refresh_from_db()
    assert others.state == State.QUEUED


def test_what_gets_into_the_queue_later_is_not_started(alice: User):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    video = VideoFactory(owner=alice)
    assert not fair_queue.startable_videos(video.due_at).exists()


def test_a_video_that_is_being_submitted_is_not_touched(alice: User):
    video = VideoFactory(owner=alice, state=State.SUBMITTING)
    assert not lifecycle.cancel_queued(video.pk)
    video.refresh_from_db()
    assert (video.state, video.cancel_requested_at) == (State.SUBMITTING, None)


def test_saving_somebody_who_is_blocked_already_is_quiet(as_carol: Client, alice: User, monkeypatch):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    monkeypatch.setattr(deactivation, "end_access", lambda user: pytest.fail("again"))
    _block(as_carol, alice, first_name="Alice")
    alice.refresh_from_db()
    assert alice.first_name == "Alice"
