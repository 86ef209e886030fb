"""How a notification is written on a page."""

from collections.abc import Iterable

from django import template
from django.utils import timezone

from notifications import wording
from notifications.models import Notification

register = template.Library()


@register.filter
def words(notification: Notification) -> wording.Words:
    """Return what it says: `title`, `detail` and `note`."""
    return wording.words_of(notification)


@register.filter
def icon_name(notification: Notification) -> str:
    return wording.icon_of(notification)


@register.simple_tag
def now_in_microseconds() -> int:
    """Return the present moment, up to which a page shows what there is."""
    return int(timezone.now().timestamp() * 1_000_000)


@register.filter
def has_unread(notifications: Iterable[Notification]) -> bool:
    return any(each.is_unread for each in notifications)
