"""The bell: one query for a page, and what an open page is told without asking for itself."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contentgen.events import EventKind
from notifications.inbox import bell_of
from notifications.models import Inbox, Notification
from notifications.topics import Channel, Topic
from tests.factories import VideoFactory
from tests.notifications.conftest import tell


def _poll(client, version: str, path: str = "/cards"):
    return client.get(path, headers={"HX-Request": "true", "Bell-Version": version})


def _bell(response) -> dict:
    return json.loads(response.headers["HX-Trigger"])["studio:bell"]


def test_the_header_counts_what_is_unread(as_alice, alice, bob, django_assert_max_num_queries):
    tell(alice, object_id="video_1")
    tell(alice, object_id="video_2")
    tell(bob)
    with django_assert_max_num_queries(16) as asked:
        page = as_alice.get("/history/").content.decode()

    assert 'aria-label="Notifications, 2 unread"' in page
    assert sum("notifications_notification" in each["sql"] for each in asked.captured_queries) == 1


def test_with_nothing_unread_there_is_no_number(as_alice):
    page = as_alice.get("/history/").content.decode()
    assert 'aria-label="Notifications"' in page
    assert '<span class="bell__count" aria-hidden="true" hidden>' in page


def test_more_than_99_are_not_counted_out(as_alice, alice):
    told = tell(alice)
    copies = [
        Notification(user=alice, kind=told.kind, key=f"k{n}", happened_at=told.happened_at)
        for n in range(120)
    ]
    Notification.objects.bulk_create(copies)
    assert "99+" in as_alice.get("/history/").content.decode()


def test_what_is_only_told_elsewhere_is_not_counted(alice):
    inbox = Inbox(user=alice)
    inbox.switch(Topic.DONE, Channel.INBOX, False)
    inbox.save()
    before = bell_of(alice.pk)
    tell(alice)

    after = bell_of(alice.pk)
    assert after.count == 0
    assert after.version != before.version


def test_a_poll_brings_the_bell_along(as_alice, alice):
    shown = bell_of(alice.pk).version
    told = tell(alice, prompt="snow")

    bell = _bell(_poll(as_alice, shown))

    assert (bell["count"], bell["has_more"], bell["has_sound"]) == (1, False, False)
    assert bell["news"] == [
        {
            "id": f"notification-{told.pk}",
            "title": "Your video is ready",
            "body": "snow",
            "path": "/videos/video_1/",
        }
    ]


def test_a_poll_that_brings_nothing_else_brings_the_bell(as_alice, alice):
    video = VideoFactory(owner=alice)
    shown = bell_of(alice.pk).version
    tell(alice)
    response = _poll(as_alice, shown, f"/cards?card={video.public_id}.0.1")

    assert response.status_code == 204
    assert _bell(response)["count"] == 1


def test_the_version_that_is_shown_is_not_told_again(as_alice, alice, django_assert_num_queries):
    tell(alice)
    shown = bell_of(alice.pk).version
    with django_assert_num_queries(3):  # the session, who it is, and the bell
        response = as_alice.get("/notifications/bell", headers={"Bell-Version": shown})
    assert response.status_code == 204
    assert "HX-Trigger" not in _poll(as_alice, shown).headers


def test_what_was_read_elsewhere_changes_the_count_and_tells_nothing(as_alice, alice):
    told = tell(alice)
    shown = bell_of(alice.pk).version
    Notification.objects.filter(pk=told.pk).update(read_at=told.happened_at)

    bell = _bell(_poll(as_alice, shown))

    assert (bell["count"], bell["news"]) == (0, [])


def test_many_news_are_told_in_short(as_alice, alice):
    shown = bell_of(alice.pk).version
    for number in range(5):
        tell(alice, object_id=f"video_{number}", prompt="雪" * 200)

    response = _poll(as_alice, shown)

    bell = _bell(response)
    assert len(bell["news"]) == 2
    assert bell["has_more"]
    assert len(response.headers["HX-Trigger"]) < 2500  # proxies bound headers


def test_news_are_told_as_the_preferences_say(as_alice, alice):
    inbox = Inbox(user=alice, has_sound=True)
    inbox.switch(Topic.FAILED, Channel.BROWSER, False)
    inbox.save()
    shown = bell_of(alice.pk).version
    tell(alice, EventKind.VIDEO_FAILED, "video_1")
    assert (_bell(_poll(as_alice, shown))["news"], _bell(_poll(as_alice, shown))["has_sound"]) == ([], False)

    tell(alice, EventKind.VIDEO_COMPLETED, "video_2")
    assert _bell(_poll(as_alice, shown))["has_sound"]


def test_a_page_that_polls_nothing_asks_for_itself(as_alice, alice):
    shown = bell_of(alice.pk).version
    assert as_alice.get("/notifications/bell", headers={"Bell-Version": shown}).status_code == 204
    tell(alice)
    assert as_alice.get("/notifications/bell", headers={"Bell-Version": shown}).json()["count"] == 1


def test_garbage_for_a_version_tells_the_count_alone(as_alice, alice):
    tell(alice)
    for version in ("", "x", "1-" + "9" * 50, "1-²"):
        bell = as_alice.get("/notifications/bell", headers={"Bell-Version": version}).json()
        assert (bell["count"], bell["news"]) == (1, [])


def test_a_stranger_gets_no_bell(client):
    response = client.get("/notifications/bell")
    assert response.status_code == 302


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what a table holds")
def test_an_index_alone_answers_what_the_bell_shows(alice):
    with CaptureQueriesContext(connection) as asked:
        bell_of(alice.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked.captured_queries[0]['sql']}")
        plan = str(cursor.fetchall())
    assert "COVERING INDEX notification_unread" in plan
