"""Notifications in the admin: to read, and nothing else."""

from notifications.models import Notification
from tests.notifications.conftest import tell


def test_staff_read_what_was_told(as_carol, alice):
    told = tell(alice, prompt="A paper boat")

    assert "video_1" in as_carol.get("/admin/notifications/notification/?q=alice").content.decode()
    page = as_carol.get(f"/admin/notifications/notification/{told.pk}/change/").content.decode()
    assert "Your video is ready · A paper boat" in page


def test_nobody_changes_adds_or_deletes(as_carol, alice):
    told = tell(alice)
    base = "/admin/notifications/notification/"

    assert as_carol.get(f"{base}add/").status_code == 403
    assert as_carol.post(f"{base}{told.pk}/delete/", {"post": "yes"}).status_code == 403
    assert as_carol.post(f"{base}{told.pk}/change/", {"kind": "x"}).status_code == 403


def test_they_do_not_keep_an_account_from_being_deleted(as_carol, alice):
    tell(alice)

    assert as_carol.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Notification.objects.exists()
