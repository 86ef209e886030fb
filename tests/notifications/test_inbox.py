"""The inbox: what is listed, in pages, and nobody else's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contentgen.events import EventKind
from notifications.inbox import PAGE_SIZE, PANEL_SIZE
from notifications.models import Notification
from tests.notifications.conftest import tell


def _many(user, count: int) -> None:
    now = timezone.now()
    Notification.objects.bulk_create(
        Notification(
            user=user,
            kind=EventKind.VIDEO_COMPLETED,
            key=f"video:{number}",
            object_id=f"video_{number}",
            data={"prompt": f"Number {number}.", "path": f"/videos/video_{number}/"},
            # Two at a time happened at the same moment: the page must not lose one of them.
            happened_at=now - timedelta(minutes=number // 2),
        )
        for number in range(count)
    )


def test_it_shows_ones_own_newest_first(as_alice, alice, bob):
    tell(alice, prompt="An old one", object_id="video_1")
    tell(alice, EventKind.VIDEO_FAILED, "video_2", prompt="A new one", reason="It was refused.")
    tell(bob, prompt="A secret")

    page = as_alice.get("/notifications/").content.decode()

    assert page.index("A new one") < page.index("An old one")
    assert "It was refused." in page
    assert "A secret" not in page


def test_an_empty_inbox_says_what_it_is_for(as_alice):
    assert "No notifications yet" in as_alice.get("/notifications/").content.decode()


def test_the_pages_hold_each_once(as_alice, alice):
    _many(alice, 2 * PAGE_SIZE + 1)
    seen: list[str] = []
    cursor = ""
    while True:
        response = as_alice.get("/notifications/", {"before": cursor} if cursor else {})
        page = response.context["page"]
        seen += [each.object_id for each in page.notifications]
        cursor = page.next_cursor
        if not cursor:
            break

    assert len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 1


@pytest.mark.parametrize("cursor", ["x", "1-", "-1", "9" * 40, "1-" + "9" * 30, "²-1", "1\x00-2"])
def test_a_cursor_that_is_none_shows_the_first_page(as_alice, alice, cursor):
    tell(alice, prompt="Snow")
    response = as_alice.get("/notifications/", {"before": cursor})

    assert response.status_code == 200
    assert "Snow" in response.content.decode()


def test_a_full_page_needs_as_many_queries_as_one_line(
    as_alice, alice, django_assert_num_queries, django_assert_max_num_queries
):
    _many(alice, 1)
    as_alice.get("/notifications/")
    with django_assert_max_num_queries(12) as few:
        as_alice.get("/notifications/")
    Notification.objects.all().delete()
    _many(alice, PAGE_SIZE)
    with django_assert_num_queries(len(few.captured_queries)):
        as_alice.get("/notifications/")


def test_the_panel_shows_the_newest(as_alice, alice):
    _many(alice, 30)
    page = as_alice.get("/notifications/panel").content.decode()

    assert page.count('class="notice ') == PANEL_SIZE
    assert "<html" not in page


def test_what_is_hidden_is_not_listed(as_alice, alice):
    told = tell(alice, prompt="Only by email")
    Notification.objects.filter(pk=told.pk).update(in_inbox=False)

    assert "Only by email" not in as_alice.get("/notifications/").content.decode()


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get("/notifications/").headers["Location"].startswith("/accounts/login/")


def test_words_are_escaped(as_alice, alice):
    tell(alice, prompt="<script>alert(1)</script>")
    assert "<script>alert" not in as_alice.get("/notifications/").content.decode()


def test_another_method_is_refused(as_alice):
    assert as_alice.post("/notifications/").status_code == 405
