"""Whoever looks at another person's video in the administration leaves a record, which is kept."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import VideoFactory
from videos.admin.viewing import VIEW
from videos.models import State, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(alice: User) -> Video:
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    for field in ("file", "browser_file", "poster"):
        getattr(video, field).save(f"videos/{field}.mp4", ContentFile(b"0123456789"))
    return video


def _open(client: Client, video: Video, view: str = "change", **headers: str) -> int:
    address = reverse(f"admin:videos_video_{view}", args=[video.pk])
    response = client.get(address, headers=headers)
    response.getvalue()  # a file is closed when it has been read
    return int(response.status_code)


def _looks() -> list[tuple[str, str, str]]:
    entries = LogEntry.objects.filter(action_flag=VIEW).order_by("pk")
    return [(str(entry.user), entry.object_id or "", entry.get_change_message()) for entry in entries]


def test_its_page_and_its_file_are_each_noted_with_who_looked(as_carol: Client, video: Video):
    assert (_open(as_carol, video), _open(as_carol, video, "file")) == (200, 200)

    pk = str(video.pk)
    assert _looks() == [("carol", pk, "Viewed the page."), ("carol", pk, "Viewed the file.")]
    history = as_carol.get(reverse("admin:videos_video_history", args=[video.pk])).content.decode()
    assert "Viewed the page." in history
    assert "carol" in history


def test_the_copy_for_browsers_is_the_video_too(as_carol: Client, video: Video):
    _open(as_carol, video, "browser_file")

    assert len(_looks()) == 1


def test_a_player_that_asks_for_ranges_looks_once(
    as_carol: Client, video: Video, monkeypatch: pytest.MonkeyPatch
):
    for start in range(3):
        assert _open(as_carol, video, "file", range=f"bytes={start}-") == 206
    assert len(_looks()) == 1

    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("audit.trail.timezone.now", lambda: later)
    _open(as_carol, video, "file")
    assert len(_looks()) == 2


def test_two_people_are_two_looks(as_carol: Client, staff, video: Video):
    _open(as_carol, video)
    _open(staff("view_video"), video)

    assert len({who for who, _, _ in _looks()}) == 2


def test_nothing_is_noted_of_ones_own_of_lists_and_of_what_is_refused(
    as_carol: Client, carol: User, as_bob: Client, staff, video: Video
):
    _open(as_carol, VideoFactory(owner=carol, state=State.FAILED))
    as_carol.get(reverse("admin:videos_video_changelist"))
    _open(as_carol, video, "poster")  # which lists show
    _open(as_bob, video)
    assert _open(staff("view_backend"), video) == 403

    assert _looks() == []


def test_the_record_outlives_the_account_of_whoever_looked(as_carol: Client, staff, video: Video):
    client = staff("view_video")
    _open(client, video)
    viewer = LogEntry.objects.get().user

    page = as_carol.get(reverse("admin:accounts_user_delete", args=[viewer.pk])).content.decode()
    as_carol.post(reverse("admin:accounts_user_delete", args=[viewer.pk]), {"post": "yes"})

    assert "1 entry in the log" in page
    assert LogEntry.objects.filter(user=viewer, action_flag=VIEW).exists()
