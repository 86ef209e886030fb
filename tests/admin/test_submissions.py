"""Holding and releasing submissions in the admin: seen, confirmed, logged, and only by those who may."""

from decimal import Decimal
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import messages_of
from tests.factories import VideoFactory
from videos.engine import hold
from videos.models import StudioState

pytestmark = pytest.mark.django_db

PAGE = "admin:videos_studiostate_changelist"


def _page(client: Client) -> str:
    return unescape(client.get(reverse(PAGE)).content.decode())


def _post(client: Client, action: str, **more: str) -> list[str]:
    return messages_of(client.post(reverse(PAGE), {"action": action, **more}))


def _is_held() -> bool:
    return StudioState.objects.load().is_held


def test_staff_hold_with_a_reason_that_is_logged(as_carol: Client, carol):
    assert _post(as_carol, "hold", note="New disks.") == ["Submissions are held."]

    state = StudioState.objects.get()
    assert (state.held_by, state.hold_note) == (carol, "New disks.")
    assert LogEntry.objects.get().change_message == "Submissions are held."
    assert "Maintenance. New disks." in _page(as_carol)


def test_the_page_shows_number_and_price_before_anything_is_released(as_carol: Client):
    VideoFactory(price=Decimal("0.40"), backend__name="Cloud")
    hold.hold()

    page = _page(as_carol)

    assert "A release submits 1 video, $0.40." in page
    assert "Cloud: 1 video, $0.40" in page
    assert _is_held()


def test_staff_release_what_they_have_seen(as_carol: Client):
    VideoFactory(price=Decimal("0.40"))
    hold.hold()

    assert _post(as_carol, "release", total="1 video, $0.40") == ["Released: 1 video, $0.40."]

    assert not _is_held()
    assert LogEntry.objects.get().change_message == "Released: 1 video, $0.40."


def test_nothing_is_released_that_they_have_not_seen(as_carol: Client):
    VideoFactory(price=Decimal("0.40"))
    hold.hold()
    VideoFactory(price=Decimal("0.40"))

    (words,) = _post(as_carol, "release", total="1 video, $0.40")

    assert words.startswith("The queue has changed. Nothing was released")
    assert _is_held()
    assert not LogEntry.objects.exists()


def test_while_the_search_goes_on_there_is_nothing_to_press(as_carol: Client):
    VideoFactory()
    hold.hold(restored=True)

    page = _page(as_carol)

    assert "1 still being searched for" in page
    assert "Release and submit" not in page
    assert _post(as_carol, "release", total="1 video, 1 without a price") == [
        "Not released. 1 video is still being searched for at the backend."
    ]
    assert _is_held()


def test_without_a_storage_for_the_mark_it_stays_held(as_carol: Client, monkeypatch: pytest.MonkeyPatch):
    hold.hold(restored=True)

    def fail(*args: object) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(FileSystemStorage, "save", fail)
    (words,) = _post(as_carol, "release", total="0 videos, $0.00")

    assert "read-only file system" in words
    assert _is_held()


def test_a_release_without_a_hold_says_so(as_carol: Client):
    assert _post(as_carol, "release", total="0 videos, $0.00") == ["Submissions were not held."]


def test_a_second_hold_says_so(as_carol: Client):
    hold.hold()

    assert _post(as_carol, "hold") == ["Submissions were held before."]


def test_the_row_has_no_page_of_its_own(as_carol: Client):
    state = StudioState.objects.load()

    response = as_carol.get(reverse("admin:videos_studiostate_change", args=[state.pk]))

    assert response.headers["Location"] == reverse(PAGE)


def test_who_may_look_may_not_act(staff):
    client = staff("view_studiostate")

    assert "Hold submissions" not in _page(client)
    assert client.post(reverse(PAGE), {"action": "hold"}).status_code == 403
    assert not _is_held()


def test_other_staff_do_not_see_it(staff):
    assert staff("change_video").get(reverse(PAGE)).status_code == 403
