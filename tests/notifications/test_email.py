"""Emails: which are sent, as one for many, and never too many; and to whom none is."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.deactivation import end_access
from accounts.models import MailState, OutgoingMail
from contentgen.events import EventKind
from notifications import digests
from notifications.models import Inbox, Notification
from notifications.topics import Channel, Topic
from tests.notifications.conftest import tell

LONG = {"took_seconds": 301}
ATTENTION = EventKind.VIDEO_NEEDS_ATTENTION


@pytest.fixture(autouse=True)
def addresses(settings, alice, bob) -> None:
    settings.EMAIL_BACKEND = "accounts.mail.OutboxBackend"  # instead of that of Django's tests
    settings.PUBLIC_URL = "https://studio.example.org"
    for user in (alice, bob):
        user.email = f"{user.username}@example.org"
        user.save()


def _send() -> int:
    """Send as if the time for it had come."""
    Notification.objects.filter(mail_due_at__isnull=False).update(mail_due_at=timezone.now())
    return digests.send_due()


def _wait(minutes: int) -> None:
    for inbox in Inbox.objects.filter(mailed_at__isnull=False):
        Inbox.objects.filter(pk=inbox.pk).update(mailed_at=inbox.mailed_at - timedelta(minutes=minutes))


def test_what_needs_attention_is_mailed(alice, bob):
    told = tell(alice, ATTENTION, prompt="A paper boat", reason="We couldn't confirm it.")
    assert digests.send_due() == 0  # more may come within minutes
    assert _send() == 1

    mail = OutgoingMail.objects.get()
    assert mail.recipient == "alice@example.org"
    assert mail.subject == "A video needs attention: A paper boat"
    assert "https://studio.example.org/videos/video_1/" in mail.body
    assert "We couldn't confirm it." in mail.body
    assert "https://studio.example.org/account/notifications/" in mail.body
    assert Notification.objects.get(pk=told.pk).mail_due_at is None
    assert _send() == 0


def test_ten_within_minutes_are_one(alice):
    for number in range(5):
        tell(alice, EventKind.APPROVAL_REQUESTED, f"a{number}", person="bob", prompt=f"Number {number}.")
        tell(alice, EventKind.BUDGET_WARNING, f"b{number}")

    assert _send() == 1
    mail = OutgoingMail.objects.get()
    assert mail.subject == "A budget is almost used up, and 9 more"
    assert all(f"Number {number}." in mail.body for number in range(5))


def test_a_long_digest_is_cut(alice):
    now = timezone.now()
    Notification.objects.bulk_create(
        Notification(user=alice, kind=ATTENTION, key=f"k{n}", happened_at=now, mail_due_at=now)
        for n in range(30)
    )
    Inbox.objects.create(user=alice)

    assert _send() == 1
    assert "And 10 more: https://studio.example.org/notifications/" in OutgoingMail.objects.get().body


def test_nobody_gets_more_than_four_an_hour(alice, bob):
    for number in range(60):
        tell(alice, EventKind.BUDGET_EXCEEDED, f"b{number}")
        _send()
        _wait(1)
    assert OutgoingMail.objects.count() == 4

    tell(bob, ATTENTION)
    _send()
    assert OutgoingMail.objects.filter(recipient="bob@example.org").count() == 1


def test_a_quick_video_is_not_mailed(alice):
    tell(alice, took_seconds=299)
    assert _send() == 0


def test_a_video_that_took_long_is_mailed(alice):
    tell(alice, **LONG)
    assert _send() == 1


def test_how_long_is_long_is_everybodys_choice(alice):
    Inbox.objects.create(user=alice, long_minutes=10)
    tell(alice, **LONG)
    assert _send() == 0


def test_somebody_who_is_here_is_not_mailed_that_a_video_is_done(alice):
    UserSession.objects.create(user=alice, session_key="x", ip="127.0.0.1", last_seen_at=timezone.now())
    tell(alice, **LONG)
    assert _send() == 0
    assert not Notification.objects.filter(mail_due_at__isnull=False).exists()


def test_somebody_who_is_here_is_mailed_what_waits_for_them(alice):
    UserSession.objects.create(user=alice, session_key="x", ip="127.0.0.1", last_seen_at=timezone.now())
    tell(alice, ATTENTION)
    assert _send() == 1


def test_what_was_read_meanwhile_is_not_mailed(as_alice, alice):
    told = tell(alice, ATTENTION)
    as_alice.post(f"/notifications/{told.pk}/read")
    assert _send() == 0


def test_what_is_switched_off_is_not_mailed(alice):
    inbox = Inbox(user=alice)
    inbox.switch(Topic.ATTENTION, Channel.EMAIL, False)
    inbox.save()
    tell(alice, ATTENTION)
    assert _send() == 0


def test_failures_are_not_mailed_unless_asked_for(alice):
    tell(alice, EventKind.VIDEO_FAILED)
    assert _send() == 0

    inbox = Inbox.objects.get(user=alice)
    inbox.switch(Topic.FAILED, Channel.EMAIL, True)
    inbox.save()
    tell(alice, EventKind.VIDEO_FAILED, "video_2")
    assert _send() == 1


def test_a_person_without_an_address_gets_none(alice):
    alice.email = ""
    alice.save()
    tell(alice, ATTENTION)
    assert _send() == 0
    assert not OutgoingMail.objects.exists()


def test_a_deactivated_person_gets_none(alice):
    tell(alice, ATTENTION)
    alice.is_active = False
    alice.save()
    assert _send() == 0

    alice.is_active = True
    alice.save()
    assert _send() == 0  # what happened meanwhile is old by then


def test_what_waits_in_the_outbox_of_a_deactivated_person_is_not_sent(alice, bob):
    for user in (alice, bob):
        tell(user, ATTENTION)
    _send()

    end_access(alice)

    states = dict(OutgoingMail.objects.values_list("recipient", "state"))
    assert states == {"alice@example.org": MailState.FAILED, "bob@example.org": MailState.QUEUED}


def test_times_are_those_of_the_person(alice):
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    told = tell(alice, ATTENTION)
    Notification.objects.filter(pk=told.pk).update(happened_at=datetime(2026, 3, 1, 20, 30, tzinfo=UTC))
    _send()
    assert "2 Mar 2026, 05:30 JST" in OutgoingMail.objects.get().body


def test_without_an_address_of_the_studio_there_are_no_links(alice, settings):
    settings.PUBLIC_URL = ""
    settings.PRODUCTION = True
    tell(alice, ATTENTION)
    _send()

    body = OutgoingMail.objects.get().body
    assert "://" not in body
    assert "open the page Notifications of your account" in body


def test_a_prompt_makes_no_header(alice):
    tell(alice, ATTENTION, prompt="One\r\nBcc: eve@example.org")
    _send()
    assert OutgoingMail.objects.get().subject == "A video needs attention: One Bcc: eve@example.org"


def test_dates_and_numbers_are_as_the_person_likes_them(alice):
    alice.date_style = "de"
    alice.save()
    told = tell(alice, EventKind.BATCH_COMPLETED, name="Spring", total=1000, completed=1000, failed=0)
    Notification.objects.filter(pk=told.pk).update(happened_at=datetime(2026, 3, 1, 20, 30, tzinfo=UTC))
    _send()

    body = OutgoingMail.objects.get().body
    assert "1.000 of 1.000 videos are ready" in body
    assert "01.03.2026, 20:30 UTC" in body
