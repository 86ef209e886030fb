"""What all actions have in common; what each does to the row is told beside it."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import State, Video

pytestmark = pytest.mark.django_db

# name, a state it acts on, the fields that make it possible, the state it leads to
ACTIONS = [
    ("cancel", State.QUEUED, {}, State.CANCELED),
    ("cancel", State.IN_PROGRESS, {}, State.CANCELED),
    ("retry", State.FAILED, {}, State.QUEUED),
    ("recheck", State.FAILED, {"error_code": "timed_out"}, State.IN_PROGRESS),
    ("resubmit", State.UNCERTAIN, {"due_at": None}, State.QUEUED),
    ("abandon", State.UNCERTAIN, {"due_at": None}, State.FAILED),
]
every_action = pytest.mark.parametrize(("name", "state", "fields", "result"), ACTIONS)


def make(owner, state, fields) -> Video:
    return VideoFactory(owner=owner, state=state, **fields)


def url_of(name: str, video: Video) -> str:
    return reverse(f"videos:{name}", args=[video.public_id])


@every_action
def test_it_acts_and_goes_back_to_the_video(as_alice, alice, name, state, fields, result):
    video = make(alice, state, fields)
    response = as_alice.post(url_of(name, video))
    assert response.status_code == 302
    assert response.url == video.get_absolute_url()
    video.refresh_from_db()
    assert video.state == result


@every_action
def test_it_gives_htmx_the_card(as_alice, alice, name, state, fields, result):
    video = make(alice, state, fields)
    page = as_alice.post(url_of(name, video), headers=HTMX).content.decode()
    assert "<html" not in page
    assert f"card--{result}" in page
    assert '<div id="poller"' in page


@every_action
def test_it_refuses_a_stranger(as_bob, as_carol, alice, hints, name, state, fields, result):
    video = make(alice, state, fields)
    for client in (as_bob, as_carol):
        assert client.post(url_of(name, video)).status_code == 404
    video.refresh_from_db()
    assert video.state == state
    assert hints == []


@every_action
def test_it_is_posted_only(as_alice, alice, name, state, fields, result):
    video = make(alice, state, fields)
    assert as_alice.get(url_of(name, video)).status_code == 405
    video.refresh_from_db()
    assert video.state == state


@every_action
def test_it_sends_those_not_signed_in_away(client, alice, name, state, fields, result):
    video = make(alice, state, fields)
    assert client.post(url_of(name, video)).url.startswith(reverse("account_login"))
    video.refresh_from_db()
    assert video.state == state


@every_action
def test_it_needs_the_csrf_token(alice, name, state, fields, result):
    video = make(alice, state, fields)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(url_of(name, video)).status_code == 403
    video.refresh_from_db()
    assert video.state == state


@pytest.mark.parametrize("name", ["cancel", "retry", "recheck", "resubmit", "abandon"])
def test_it_leaves_a_finished_video_alone(as_alice, alice, hints, name):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    response = as_alice.post(url_of(name, video), follow=True)
    assert "status has changed" in response.content.decode()
    video.refresh_from_db()
    assert (video.state, video.revision) == (State.COMPLETED, 0)
    assert hints == []


def test_a_recheck_submits_nothing(as_alice, alice, hints, django_capture_on_commit_callbacks):
    video = make(alice, State.FAILED, {"error_code": "timed_out"})
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post(url_of("recheck", video))
    assert hints == []
    job = video.backend_job_id
    video.refresh_from_db()
    assert video.backend_job_id == job


def test_retry_forgets_the_old_job(as_alice, alice, hints, django_capture_on_commit_callbacks):
    video = make(alice, State.FAILED, {})
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post(url_of("retry", video))
    video.refresh_from_db()
    assert video.backend_job_id == ""
    assert hints == [("submit", video.backend_id)]
