"""What a notification says: on a page, in a browser's notification, in an email, over the API."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.formats import format_day, format_number
from contentgen.events import EventKind
from notifications.models import Notification
from notifications.topics import VIDEO_KINDS


@dataclass(frozen=True)
class Words:
    """A line that says what happened, what it is about, and what more there is to say, which may be ""."""

    title: str
    detail: str = ""
    note: str = ""


_READY = {
    EventKind.VIDEO_COMPLETED: ("is ready", "are ready"),
    EventKind.VIDEO_FAILED: ("failed", "failed"),
    EventKind.VIDEO_NEEDS_ATTENTION: ("needs attention", "need attention"),
}
_SINGLE = {
    EventKind.VIDEO_COMPLETED: "Your video is ready",
    EventKind.VIDEO_FAILED: "A video failed",
    EventKind.VIDEO_NEEDS_ATTENTION: "A video needs attention",
}
_ICONS = {
    EventKind.VIDEO_COMPLETED: "play",
    EventKind.VIDEO_FAILED: "alert",
    EventKind.VIDEO_NEEDS_ATTENTION: "question",
    EventKind.BATCH_COMPLETED: "clipboard",
    EventKind.BUDGET_WARNING: "coins",
    EventKind.BUDGET_EXCEEDED: "coins",
    EventKind.APPROVAL_REQUESTED: "question",
    EventKind.APPROVAL_DECIDED: "check",
    EventKind.COLLECTION_SHARED: "people",
    EventKind.RETENTION_DUE: "trash",
    EventKind.RETENTION_PAUSED: "alert",
    EventKind.STORAGE_WARNING: "alert",
    EventKind.STORAGE_FULL: "alert",
}
_VERDICTS = {
    "approved": "was approved",
    "failed": "was approved, and could not be made",
    "declined": "was declined",
    "expired": "has expired",
    "withdrawn": "was withdrawn",
}
_STATUS_OF = {
    EventKind.VIDEO_COMPLETED: "completed",
    EventKind.VIDEO_FAILED: "failed",
    EventKind.VIDEO_NEEDS_ATTENTION: "needs_decision",
}


def icon_of(notification: Notification) -> str:
    """Return the name of the icon for it, in the sprite."""
    return _ICONS[EventKind(notification.kind)]


def path_of(notification: Notification) -> str:
    """Return the address of what it is about, from the root; of the inbox where it names none of ours."""
    kind = EventKind(notification.kind)
    if notification.is_folded and kind in VIDEO_KINDS:
        return f"{reverse('videos:library')}?status={_STATUS_OF[kind]}"
    path = notification.tell("path", 500)
    if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return path
    return reverse("notifications:inbox")


def words_of(notification: Notification) -> Words:
    """Return what it says."""
    return _WORDS[EventKind(notification.kind)](notification)


def _video(row: Notification) -> Words:
    kind = EventKind(row.kind)
    prompt = row.tell("prompt")
    if row.is_folded:
        return Words(_of_many(row.count, kind), f"Latest: {prompt}" if prompt else "")
    reason = "" if kind == EventKind.VIDEO_COMPLETED else row.tell("reason", 300)
    takes = _takes(row)
    return Words(_of_takes(row, takes) if takes > 1 else _SINGLE[kind], prompt, reason)


def _takes(row: Notification) -> int:
    takes = row.data.get("takes")
    return takes if isinstance(takes, int) else 1


def _of_many(count: int, kind: EventKind) -> str:
    return f"{format_number(count)} more video{'s' if count > 1 else ''} {_READY[kind][count > 1]}"


def _of_takes(row: Notification, takes: int) -> str:
    """Such as “4 takes are ready”, or “2 of 4 takes are ready, 1 failed”."""
    counts = Counter(EventKind(each) for each in row.members.values())
    parts = [(counts[kind], _READY[kind][counts[kind] > 1]) for kind in VIDEO_KINDS if counts[kind]]
    (first, verb), *others = parts
    how_many = f"{takes}" if first == takes else f"{first} of {takes}"
    return ", ".join([f"{how_many} takes {verb}", *(f"{count} {rest}" for count, rest in others)])


def _batch(row: Notification) -> Words:
    name = row.tell("name")
    total, completed, failed = (_number(row, each) for each in ("total", "completed", "failed"))
    detail = f"{format_number(completed)} of {format_number(total)} videos are ready" if total else ""
    if detail and failed:
        detail += f", {format_number(failed)} failed"
    return Words(f"“{name}” is done" if name else "A batch is done", detail)


def _number(row: Notification, name: str) -> int:
    value = row.data.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _budget(row: Notification) -> Words:
    is_over = row.kind == EventKind.BUDGET_EXCEEDED
    detail = ": ".join(filter(None, (row.tell("name"), row.tell("terms"))))
    title = "A budget is used up" if is_over else "A budget is almost used up"
    return Words(title, detail, row.tell("message", 300))


def _request(row: Notification) -> Words:
    person = row.tell("person", 150) or "Somebody"
    return Words(f"{person} asks for your approval", row.tell("prompt"), row.tell("price_text", 40))


def _decision(row: Notification) -> Words:
    verdict = _VERDICTS.get(row.tell("state", 40), "was decided")
    said = " ".join(filter(None, (row.tell("note", 300), row.tell("problem", 300))))
    return Words(f"Your request {verdict}", row.tell("prompt"), said)


def _shared(row: Notification) -> Words:
    person, name = row.tell("shared_by", 150) or "Somebody", row.tell("name")
    return Words(f"{person} shared {f'“{name}”' if name else 'a collection'} with you")


def _expiring(row: Notification) -> Words:
    count = _number(row, "count")
    what = f"{format_number(count)} videos will" if count > 1 else "A video will"
    day = parse_datetime(row.tell("first", 40)) if row.tell("first", 40) else None
    when = f" from {format_day(day)} on" if day and count > 1 else f" on {format_day(day)}" if day else ""
    last_day = parse_datetime(row.tell("first_deleted", 40)) if row.tell("first_deleted", 40) else None
    end = f" and are deleted for good from {format_day(last_day)} on" if last_day and count > 1 else ""
    if last_day and count == 1:
        end = f" and is deleted for good on {format_day(last_day)}"
    return Words(f"{what} move to the trash{when}{end}", "Keep those that you still need.")


def _paused(row: Notification) -> Words:
    return Words("Old videos stay for now", row.tell("message", 400))


def _storage(row: Notification) -> Words:
    used, quota = _number(row, "used_bytes"), _number(row, "quota_bytes")
    detail = f"{filesizeformat(used)} of {filesizeformat(quota)} used" if quota else ""
    if row.kind == EventKind.STORAGE_FULL:
        return Words("Your storage is full", detail, "Delete videos for good to make new ones.")
    return Words("Your storage is almost full", detail)


_WORDS: dict[EventKind, Callable[[Notification], Words]] = {
    **dict.fromkeys(VIDEO_KINDS, _video),
    EventKind.BATCH_COMPLETED: _batch,
    EventKind.BUDGET_WARNING: _budget,
    EventKind.BUDGET_EXCEEDED: _budget,
    EventKind.APPROVAL_REQUESTED: _request,
    EventKind.APPROVAL_DECIDED: _decision,
    EventKind.COLLECTION_SHARED: _shared,
    EventKind.RETENTION_DUE: _expiring,
    EventKind.RETENTION_PAUSED: _paused,
    EventKind.STORAGE_WARNING: _storage,
    EventKind.STORAGE_FULL: _storage,
}
