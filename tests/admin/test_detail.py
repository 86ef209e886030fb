import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from videos.models import State, SubmissionRecord

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


def test_it_shows_what_was_sent_and_what_was_answered(as_carol: Client):
    video = VideoFactory(state=State.FAILED)
    sent = {"video": video, "method": "POST", "path": "/v1/videos", "request": '{"prompt": "<b>A fox"}'}
    now = timezone.now()
    SubmissionRecord.objects.create(**sent, sent_at=now, byte_count=2048)
    with CaptureQueriesContext(connection) as first:
        page = as_carol.get(_address(video)).content.decode()
    assert "No answer" in page
    assert "may have accepted it all the same" in page

    SubmissionRecord.objects.create(**sent, sent_at=now, status=400, answer='{"error": "Not <this>."}')
    with CaptureQueriesContext(connection) as second:
        page = as_carol.get(_address(video)).content.decode()

    assert "HTTP 400" in page
    assert "{&quot;error&quot;: &quot;Not &lt;this&gt;.&quot;}" in page
    assert "&lt;b&gt;A fox" in page
    assert page.index("HTTP 400") < page.index("No answer")  # the newest first
    assert len(second) <= len(first)


def test_its_owner_is_not_shown_what_was_sent(as_alice: Client, alice):
    video = VideoFactory(owner=alice, state=State.FAILED)
    now = timezone.now()
    SubmissionRecord.objects.create(
        video=video, sent_at=now, method="POST", path="/secret-path", request="{}"
    )

    assert "/secret-path" not in as_alice.get(video.get_absolute_url()).content.decode()


def test_it_leaves_out_what_says_nothing_of_the_video(as_carol: Client):
    page = as_carol.get(_address(VideoFactory(state=State.COMPLETED, price="0.4"))).content.decode()

    assert "$0.40" in page
    for words in ("0.4000", "Takes:", "Fit of the image", "Progress:", "Public id"):
        assert words not in page
