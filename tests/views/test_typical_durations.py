"""What a card tells of the time: elapsed, typical, and that it takes longer than usual."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from tests.factories import BackendFactory, VideoFactory
from tests.views.page import HTMX
from videos.models import State
from videos.templatetags.studio import approximate_seconds, has_real_progress, time_left

pytestmark = pytest.mark.django_db


@pytest.fixture
def backend():
    return BackendFactory()


def finish(alice, backend, *took: float, **fields) -> None:
    """Videos that took so many seconds."""
    for seconds in took:
        accepted = timezone.now() - timedelta(hours=1)
        VideoFactory(
            owner=alice,
            backend=backend,
            state=State.COMPLETED,
            accepted_at=accepted,
            generated_at=accepted + timedelta(seconds=seconds),
            deadline_at=accepted + timedelta(seconds=600),
            **fields,
        )


def run(alice, backend, *, for_seconds: float, **fields):
    accepted = timezone.now() - timedelta(seconds=for_seconds)
    return VideoFactory(owner=alice, backend=backend, state=State.IN_PROGRESS, accepted_at=accepted, **fields)


def card_of(client, video) -> str:
    page = client.get(reverse("videos:cards"), {"card": f"{video.public_id}.999"}, headers=HTMX)
    return page.content.decode()


def test_it_tells_elapsed_and_usual_time(as_alice, alice, backend):
    finish(alice, backend, 39, 40, 41)
    card = card_of(as_alice, run(alice, backend, for_seconds=12))
    assert re.search(r">0:1\d</time>", card)
    assert "<span>about 30 s left</span><span hidden>longer than usual</span>" in card


def test_it_says_when_that_is_past(as_alice, alice, backend):
    finish(alice, backend, 39, 40, 41)
    card = card_of(as_alice, run(alice, backend, for_seconds=42))
    assert 'data-late-after="40"' in card
    assert "<span>longer than usual</span>" in card


def test_it_tells_nothing_that_it_does_not_know(as_alice, alice, backend):
    finish(alice, backend, 39, 40)
    finish(alice, backend, 39, 40, 41, seconds=8)
    finish(alice, BackendFactory(), 39, 40, 41)
    card = card_of(as_alice, run(alice, backend, for_seconds=12))
    assert "usual" not in card


def test_a_queued_video_is_told_its_place_and_no_time(as_alice, alice, backend):
    finish(alice, backend, 39, 40, 41)
    card = card_of(as_alice, VideoFactory(owner=alice, backend=backend))
    assert "next in the queue" in card
    assert "usual" not in card


def test_twenty_kinds_need_as_many_queries_as_one(as_alice, alice, backend, django_assert_num_queries):
    shown = []
    for seconds in range(1, 21):
        finish(alice, backend, 10, 10, 10, seconds=seconds)
        shown.append(f"{run(alice, backend, for_seconds=3, seconds=seconds).public_id}.999")
    with django_assert_num_queries(6) as one:
        as_alice.get(reverse("videos:cards"), {"card": shown[:1]}, headers=HTMX)
    cache.clear()
    with django_assert_num_queries(len(one)):
        page = as_alice.get(reverse("videos:cards"), {"card": shown}, headers=HTMX).content.decode()
    assert page.count("about 5 s left") == 20


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, 1), (7.4, 7), (38, 40), (288, 290), (301, 300), (3725, 3720)],
)
def test_a_usual_time_is_not_more_precise_than_it_is(seconds, text):
    assert approximate_seconds(seconds) == text


@pytest.mark.parametrize(
    ("usual", "for_seconds", "text"),
    [(40, 12, "about 30 s left"), (40, 39, "about 5 s left"), (390, 90, "about 5 min left")],
)
def test_what_is_left_is_told_in_round_numbers(alice, backend, usual, for_seconds, text):
    video = run(alice, backend, for_seconds=for_seconds)
    video.typical_seconds = usual
    assert time_left(video) == text


@pytest.mark.parametrize(
    ("progress", "told"), [(None, False), (0, False), (1, True), (98, True), (99, False), (100, False)]
)
def test_a_percentage_is_told_when_it_says_something(progress, told):
    video = VideoFactory.build(state=State.IN_PROGRESS, progress=progress, owner=None, backend=None)
    assert has_real_progress(video) is told
