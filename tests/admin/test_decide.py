import pytest
from django.test import Client

from tests.admin.conftest import act, messages_of
from tests.factories import VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("action", ["submit_again", "give_up"])
def test_a_decision_is_asked_for_twice(as_carol: Client, hints, action: str):
    video = VideoFactory(state=State.UNCERTAIN, due_at=None)

    page = act(as_carol, action, [video])

    assert page.status_code == 200
    assert video.public_id in page.content.decode()
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN
    assert hints == []


def test_submitting_again_queues_it(as_carol: Client, hints, django_capture_on_commit_callbacks):
    video = VideoFactory(state=State.UNCERTAIN, due_at=None)

    with django_capture_on_commit_callbacks(execute=True):
        response = act(as_carol, "submit_again", [video], confirmed="yes")

    assert messages_of(response) == ["1 queued again."]
    video.refresh_from_db()
    assert video.state == State.QUEUED
    assert hints == [("submit", video.backend_id)]


def test_giving_up_fails_it(as_carol: Client, hints, django_capture_on_commit_callbacks):
    video = VideoFactory(state=State.UNCERTAIN, due_at=None)

    with django_capture_on_commit_callbacks(execute=True):
        response = act(as_carol, "give_up", [video], confirmed="yes")

    assert messages_of(response) == ["1 marked as failed."]
    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.FAILED, "given_up")
    assert hints == []


@pytest.mark.parametrize("action", ["submit_again", "give_up"])
def test_one_that_is_still_looked_for_is_left_alone(as_carol: Client, hints, action: str):
    video = VideoFactory(state=State.UNCERTAIN)

    response = act(as_carol, action, [video], confirmed="yes")

    assert messages_of(response) == ["1 did not need attention."]
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN
    assert hints == []
