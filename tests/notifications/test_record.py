"""From events to notifications: one for each thing, for all takes of a request, and for a flood."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from contentgen.events import EventKind
from notifications.models import Inbox, Notification
from notifications.recording import FLOOD_LIMIT
from notifications.topics import Channel, Topic
from notifications.wording import path_of, words_of
from tests.notifications.conftest import tell

GROUP = "0b9e5f3c-6f0e-4f0a-9d53-111111111111"


def take(user, number: int, kind: EventKind = EventKind.VIDEO_COMPLETED):
    return tell(user, kind, f"video_{number}", take=number, takes=4, take_group=GROUP)


def test_a_finished_video_is_told(alice, bob):
    told = tell(alice, prompt="snow", poster="/videos/video_1/poster.webp")

    assert words_of(told).title == "Your video is ready"
    assert words_of(told).detail == "snow"
    assert path_of(told) == "/videos/video_1/"
    assert told.is_unread
    assert not Notification.objects.filter(user=bob).exists()


def test_a_failure_says_why(alice):
    told = tell(alice, EventKind.VIDEO_FAILED, prompt="snow", reason="The backend said no.")
    assert (words_of(told).title, words_of(told).note) == ("A video failed", "The backend said no.")


def test_the_same_video_changes_its_notification(alice):
    first = tell(alice, EventKind.VIDEO_FAILED)
    Notification.objects.update(read_at=timezone.now())
    second = tell(alice, EventKind.VIDEO_COMPLETED)

    assert (second.pk, second.kind) == (first.pk, EventKind.VIDEO_COMPLETED)
    assert second.is_unread


def test_takes_of_one_request_are_one(alice):
    titles = [words_of(take(alice, number)).title for number in (1, 2, 3, 4)]

    assert titles == [
        "1 of 4 takes is ready",
        "2 of 4 takes are ready",
        "3 of 4 takes are ready",
        "4 takes are ready",
    ]
    assert Notification.objects.count() == 1


def test_takes_that_went_different_ways_say_so(alice):
    take(alice, 1)
    take(alice, 2)
    take(alice, 3, EventKind.VIDEO_NEEDS_ATTENTION)
    told = take(alice, 4, EventKind.VIDEO_FAILED)

    assert words_of(told).title == "2 of 4 takes are ready, 1 failed, 1 needs attention"
    assert told.kind == EventKind.VIDEO_NEEDS_ATTENTION


def test_a_take_that_is_retried_is_not_counted_twice(alice):
    take(alice, 1, EventKind.VIDEO_FAILED)
    for number in (1, 2, 3, 4):
        told = take(alice, number)

    assert words_of(told).title == "4 takes are ready"
    assert told.kind == EventKind.VIDEO_COMPLETED


def test_a_flood_is_folded(alice):
    for number in range(100):
        tell(alice, object_id=f"video_{number}")

    assert Notification.objects.count() == FLOOD_LIMIT + 1
    fold = Notification.objects.newest_first()[0]
    assert words_of(fold).title == "95 more videos are ready"
    assert words_of(fold).detail == "Latest: The prompt of video_99"
    assert path_of(fold) == "/library/?status=completed"


def test_a_flood_of_takes_is_folded_too(alice):
    for number in range(20):
        tell(alice, object_id=f"video_{number}", take=1, takes=4, take_group=f"group-{number}")

    assert Notification.objects.count() == FLOOD_LIMIT + 1


def test_failures_are_not_lost_among_what_is_ready(alice):
    for number in range(20):
        tell(alice, object_id=f"video_{number}")
    told = tell(alice, EventKind.VIDEO_FAILED, "video_bad")

    assert words_of(told).title == "A video failed"


def test_what_comes_after_the_fold_was_read_begins_another(alice):
    for number in range(10):
        tell(alice, object_id=f"video_{number}")
    Notification.objects.update(read_at=timezone.now())
    told = tell(alice, object_id="video_later")

    assert words_of(told).title == "1 more video is ready"


def test_slowly_none_is_folded(alice):
    for number in range(10):
        tell(alice, object_id=f"video_{number}")
        Notification.objects.update(happened_at=timezone.now() - timedelta(hours=1))

    assert Notification.objects.count() == 10


def test_an_inbox_of_many_costs_as_many_queries_as_an_empty_one(alice, django_assert_num_queries):
    for number in range(FLOOD_LIMIT + 1):
        tell(alice, object_id=f"video_{number}")
    with django_assert_num_queries(8) as few:  # the last reads what was written, the one before webhooks
        tell(alice, object_id="video_a")
    for number in range(50):
        tell(alice, object_id=f"video_{number + 100}")
    with django_assert_num_queries(len(few)):
        tell(alice, object_id="video_b")


def test_a_topic_that_is_off_everywhere_is_not_kept(alice):
    inbox = Inbox(user=alice)
    for channel in Channel:
        inbox.switch(Topic.DONE, channel, False)
    inbox.save()

    assert tell(alice) is None
    assert tell(alice, EventKind.VIDEO_FAILED) is not None


def test_a_topic_that_is_only_told_in_the_browser_is_not_in_the_inbox(alice):
    inbox = Inbox(user=alice)
    inbox.switch(Topic.DONE, Channel.INBOX, False)
    inbox.save()
    told = tell(alice)

    assert (told.in_inbox, told.in_browser) == (False, True)
    assert not Notification.objects.shown_to(alice.pk).exists()


SAID: list[tuple[EventKind, dict[str, Any], tuple[str, str, str]]] = [
    (
        EventKind.BATCH_COMPLETED,
        {"name": "Spring", "total": 1000, "completed": 998, "failed": 2},
        ("“Spring” is done", "998 of 1,000 videos are ready, 2 failed", ""),
    ),
    (
        EventKind.BUDGET_WARNING,
        {"name": "Studio", "terms": "$50.00 this month", "message": "$8.00 is left."},
        ("A budget is almost used up", "Studio: $50.00 this month", "$8.00 is left."),
    ),
    (
        EventKind.BUDGET_EXCEEDED,
        {"name": "Studio", "terms": "$50.00 this month"},
        ("A budget is used up", "Studio: $50.00 this month", ""),
    ),
    (
        EventKind.APPROVAL_REQUESTED,
        {"person": "bob", "price_text": "$12.00", "prompt": "snow"},
        ("bob asks for your approval", "snow", "$12.00"),
    ),
    (
        EventKind.APPROVAL_DECIDED,
        {"state": "declined", "prompt": "snow", "note": "Too long."},
        ("Your request was declined", "snow", "Too long."),
    ),
    (
        EventKind.COLLECTION_SHARED,
        {"shared_by": "bob", "name": "Spring"},
        ("bob shared “Spring” with you", "", ""),
    ),
    (
        EventKind.RETENTION_DUE,
        {"count": 1200, "first": "2026-12-03T09:00:00+00:00"},
        ("1,200 videos will move to the trash from 3 Dec 2026 on", "Keep those that you still need.", ""),
    ),
    (
        EventKind.RETENTION_PAUSED,
        {"message": "The clock is ahead."},
        ("Old videos stay for now", "The clock is ahead.", ""),
    ),
]


@pytest.mark.parametrize(("kind", "data", "said"), SAID)
def test_other_rooms_are_put_into_words(alice, kind, data, said):
    words = words_of(tell(alice, kind, "thing_1", **data))
    assert (words.title, words.detail, words.note) == said


@pytest.mark.parametrize("kind", EventKind)
def test_an_event_that_tells_nothing_still_says_something(alice, kind):
    told = tell(alice, kind, "thing_1", path=None, prompt=None)

    assert words_of(told).title
    assert path_of(told) == "/notifications/"


@pytest.mark.parametrize("path", ["https://elsewhere.test/", "//elsewhere.test/", "javascript:alert(1)"])
def test_a_path_leads_nowhere_else(alice, path):
    assert path_of(tell(alice, path=path)) == "/notifications/"
