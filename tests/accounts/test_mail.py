"""Mail on its way out: kept first, tried again, given up with a reason, and shown without its text."""

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend as LocmemBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import mail
from accounts.models import MailState, OutgoingMail, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

_errors: list[Exception] = []


class FaultyBackend(LocmemBackend):
    """Sends, unless an error is next."""

    def send_messages(self, messages: Any) -> int:
        if _errors:
            raise _errors.pop(0)
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def transport(settings) -> list[Exception]:
    settings.EMAIL_BACKEND = "accounts.mail.OutboxBackend"
    settings.MAIL_TRANSPORT = f"{__name__}.FaultyBackend"
    _errors.clear()
    return _errors


def _send(*to: str) -> OutgoingMail:
    django_mail.send_mail(
        "Hello", "Open https://studio.test/secret", "studio@example.org", to or ["a@b.test"]
    )
    return OutgoingMail.objects.order_by("pk").last()


def _make_due() -> None:
    OutgoingMail.objects.filter(state=MailState.QUEUED).update(due_at=timezone.now())


def test_a_message_is_kept_then_sent_and_its_text_removed():
    row = _send()
    assert django_mail.outbox == []
    assert (row.state, row.recipient) == ("queued", "a@b.test")

    assert mail.deliver_due() == 1

    (sent,) = django_mail.outbox
    assert (sent.to, sent.subject, sent.from_email) == (["a@b.test"], "Hello", "studio@example.org")
    assert "secret" in sent.body
    row.refresh_from_db()
    assert (row.state, row.body, row.due_at, row.error) == ("sent", "", None, "")
    assert mail.deliver_due() == 0


def test_each_address_has_a_message_of_its_own():
    _send("a@b.test", "c@d.test")
    mail.deliver_due()
    assert [message.to for message in django_mail.outbox] == [["a@b.test"], ["c@d.test"]]


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("refused"),
        TimeoutError("too slow"),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPAuthenticationError(535, b"wrong password"),
        smtplib.SMTPSenderRefused(550, b"not you", "studio@example.org"),
        smtplib.SMTPDataError(451, b"greylisted"),
        smtplib.SMTPRecipientsRefused({"a@b.test": (450, b"mailbox busy")}),
        RuntimeError("a bug"),
    ],
)
def test_a_server_that_does_not_take_it_is_asked_again_later(transport, error: Exception):
    row, waiting = _send(), _send("c@d.test")
    transport.append(error)

    assert mail.deliver_due() == 0

    row.refresh_from_db()
    waiting.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 1)
    assert type(error).__name__ in row.error
    assert timedelta(seconds=50) < row.due_at - timezone.now() < timedelta(minutes=2)
    assert waiting.attempts == 0, "the others are spared the same failure"
    _make_due()
    assert mail.deliver_due() == 2
    row.refresh_from_db()
    assert (row.state, row.error) == ("sent", "")


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({"a@b.test": (550, b"no such user")}),
        smtplib.SMTPDataError(554, b"spam"),
    ],
)
def test_a_message_that_is_refused_for_good_holds_nobody_up(transport, error: Exception):
    row = _send()
    _send("c@d.test")
    transport.append(error)

    mail.deliver_due()

    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 1)
    assert row.body, "so that it can be sent again"
    assert [message.to for message in django_mail.outbox] == [["c@d.test"]]


def test_after_a_day_of_attempts_it_is_given_up(transport):
    row = _send()
    for _ in range(len(mail.RETRY_MINUTES) + 1):
        transport.append(OSError("away"))
        _make_due()
        mail.deliver_due()
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "OSError: away")


def test_what_a_killed_worker_held_is_sent_by_the_next(monkeypatch):
    row = _send()
    assert mail._claim(row.pk) is not None
    assert mail._claim(row.pk) is None, "two workers never send the same"
    assert mail.deliver_due() == 0
    _make_due()
    assert mail.deliver_due() == 1


def test_one_worker_sends_at_a_time(settings):
    _send()
    mail.cache.add(mail._TURN, True, 60)
    assert mail.deliver_due() == 0
    mail.cache.delete(mail._TURN)
    assert mail.deliver_due() == 1


def test_what_is_over_is_removed_after_a_month():
    old, new = _send(), _send()
    mail.deliver_due()
    OutgoingMail.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=31))
    mail.deliver_due()
    assert list(OutgoingMail.objects.all()) == [new]


# --- In the admin ------------------------------------------------------------------------------------------


def test_staff_see_what_failed_and_why_but_never_the_text(as_carol: Client, transport):
    row = _send()
    transport.append(smtplib.SMTPRecipientsRefused({"a@b.test": (550, b"no such user")}))
    mail.deliver_due()

    pages = [reverse("admin:accounts_outgoingmail_changelist")]
    pages.append(reverse("admin:accounts_outgoingmail_change", args=[row.pk]))
    for page in pages:
        text = as_carol.get(page).content.decode()
        assert "no such user" in text
        assert "studio.test/secret" not in text


def test_what_failed_can_be_sent_again(as_carol: Client, transport):
    row = _send()
    transport.append(smtplib.SMTPDataError(554, b"spam"))
    mail.deliver_due()

    data = {"action": "send_again", "_selected_action": [row.pk]}
    as_carol.post(reverse("admin:accounts_outgoingmail_changelist"), data)
    assert mail.deliver_due() == 1

    row.refresh_from_db()
    assert row.state == "sent"
    as_carol.post(reverse("admin:accounts_outgoingmail_changelist"), data)
    assert mail.deliver_due() == 0, "what was sent is not sent again"


def test_staff_without_the_permission_see_none_of_it():
    staff: User = UserFactory(is_staff=True)
    client = Client()
    client.force_login(staff)
    assert client.get(reverse("admin:accounts_outgoingmail_changelist")).status_code == 403
