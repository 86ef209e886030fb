"""Mail on its way out: every message becomes a row first, and a worker sends it.

So a mail server that refuses or is away loses nothing, and no page waits for it.
"""

import logging
import smtplib
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import MailState, OutgoingMail
from audit.trail import Subject, record_all
from audit.vocabulary import Action, Kind
from contentgen.prepared_query import PreparedQuery

logger = logging.getLogger(__name__)

# Minutes until the next attempt, after the first, the second, and so on: about a day in all.
RETRY_MINUTES = (1, 2, 5, 15, 30, 60, 120, 240, 480, 480)
_REMOVED_AT_ONCE = 500  # rows
RETENTION = timedelta(days=30)  # of what is sent, and of what failed
BATCH = 20  # messages in one run
_LEASE = timedelta(minutes=5)  # after which a message that a killed worker held is tried again
_TURN = "accounts:sending-mail"
_TURN_SECONDS = 120  # for which no other worker sends: a slow mail server must not hold all of them


class OutboxBackend(BaseEmailBackend):
    """Django's way to send mail. Keeps each message, for each of its addresses, instead of sending it.

    Only the plain text is kept: the studio sends nothing else.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        OutgoingMail.objects.bulk_create(
            OutgoingMail(
                sender=message.from_email,
                recipient=recipient,
                subject=str(message.subject)[:998],
                body=str(message.body),
            )
            for message in email_messages
            for recipient in message.recipients()
        )
        return len(email_messages)


def can_deliver() -> bool:
    """Whether mail reaches people. On one's own machine the terminal is enough."""
    return bool(settings.EMAIL_HOST or settings.EMAIL_FILE_PATH or not settings.PRODUCTION)


def deliver_due() -> int:
    """Send what is due, the oldest first. Returns how many messages were sent.

    A message is sent at least once: that of a worker that is killed right after sending it is sent again.
    After a failure that would befall the others too, they wait for the next run.
    """
    if not cache.add(_TURN, True, _TURN_SECONDS):
        return 0
    try:
        sent = 0
        due = OutgoingMail.objects.filter(state=MailState.QUEUED, due_at__lte=timezone.now())
        for pk in due.order_by("due_at").values_list("pk", flat=True)[:BATCH]:
            if not (claimed := _claim(pk)):
                continue
            if not _deliver(claimed):
                break
            sent += 1
        _remove_old()
        return sent
    finally:
        cache.delete(_TURN)


def has_due() -> bool:
    """Return whether a message is to be sent now. One query."""
    return _DUE.first() is not None


_DUE = PreparedQuery(
    lambda: OutgoingMail.objects.filter(state=MailState.QUEUED, due_at__lte=Now()).values("pk")
)


def send_again(pks: Sequence[int]) -> int:
    """Queue failed messages once more. Returns how many there were."""
    failed = OutgoingMail.objects.filter(pk__in=pks, state=MailState.FAILED)
    with transaction.atomic():
        subjects = [Subject(Kind.MAIL, each.pk, each.subject) for each in failed]
        count = failed.update(
            state=MailState.QUEUED, due_at=timezone.now(), attempts=0, error="", finished_at=None
        )
        record_all(Action.RETRIED, subjects)
    return count


def withdraw(recipient: str) -> int:
    """Have what waits for this address not be sent. Returns how many messages there were."""
    waiting = OutgoingMail.objects.filter(recipient=recipient, state=MailState.QUEUED)
    error = gettext_noop("The account was deactivated.")
    return waiting.update(state=MailState.FAILED, due_at=None, finished_at=timezone.now(), error=error)


def _claim(pk: int) -> OutgoingMail | None:
    now = timezone.now()
    free = OutgoingMail.objects.filter(pk=pk, state=MailState.QUEUED, due_at__lte=now)
    if not free.update(due_at=now + _LEASE, attempts=F("attempts") + 1):
        return None
    return OutgoingMail.objects.get(pk=pk)


def _deliver(mail: OutgoingMail) -> bool:
    """Send one message. Returns False if it was not sent for a reason that is not its own."""
    message = EmailMessage(mail.subject, mail.body, mail.sender, [mail.recipient])
    try:
        get_connection(settings.MAIL_TRANSPORT).send_messages([message])
    except Exception as error:  # noqa: BLE001  # whatever it is, the message is kept and the reason shown
        if _is_about_recipient(error):
            _fail(mail, error)
            return True
        _try_later(mail, error)
        return False
    _finish(mail, MailState.SENT, body="", error="")
    return True


def _is_about_recipient(error: Exception) -> bool:
    """Whether the server refused this message for good. Refused credentials are not the message's fault."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600


def _try_later(mail: OutgoingMail, error: Exception) -> None:
    if mail.attempts > len(RETRY_MINUTES):
        _fail(mail, error)
        return
    due_at = timezone.now() + timedelta(minutes=RETRY_MINUTES[mail.attempts - 1])
    OutgoingMail.objects.filter(pk=mail.pk, state=MailState.QUEUED).update(
        due_at=due_at, error=_describe(error)
    )
    logger.warning("An email was not sent, and is tried again at %s: %s", due_at, _describe(error))


def _fail(mail: OutgoingMail, error: Exception) -> None:
    _finish(mail, MailState.FAILED, error=_describe(error))
    logger.error("An email was not sent, and will not be: %s", _describe(error))


def _finish(mail: OutgoingMail, state: MailState, **changes: str) -> None:
    OutgoingMail.objects.filter(pk=mail.pk, state=MailState.QUEUED).update(
        state=state, due_at=None, finished_at=timezone.now(), **changes
    )


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:500]


def _remove_old() -> None:
    """Remove some of what is too old; the next tick goes on."""
    old = OutgoingMail.objects.filter(finished_at__lt=timezone.now() - RETENTION)
    OutgoingMail.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_REMOVED_AT_ONCE])).delete()
