import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db


def _address(video) -> str:
    return reverse("admin:videos_video_change", args=[video.pk])


def test_it_shows_the_detail_meant_for_operators(as_carol: Client):
    video = VideoFactory(state=State.FAILED, error_code="timed_out", error_detail="HTTP 504 <gateway>")

    page = as_carol.get(_address(video)).content.decode()

    assert "HTTP 504 &lt;gateway&gt;" in page
    assert 'value="check_again"' in page
    assert 'value="retry"' in page
    assert 'value="cancel"' not in page


def test_nobody_edits_a_row_by_hand(as_carol: Client):
    video = VideoFactory(state=State.FAILED)

    response = as_carol.post(_address(video), {"state": "completed", "prompt": "Another", "seconds": 12})

    assert response.status_code == 403
    before = video.prompt
    video.refresh_from_db()
    assert (video.state, video.prompt, video.seconds) == (State.FAILED, before, 4)


def test_nobody_adds_a_row_by_hand(as_carol: Client):
    assert as_carol.get(reverse("admin:videos_video_add")).status_code == 403


def test_who_may_only_look_is_offered_nothing_to_do(staff):
    video = VideoFactory(state=State.FAILED)

    page = staff("view_video").get(_address(video))

    assert page.status_code == 200
    assert page.context["video_actions"] == []
