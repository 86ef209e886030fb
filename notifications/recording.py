"""From an event to a notification: a new one, or one that is there already and says more now.

All of it happens in the transaction of the event, under the lock of the person's inbox.
"""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from contentgen.events import Event, EventKind
from notifications.models import MANY, Inbox, Notification
from notifications.topics import AWAY_ONLY, TOPIC_OF, VIDEO_KINDS, Channel, Topic

FLOOD_WINDOW = timedelta(minutes=10)
FLOOD_LIMIT = 5  # of a kind in that time, one by one; more are folded into one
MAIL_DELAY = timedelta(minutes=3)  # for which more is collected, and a person may still read it here

# Of takes that went different ways, the notification is of the kind that most asks for its owner.
_URGENCY = {EventKind.VIDEO_COMPLETED: 0, EventKind.VIDEO_FAILED: 1, EventKind.VIDEO_NEEDS_ATTENTION: 2}


def record(event: Event, **_: Any) -> None:
    """Write down what `event` tells its person. Connected to `event_published`."""
    inbox = Inbox.objects.locked(event.user_id)
    if not any(inbox.is_on(TOPIC_OF[event.kind], channel) for channel in Channel):
        return
    # Read under the lock, so that in one inbox what is committed later never happened earlier.
    now = timezone.now()
    notification = _find(event, now)
    _add(notification, event, now)
    _choose_channels(notification, inbox, event, now)
    notification.save()


def key_of(event: Event) -> str:
    """Return what the event is about, for all of which there is one notification."""
    if event.kind in VIDEO_KINDS:
        group = event.data.get("take_group")
        return takes_key(group) if group else video_key(event.object_id)
    return f"{event.kind}:{event.object_id}"[:120]


def video_key(public_id: str) -> str:
    return f"video:{public_id}"


def takes_key(take_group: Any) -> str:
    return f"takes:{take_group}"


def _find(event: Event, now: datetime) -> Notification:
    """Return the notification that the event belongs to, which may be a new one."""
    mine = Notification.objects.filter(user=event.user_id)
    key = key_of(event)
    if known := mine.filter(key=key).first():
        return known
    recent = list(mine.filter(happened_at__gt=now - FLOOD_WINDOW, kind=event.kind)[: FLOOD_LIMIT + 1])
    folds = [each for each in recent if each.is_folded and each.is_unread]
    if folds:
        return folds[0]
    if len(recent) >= FLOOD_LIMIT:
        key = f"{MANY}{event.kind}:{event.object_id}"[:120]
    return Notification(user_id=event.user_id, key=key, count=0)


def _add(notification: Notification, event: Event, now: datetime) -> None:
    """Have the notification say what the event tells; it is unread again."""
    kind = event.kind
    if event.kind in VIDEO_KINDS and not notification.is_folded:
        notification.members[str(event.data.get("take", 1))] = event.kind.value
        kinds = [EventKind(each) for each in notification.members.values()]
        kind = max(kinds, key=lambda each: _URGENCY[each])
    notification.kind = kind.value
    notification.object_id = event.object_id[:120]
    notification.data = dict(event.data)
    notification.count += 1
    notification.happened_at = now
    notification.read_at = None


def _choose_channels(notification: Notification, inbox: Inbox, event: Event, now: datetime) -> None:
    topic = TOPIC_OF[event.kind]
    notification.in_inbox = inbox.is_on(topic, Channel.INBOX)
    notification.in_browser = inbox.is_on(topic, Channel.BROWSER)
    if not inbox.is_on(topic, Channel.EMAIL) or not _is_worth_mail(topic, inbox, event):
        return
    is_pending = notification.mail_due_at is not None
    if_away = topic in AWAY_ONLY
    notification.mail_if_away = if_away and (notification.mail_if_away or not is_pending)
    notification.mail_due_at = notification.mail_due_at or now + MAIL_DELAY


def _is_worth_mail(topic: Topic, inbox: Inbox, event: Event) -> bool:
    if topic != Topic.DONE:
        return True
    return float(event.data.get("took_seconds") or 0) > inbox.long_minutes * 60
