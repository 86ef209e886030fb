"""How long notifications are kept, and how many."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from notifications import cleanup
from notifications.models import Inbox, Notification
from tests.notifications.conftest import tell


def _notifications(user, count: int) -> None:
    now = timezone.now()
    Notification.objects.bulk_create(
        Notification(user=user, kind="video.failed", key=f"k{n}", happened_at=now - timedelta(minutes=n))
        for n in range(count)
    )


def test_what_was_read_long_ago_is_removed(alice):
    for number, days in enumerate((91, 89)):
        told = tell(alice, object_id=f"video_{number}")
        Notification.objects.filter(pk=told.pk).update(read_at=timezone.now() - timedelta(days=days))
    tell(alice, object_id="unread")
    Notification.objects.filter(object_id="unread").update(happened_at=timezone.now() - timedelta(days=400))

    assert cleanup.remove_old() == 1
    assert set(Notification.objects.values_list("object_id", flat=True)) == {"video_1", "unread"}


def test_the_oldest_above_what_one_person_has_are_removed(alice, bob, monkeypatch):
    monkeypatch.setattr(cleanup, "MAX_PER_PERSON", 10)
    monkeypatch.setattr(cleanup, "BATCH", 3)
    _notifications(alice, 18)
    _notifications(bob, 10)

    assert cleanup.remove_old() == 8
    assert set(Notification.objects.filter(user=alice).values_list("key", flat=True)) == {
        f"k{n}" for n in range(10)
    }
    assert Notification.objects.filter(user=bob).count() == 10


def test_it_is_done_once_an_hour(alice, monkeypatch):
    monkeypatch.setattr(cleanup, "MAX_PER_PERSON", 1)
    _notifications(alice, 3)
    assert cleanup.remove_old() == 2
    _notifications(alice, 0)
    tell(alice, object_id="one more")
    assert cleanup.remove_old() == 0
    cache.clear()
    assert cleanup.remove_old() == 1


def test_they_go_with_the_account(alice, bob):
    tell(alice)
    tell(bob)
    alice.delete()

    assert Notification.objects.count() == Inbox.objects.count() == 1
