"""What a page that is open already is told of the bell, as JSON values."""

from typing import Any

from notifications.inbox import MAX_NEWS, Bell, fetch_news
from notifications.models import Inbox, Notification
from notifications.wording import path_of, words_of

_LENGTH = 80  # characters: it may travel in a header, which proxies bound


def describe_bell(user_id: int, bell: Bell, shown: str) -> dict[str, Any]:
    """Return the bell, and what has happened since the version `shown` that is to be told in the browser.

    `has_sound` is whether it is to be heard, too.
    """
    found = fetch_news(user_id, shown)
    return {
        "count": bell.count,
        "version": bell.version,
        "news": [_describe(each) for each in found[:MAX_NEWS]],
        "has_more": len(found) > MAX_NEWS,
        "has_sound": bool(found) and Inbox.objects.of(user_id).has_sound,
    }


def _describe(notification: Notification) -> dict[str, str]:
    words = words_of(notification)
    return {
        "id": f"notification-{notification.pk}",
        "title": words.title[:_LENGTH],
        "body": words.detail[:_LENGTH],
        "path": path_of(notification),
    }
