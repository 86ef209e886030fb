"""A video that waits at the backend, or for a late result, says so, and its page goes on polling."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import BackendFactory, VideoFactory
from tests.views.page import HTMX
from videos.models import State

pytestmark = pytest.mark.django_db

LATE = {"state": State.FAILED, "error_code": "timed_out", "error_message": "It took too long."}


def _card(client, video) -> str:
    page = client.get(reverse("videos:cards"), {"card": f"{video.public_id}.999"}, headers=HTMX)
    return page.content.decode()


def test_a_job_in_the_backends_queue_is_queued_there(as_alice, alice):
    backend = BackendFactory(name="GPU box")
    fields = {"owner": alice, "backend": backend, "state": State.IN_PROGRESS, "progress": 0}
    waiting, made = VideoFactory(queued_at_backend=True, **fields), VideoFactory(**fields)

    for page in (_card(as_alice, waiting), as_alice.get(waiting.get_absolute_url()).content.decode()):
        assert "Queued at GPU box" in page
        assert 'role="progressbar"' not in page
    assert "Queued at" not in _card(as_alice, made)


def test_cards_of_jobs_that_wait_there_take_no_query_each(as_alice, alice, django_assert_max_num_queries):
    for _ in range(20):
        VideoFactory(owner=alice, state=State.IN_PROGRESS, queued_at_backend=True)
    with django_assert_max_num_queries(29):
        assert as_alice.get(reverse("videos:library")).content.decode().count("Queued at Backend") == 20


@pytest.mark.parametrize(
    ("fields", "label", "next_one"),
    [
        ({}, "Timed out, still checking", "Next check"),
        (
            {"generated_at": timezone.now(), "error_code": "download_failed"},
            "Not downloaded, still trying",
            "Next try",
        ),
    ],
)
def test_card_and_page_say_that_a_result_may_still_come(as_alice, alice, fields, label, next_one):
    due_at = timezone.now() + timedelta(minutes=20)
    video = VideoFactory(owner=alice, due_at=due_at, **{**LATE, **fields})

    for page in (_card(as_alice, video), as_alice.get(video.get_absolute_url()).content.decode()):
        assert label in page
        assert f"{next_one} at" in page
        assert f">{due_at:%H:%M}</time>" in page
        assert "Check again" in page


def test_what_is_checked_no_more_is_just_failed(as_alice, alice):
    video = VideoFactory(owner=alice, **LATE)

    for page in (_card(as_alice, video), as_alice.get(video.get_absolute_url()).content.decode()):
        assert "still checking" not in page
        assert "Next check" not in page


def test_open_pages_poll_for_a_late_result(as_alice, alice):
    late, over = VideoFactory(owner=alice, due_at=timezone.now(), **LATE), VideoFactory(owner=alice, **LATE)

    assert f'value="{late.public_id}.0"' in _card(as_alice, late)
    assert f'value="{over.public_id}.0"' not in _card(as_alice, over)
    cards = reverse("videos:cards")
    assert as_alice.get(cards, {"card": f"{late.public_id}.0"}, headers=HTMX).status_code == 204
    assert as_alice.get(cards, {"card": f"{over.public_id}.0"}, headers=HTMX).status_code == 286
    for video, status in ((late, 200), (over, 286)):
        page = as_alice.get(video.get_absolute_url(), {"version": "9"}, headers=HTMX)
        assert (page.status_code, 'id="poller"' in page.content.decode()) == (status, status == 200)
    assert 'id="poller"' in as_alice.get(reverse("videos:library")).content.decode()
