from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from tests.admin.conftest import act, messages_of
from tests.factories import BackendFactory, VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db


def test_it_asks_first_and_names_what_would_be_submitted(
    as_carol: Client, hints, django_capture_on_commit_callbacks
):
    failed, running = VideoFactory(state=State.FAILED), VideoFactory(state=State.IN_PROGRESS)

    with django_capture_on_commit_callbacks(execute=True):
        page = act(as_carol, "retry", [failed, running])

    content = page.content.decode()
    assert "may be charged again" in content
    assert failed.public_id in content
    assert running.public_id not in content
    assert "1 had not failed" in content
    failed.refresh_from_db()
    assert failed.state == State.FAILED
    assert hints == []
    assert not LogEntry.objects.exists()


def test_it_queues_the_failed_ones_once_confirmed(
    as_carol: Client, hints, django_capture_on_commit_callbacks
):
    failed, running = VideoFactory(state=State.FAILED), VideoFactory(state=State.IN_PROGRESS)

    with django_capture_on_commit_callbacks(execute=True):
        response = act(as_carol, "retry", [failed, running], confirmed="yes")

    assert messages_of(response) == ["1 queued again; 1 had not failed."]
    failed.refresh_from_db()
    running.refresh_from_db()
    assert (failed.state, running.state) == (State.QUEUED, State.IN_PROGRESS)
    assert hints == [("submit", failed.backend_id)]
    assert LogEntry.objects.get().object_id == str(failed.pk)


def test_confirming_twice_submits_once(as_carol: Client, hints, django_capture_on_commit_callbacks):
    failed = VideoFactory(state=State.FAILED)

    with django_capture_on_commit_callbacks(execute=True):
        act(as_carol, "retry", [failed], confirmed="yes")
        again = act(as_carol, "retry", [failed], confirmed="yes")

    assert messages_of(again)[-1] == "1 had not failed."
    assert len(hints) == 1


def test_it_takes_no_more_than_can_be_done_at_once(as_carol: Client, monkeypatch):
    monkeypatch.setattr("videos.admin.action_pages.MAX_SELECTED", 2)
    failed = VideoFactory.create_batch(3, state=State.FAILED)

    response = act(as_carol, "retry", failed, confirmed="yes")

    label = "Retry (may be charged again)"
    assert messages_of(response) == [f"Select at most 2 videos for “{label}”. Nothing was changed."]
    for video in failed:
        video.refresh_from_db()
        assert video.state == State.FAILED


def test_from_a_videos_page_it_leads_back_there(as_carol: Client):
    failed = VideoFactory(state=State.FAILED)

    page = act(as_carol, "retry", [failed], from_page="yes").content.decode()
    response = act(as_carol, "retry", [failed], from_page="yes", confirmed="yes")

    assert 'name="from_page"' in page
    assert response["Location"] == f"/admin/videos/video/{failed.pk}/change/"


def test_the_confirmation_says_what_it_costs(as_carol: Client):
    prices = [Decimal("0.4"), Decimal("1.2"), None, Decimal(0)]
    videos = [VideoFactory(state=State.FAILED, price=price) for price in prices]
    free = VideoFactory(
        state=State.FAILED, price=Decimal("5"), backend=BackendFactory(is_simulator=True, base_url="")
    )

    page = act(as_carol, "retry", [*videos, free])
    content = page.content.decode()

    # That at no price was made while its backend was free of charge, and is charged by the catalogue now.
    assert "This costs at most $2.00 by the catalogue (USD) and an unknown amount for 1 without a price." in (
        content
    )
    assert sorted(page.context["question"].payers) == sorted(
        (str(video.owner), f"1 video, {amount}")
        for video, amount in zip(videos, ("$0.40", "$1.20", "an unknown amount", "$0.40"), strict=True)
    )
    assert "This costs nothing." in act(as_carol, "retry", [free]).content.decode()
