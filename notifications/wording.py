"""What a notification says: on a page, in a browser's notification, in an email, over the API."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.formats import format_day, format_number, format_size
from contentgen.events import EventKind
from contentgen.stored_texts import translated
from notifications.models import Notification
from notifications.topics import VIDEO_KINDS


@dataclass(frozen=True)
class Words:
    """A line that says what happened, what it is about, and what more there is to say, which may be ""."""

    title: str
    detail: str = ""
    note: str = ""


# Written out one by one, because each language has plurals of its own, and messages are found by reading.
_MORE = {
    EventKind.VIDEO_COMPLETED: lambda count: ngettext(
        "%(count)s more video is ready", "%(count)s more videos are ready", count
    ),
    EventKind.VIDEO_FAILED: lambda count: ngettext(
        "%(count)s more video failed", "%(count)s more videos failed", count
    ),
    EventKind.VIDEO_NEEDS_ATTENTION: lambda count: ngettext(
        "%(count)s more video needs attention", "%(count)s more videos need attention", count
    ),
}
_ALL_TAKES = {
    EventKind.VIDEO_COMPLETED: gettext_lazy("%(takes)s takes are ready"),
    EventKind.VIDEO_FAILED: gettext_lazy("%(takes)s takes failed"),
    EventKind.VIDEO_NEEDS_ATTENTION: gettext_lazy("%(takes)s takes need attention"),
}
_SOME_TAKES = {
    EventKind.VIDEO_COMPLETED: lambda count: ngettext(
        "%(count)s of %(takes)s takes is ready", "%(count)s of %(takes)s takes are ready", count
    ),
    EventKind.VIDEO_FAILED: lambda count: ngettext(
        "%(count)s of %(takes)s takes failed", "%(count)s of %(takes)s takes failed", count
    ),
    EventKind.VIDEO_NEEDS_ATTENTION: lambda count: ngettext(
        "%(count)s of %(takes)s takes needs attention", "%(count)s of %(takes)s takes need attention", count
    ),
}
_OTHER_TAKES = {  # after a comma
    EventKind.VIDEO_FAILED: lambda count: ngettext("%(count)s failed", "%(count)s failed", count),
    EventKind.VIDEO_NEEDS_ATTENTION: lambda count: ngettext(
        "%(count)s needs attention", "%(count)s need attention", count
    ),
}
_SINGLE = {
    EventKind.VIDEO_COMPLETED: gettext_lazy("Your video is ready"),
    EventKind.VIDEO_FAILED: gettext_lazy("A video failed"),
    EventKind.VIDEO_NEEDS_ATTENTION: gettext_lazy("A video needs attention"),
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
    "approved": gettext_lazy("Your request was approved"),
    "failed": gettext_lazy("Your request was approved, and could not be made"),
    "declined": gettext_lazy("Your request was declined"),
    "expired": gettext_lazy("Your request has expired"),
    "withdrawn": gettext_lazy("Your request was withdrawn"),
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
    """Return what it says, in the active language."""
    return _WORDS[EventKind(notification.kind)](notification)


def _video(row: Notification) -> Words:
    kind = EventKind(row.kind)
    prompt = row.tell("prompt")
    if row.is_folded:
        latest = gettext("Latest: %(prompt)s") % {"prompt": prompt} if prompt else ""
        return Words(_MORE[kind](row.count) % {"count": format_number(row.count)}, latest)
    reason = "" if kind == EventKind.VIDEO_COMPLETED else translated(row.tell("reason", 300))
    takes = _takes(row)
    return Words(_of_takes(row, takes) if takes > 1 else str(_SINGLE[kind]), prompt, reason)


def _takes(row: Notification) -> int:
    takes = row.data.get("takes")
    return takes if isinstance(takes, int) else 1


def _of_takes(row: Notification, takes: int) -> str:
    """Such as “4 takes are ready”, or “2 of 4 takes are ready, 1 failed”."""
    counts = Counter(EventKind(each) for each in row.members.values())
    (first, count), *others = [(kind, counts[kind]) for kind in VIDEO_KINDS if counts[kind]]
    of_first = str(_ALL_TAKES[first]) if count == takes else _SOME_TAKES[first](count)
    of_others = [_OTHER_TAKES[kind](number) % {"count": number} for kind, number in others]
    return ", ".join([of_first % {"count": count, "takes": takes}, *of_others])


def _batch(row: Notification) -> Words:
    name = row.tell("name")
    title = gettext("“%(name)s” is done") % {"name": name} if name else gettext("A batch is done")
    total, completed, failed = (_number(row, each) for each in ("total", "completed", "failed"))
    if not total:
        return Words(title)
    detail = (
        gettext("%(completed)s of %(total)s videos are ready, %(failed)s failed")
        if failed
        else gettext("%(completed)s of %(total)s videos are ready")
    )
    numbers = {"completed": completed, "total": total, "failed": failed}
    return Words(title, detail % {name: format_number(number) for name, number in numbers.items()})


def _number(row: Notification, name: str) -> int:
    value = row.data.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _budget(row: Notification) -> Words:
    is_over = row.kind == EventKind.BUDGET_EXCEEDED
    detail = ": ".join(filter(None, (row.tell("name"), translated(row.tell("terms")))))
    title = gettext("A budget is used up") if is_over else gettext("A budget is almost used up")
    return Words(title, detail, translated(row.tell("message", 300)))


def _request(row: Notification) -> Words:
    person = row.tell("person", 150) or gettext("Somebody")
    title = gettext("%(person)s asks for your approval") % {"person": person}
    return Words(title, row.tell("prompt"), translated(row.tell("price_text", 40)))


def _decision(row: Notification) -> Words:
    verdict = _VERDICTS.get(row.tell("state", 40), gettext("Your request was decided"))
    said = " ".join(filter(None, (row.tell("note", 300), translated(row.tell("problem", 300)))))
    return Words(str(verdict), row.tell("prompt"), said)


def _shared(row: Notification) -> Words:
    person, name = row.tell("shared_by", 150) or gettext("Somebody"), row.tell("name")
    title = (
        gettext("%(person)s shared “%(name)s” with you")
        if name
        else gettext("%(person)s shared a collection with you")
    )
    return Words(title % {"person": person, "name": name})


def _expiring(row: Notification) -> Words:
    count, first, last = max(_number(row, "count"), 1), _day(row, "first"), _day(row, "first_deleted")
    title = _EXPIRING[bool(first), bool(last)](count)
    values = {"count": format_number(count), "day": first, "last": last}
    return Words(title % values, gettext("Keep those that you still need."))


def _day(row: Notification, name: str) -> str:
    text = row.tell(name, 40)
    return format_day(parse_datetime(text)) if text else ""


# By whether it is known when they move to the trash, and when they are deleted.
_EXPIRING = {
    (False, False): lambda count: ngettext(
        "A video will move to the trash", "%(count)s videos will move to the trash", count
    ),
    (True, False): lambda count: ngettext(
        "A video will move to the trash on %(day)s",
        "%(count)s videos will move to the trash from %(day)s on",
        count,
    ),
    (False, True): lambda count: ngettext(
        "A video will move to the trash and is deleted for good on %(last)s",
        "%(count)s videos will move to the trash and are deleted for good from %(last)s on",
        count,
    ),
    (True, True): lambda count: ngettext(
        "A video will move to the trash on %(day)s and is deleted for good on %(last)s",
        "%(count)s videos will move to the trash from %(day)s on and are deleted for good from %(last)s on",
        count,
    ),
}


def _paused(row: Notification) -> Words:
    return Words(gettext("Old videos stay for now"), translated(row.tell("message", 400)))


def _storage(row: Notification) -> Words:
    used, quota = _number(row, "used_bytes"), _number(row, "quota_bytes")
    sizes = {"used": format_size(used), "quota": format_size(quota)}
    detail = gettext("%(used)s of %(quota)s used") % sizes if quota else ""
    if row.kind == EventKind.STORAGE_FULL:
        advice = gettext("Delete videos for good to make new ones.")
        return Words(gettext("Your storage is full"), detail, advice)
    return Words(gettext("Your storage is almost full"), detail)


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
