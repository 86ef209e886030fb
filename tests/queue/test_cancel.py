"""Canceling many: free, given back, and of a whole queue at once though the workers carry it out."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing.models import LedgerLine
from tests.factories import VideoFactory
from videos.engine.sweep import sweep
from videos.lifecycle import owner_actions
from videos.models import Backend, State, Video
from videos.services import queue as service
from videos.services.generation_requests import GenerationRequest
from videos.services.videos import create_videos

pytestmark = pytest.mark.django_db

URL = reverse("videos:queue_cancel")


def _reserved() -> Decimal:
    return sum(LedgerLine.objects.values_list("reserved", flat=True), Decimal(0))


def _ask_for(owner: User, count: int) -> list[Video]:
    return create_videos(owner, [GenerationRequest("A fox", "sora-2", 4, "1280x720")] * count)


def test_it_says_how_many_and_what_is_given_back_before_anything_happens(
    as_alice: Client, alice: User, paid: Backend
):
    videos = _ask_for(alice, 3)

    page = as_alice.post(URL, {"id": [video.public_id for video in videos[:2]]}).content.decode()

    assert "Cancel 2 videos?" in page
    assert "$0.80 reserved for them is given back" in page
    assert Video.objects.filter(state=State.QUEUED, cancel_requested_at=None).count() == 3
    as_alice.post(URL, {"id": [video.public_id for video in videos[:2]], "confirmed": "1"})
    assert [Video.objects.get(pk=each.pk).state for each in videos] == ["canceled", "canceled", "queued"]
    assert _reserved() == Decimal("0.40")


def test_of_a_whole_queue_nothing_starts_any_more_and_all_is_given_back(
    as_alice: Client, alice: User, bob: User, paid: Backend, monkeypatch: pytest.MonkeyPatch, fake
):
    monkeypatch.setattr(service, "CANCELED_AT_ONCE", 2)
    _ask_for(alice, 5)
    (bobs,) = _ask_for(bob, 1)
    running = VideoFactory(owner=alice, backend=paid, state=State.IN_PROGRESS)

    as_alice.post(URL, {"all": "1", "confirmed": "1"})

    assert service.waiting_of(alice).count() == 0
    assert "3 more are being canceled" in as_alice.get(reverse("videos:queue")).content.decode()
    sweep()
    assert Video.objects.filter(owner=alice, state=State.CANCELED).count() == 5
    assert Video.objects.get(pk=running.pk).state == State.IN_PROGRESS
    assert Video.objects.get(pk=bobs.pk).state == State.QUEUED
    assert _reserved() == Decimal("0.40")


def test_a_request_and_a_sweep_end_in_time_and_the_next_goes_on_until_all_are_canceled(
    as_alice: Client, alice: User, paid: Backend, monkeypatch: pytest.MonkeyPatch
):
    for module in (service, owner_actions):
        monkeypatch.setattr(module, "_CANCELING_SECONDS", 0.0)  # a database so slow that one takes all of it
    _ask_for(alice, 4)

    as_alice.post(URL, {"all": "1", "confirmed": "1"})

    left = [service.being_canceled(alice).count()]
    while left[-1]:
        sweep()
        left.append(service.being_canceled(alice).count())
    assert left == [3, 2, 1, 0]
    assert (service.waiting_of(alice).count(), _reserved()) == (0, 0)
    assert Video.objects.filter(state=State.CANCELED).count() == 4


def test_nobody_cancels_what_is_anothers(as_bob: Client, alice: User, paid: Backend):
    (video,) = _ask_for(alice, 1)

    as_bob.post(URL, {"id": video.public_id, "confirmed": "1"})
    as_bob.post(URL, {"all": "1", "confirmed": "1"})

    video.refresh_from_db()
    assert (video.state, video.cancel_requested_at) == (State.QUEUED, None)
