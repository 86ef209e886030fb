"""What a person reads: the count of the bell, the list, what is new, and what has been read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from contentgen.pictures import find_pictures
from contentgen.prepared_query import PreparedQuery
from notifications.models import Notification, NotificationQuerySet

PAGE_SIZE = 25
PANEL_SIZE = 8  # in the panel of the header
MAX_NEWS = 2  # told one by one; of more, how many there are
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAX_DIGITS = 17  # of microseconds: to the year 5138


@dataclass(frozen=True)
class Bell:
    """How many notifications are unread, and when the newest of them happened, in microseconds."""

    count: int
    newest: int

    @property
    def version(self) -> str:
        """A short text that differs whenever the bell would show, or tell, something else."""
        return f"{self.count}-{self.newest}"


def bell_of(user_id: int) -> Bell:
    """Return the person's bell: one query, which an index of what is unread answers by itself."""
    found = _find_unread.first(user_id)
    return Bell(found["count"], _microseconds(found["newest"])) if found else Bell(0, 0)


def _unread(user_id: int) -> "QuerySet[Notification, dict[str, Any]]":
    counted = Count("pk", filter=Q(in_inbox=True))
    unread = Notification.objects.filter(user=user_id, read_at=None).order_by().values("user")
    rows = unread.annotate(count=counted, newest=Max("happened_at"))
    return cast("QuerySet[Notification, dict[str, Any]]", rows)


_find_unread = PreparedQuery(_unread, -1)


def request_bell(request: HttpRequest) -> Bell:
    """Return the bell of whoever is signed in, read once for each request."""
    if not hasattr(request, "_bell"):
        request._bell = bell_of(cast(User, request.user).pk)  # type: ignore[attr-defined]
    bell: Bell = request._bell  # type: ignore[attr-defined]
    return bell


def fetch_news(user_id: int, version: str) -> list[Notification]:
    """Return what is to be told in the browser of what happened after `version`, newest first: at most
    `MAX_NEWS`, and one more if there is more. Nothing for a version that is none.
    """
    since = parse_moment(version.partition("-")[2])
    if since is None:
        return []
    unread = Notification.objects.filter(user=user_id, read_at=None, happened_at__gt=since)
    return list(unread.filter(in_browser=True).newest_first()[: MAX_NEWS + 1])


@dataclass(frozen=True)
class Page:
    """Notifications, newest first. `next_cursor` is where the next page begins; empty on the last."""

    notifications: Sequence[Notification]
    next_cursor: str = ""


def get_page(rows: NotificationQuerySet, cursor: str, *, size: int = PAGE_SIZE) -> Page:
    """Return the page of `rows` after `cursor`; the first one for a cursor that is none.

    One row more than needed is read and nothing is counted, so a page costs the same in a list of any length.
    """
    position = parse_cursor(cursor)
    if position is not None:
        moment, pk = position
        rows = rows.filter(Q(happened_at__lt=moment) | Q(happened_at=moment, pk__lt=pk))
        rows = rows.filter(happened_at__lte=moment)  # which bounds the walk through the index
    found = list(rows.newest_first()[: size + 1])
    shown = found[:size]
    add_pictures(shown)
    return Page(shown, cursor_of(shown[-1]) if len(found) > size else "")


def add_pictures(shown: Sequence[Notification]) -> None:
    """Give each of one person's notifications the picture of its thing, if the person can see one now."""
    if not shown:
        return
    pictures = find_pictures(shown[0].user_id, {each.object_id for each in shown})
    for each in shown:
        each.picture = pictures.get(each.object_id, "")


def cursor_of(notification: Notification) -> str:
    return f"{_microseconds(notification.happened_at)}-{notification.pk}"


def parse_cursor(cursor: str) -> tuple[datetime, int] | None:
    """Return the time and the key that `cursor` names, or None if it is none."""
    moment, _, pk = cursor.partition("-")
    since = parse_moment(moment)
    if since is None or not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        return None
    return since, int(pk)


def parse_moment(digits: str) -> datetime | None:
    """Return the time of so many microseconds since 1970, or None for what is no such number."""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS):
        return None
    return _EPOCH + int(digits) * _MICROSECOND


def mark_read(user_id: int, pks: Iterable[int]) -> int:
    """Mark these of the person's notifications as read. Returns how many were not."""
    return _mark(Notification.objects.filter(user=user_id, pk__in=list(pks)))


def mark_all_read(user_id: int, *, until: datetime | None = None) -> int:
    """Mark all of the person's notifications as read: those that happened by `until`, if it is given, because
    what came since has not been seen. Returns how many were not read.
    """
    rows = Notification.objects.filter(user=user_id)
    return _mark(rows if until is None else rows.filter(happened_at__lte=until))


def mark_opened(request: HttpRequest, *keys: str) -> None:
    """Mark what is about the thing that is being looked at as read; with nothing unread no query is made."""
    if request_bell(request).count:
        _mark(Notification.objects.filter(user=cast(User, request.user), key__in=keys))
        del request._bell  # type: ignore[attr-defined]


def _mark(rows: NotificationQuerySet) -> int:
    # What has been read need not be mailed any more.
    return rows.filter(read_at=None).update(read_at=timezone.now(), mail_due_at=None)


def describe_for_export(user_id: int) -> list[dict[str, Any]]:
    """Return all that the person was told, newest first, as JSON values."""
    rows = Notification.objects.filter(user=user_id).newest_first()
    return [
        {
            "kind": each.kind,
            "object_id": each.object_id,
            "count": each.count,
            "happened_at": each.happened_at.isoformat(),
            "read_at": each.read_at.isoformat() if each.read_at else None,
            "data": each.data,
        }
        for each in rows
    ]


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
