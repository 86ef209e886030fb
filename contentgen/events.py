"""What happens in the studio that more than one room wants to hear of, such as the inbox and webhooks.

Whoever makes it happen calls `publish` in the transaction of the change. Receivers write rows in that same
transaction, and nothing else: so an event is neither lost nor told of what was rolled back, and nobody waits
for a mail server or a receiver of webhooks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    RETENTION_DUE = "retention.due"
    RETENTION_PAUSED = "retention.paused"
    STORAGE_WARNING = "storage.warning"
    STORAGE_FULL = "storage.full"


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

    # What `data` holds. Whoever reads it takes a missing field for an empty one: an older event may lack it.
    #
    # every event        path (the address of the thing's page, from the root)
    # video.*            prompt (its first 200 characters), model, backend, status (completed, failed or
    #                    needs_decision), seconds (to generate), took_seconds (from its submission to now),
    #                    poster (an address, "" without one), take, takes, take_group ("" for a single
    #                    video), error_code and reason (a sentence; both "" when completed)
    # batch.completed    name, total, completed, failed, took_seconds
    # budget.*           name (the budget's target), terms, message (a sentence), amount, used and left (plain
    #                    amounts), currency, is_soft, renews_at (ISO 8601, or None)
    # approval.*         person (who asks), prompt, model, videos (how many), price (a plain amount),
    #                    price_text (as pages write it), currency, state; decided: decided_by, note, problem
    # collection.shared  name, shared_by, role
    # retention.due      count (of videos that move to the trash), first (ISO 8601: when the first does),
    #                    first_deleted (ISO 8601: when the first is deleted for good, or sooner)
    # retention.paused   message (a sentence)
    # storage.*          used_bytes, quota_bytes


def publish(event: Event) -> None:
    """Tell everybody who listens, in the transaction that is under way. Raises `RuntimeError` outside one.

    It comes last in its transaction, after all rows of the change are locked; events for several people in
    the order of `user_id`. A receiver may lock a row of that person's, and nobody must wait in a circle.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An event is published in the transaction of what happened.")
    event_published.send(sender=Event, event=replace(event, data=_storable(event.data)))


def _storable(value: Any) -> Any:
    """Return JSON values whose texts every database takes: PostgreSQL refuses NUL and half surrogates."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {name: _storable(each) for name, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list | tuple) else value
