"""Emails about notifications: what came within minutes is one, and nobody gets more than four an hour.

They go through the outbox of `accounts.mail`, which keeps and retries them.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts import formats, languages
from accounts.models import User
from contentgen.public_url import public_address
from notifications.models import Inbox, Notification
from notifications.wording import path_of, words_of

MIN_GAP = timedelta(minutes=15)  # between two emails to a person
AWAY_AFTER = timedelta(minutes=5)  # in which no page of theirs asked for anything
MAX_LINES = 20  # in one email; of more, how many there are
MAX_PEOPLE = 50  # in one run


def send_due() -> int:
    """Write the emails that are due into the outbox. Returns how many were written."""
    now = timezone.now()
    due = Notification.objects.filter(mail_due_at__lte=now).exclude(user__inbox__mailed_at__gt=now - MIN_GAP)
    people = due.order_by("user_id").values_list("user_id", flat=True).distinct()[:MAX_PEOPLE]
    return sum(_send_to(user_id, now) for user_id in people)


@transaction.atomic
def _send_to(user_id: int, now: datetime) -> bool:
    """Write one email about all that waits, also what is not due yet. Each is told of once, or never."""
    inbox = Inbox.objects.locked(user_id)
    if inbox.mailed_at and inbox.mailed_at > now - MIN_GAP:
        return False  # another worker was faster
    waiting = Notification.objects.filter(user=user_id, mail_due_at__isnull=False)
    rows = list(waiting.newest_first())
    waiting.update(mail_due_at=None)
    user = User.objects.get(pk=user_id)
    if not (user.is_active and user.email):
        return False
    if not _is_away(user, now):
        rows = [each for each in rows if not each.mail_if_away]
    if not rows:
        return False
    _compose(user, rows).send()
    inbox.mailed_at = now
    inbox.save(update_fields=["mailed_at"])
    return True


def _is_away(user: User, now: datetime) -> bool:
    """Whether no page of the person's is open: an open one asks for news all the time."""
    return not UserSession.objects.filter(user=user, last_seen_at__gt=now - AWAY_AFTER).exists()


def _compose(user: User, rows: list[Notification]) -> EmailMessage:
    with timezone.override(_zone(user)), languages.override_for(user), formats.override(user.date_style):
        body = render_to_string("notifications/email/digest.txt", _context(user, rows))
        return EmailMessage(_subject(rows), body, to=[user.email])


def _context(user: User, rows: list[Notification]) -> dict[str, Any]:
    lines = [
        {"words": words_of(each), "link": _absolute(path_of(each)), "happened_at": each.happened_at}
        for each in rows[:MAX_LINES]
    ]
    return {
        "user": user,
        "lines": lines,
        "more": len(rows) - len(lines),
        "inbox": _absolute(reverse("notifications:inbox")),
        "preferences": _absolute(reverse("notifications:preferences")),
    }


def _subject(rows: list[Notification]) -> str:
    words = words_of(rows[0])
    if len(rows) > 1:
        return gettext("%(title)s, and %(number)s more") % {"title": words.title, "number": len(rows) - 1}
    about = " ".join(words.detail.split())[:80]
    return f"{words.title}: {about}" if about else words.title


def _zone(user: User) -> ZoneInfo | None:
    try:
        return ZoneInfo(user.time_zone or settings.TIME_ZONE)
    except (ValueError, ZoneInfoNotFoundError):  # this machine does not know it
        return None


def _absolute(path: str) -> str:
    """Return the address as the internet has it; "" where nobody has said what that is."""
    if settings.PUBLIC_URL:
        return public_address(path)
    return "" if settings.PRODUCTION else f"http://localhost:{settings.PORT}{path}"
