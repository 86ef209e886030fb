"""What happens in the studio that more than one room wants to hear of, such as the inbox and webhooks.

Whoever makes it happen calls `publish` in the transaction of the change. Receivers write rows in that same
transaction, and nothing else: so an event is neither lost nor told of what was rolled back, and nobody waits
for a mail server or a receiver of webhooks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection
from django.dispatch import Signal

# Sent with `event`, an `Event`. Connect receivers in an AppConfig's `ready`.
event_published = Signal()


class EventKind(StrEnum):
    """The kinds of events, by the names that webhooks and settings know them by."""

    VIDEO_COMPLETED = "video.completed"
    VIDEO_FAILED = "video.failed"
    VIDEO_NEEDS_ATTENTION = "video.needs_attention"
    BATCH_COMPLETED = "batch.completed"
    BUDGET_WARNING = "budget.warning"
    BUDGET_EXCEEDED = "budget.exceeded"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_DECIDED = "approval.decided"
    COLLECTION_SHARED = "collection.shared"


@dataclass(frozen=True)
class Event:
    """Something that happened to one thing, and one person whom it concerns.

    `object_id` is the public id of the thing: a video, a batch, a collection, an approval, a budget's code.
    `data` is what is told of it beside that, as JSON values; amounts of money are strings.
    """

    kind: EventKind
    user_id: int
    object_id: str
    data: Mapping[str, Any] = field(default_factory=dict)


def publish(event: Event) -> None:
    """Tell everybody who listens, in the transaction that is under way. Raises `RuntimeError` outside one."""
    if not connection.in_atomic_block:
        raise RuntimeError("An event is published in the transaction of what happened.")
    event_published.send(sender=Event, event=event)
