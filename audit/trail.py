"""Writing the audit log. Whatever is done to somebody's things, or to the studio, calls `record`.

It is called in the transaction of the change, so that neither is there without the other; and by hand,
because most of what happens here is an UPDATE of many rows, of which Django's signals learn nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop, override

from audit.models import LABEL_LIMIT, NOTE_LIMIT, USERNAME_LIMIT, Entry
from audit.origin import Origin, Person, current_origin
from audit.vocabulary import Action, Kind

MAX_FIELDS = 40  # of one entry's changes; what is left out is counted
MAX_VALUE = 300  # characters of one value
ONE_VIEW = timedelta(hours=1)  # a page asks for many files, and a player for many ranges: that is one look
_BATCH = 500  # entries in one INSERT

# An address that something is sent to may hold a secret.
_SECRET = re.compile(r"password|secret|(^|_)key($|_)|token|digest|^url$", re.IGNORECASE)
_NAMES_OF_SECRETS = frozenset({"key_env", "webhook_secret_env"})  # of variables, not what they hold
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Changes = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Subject:
    """What an entry is about: a kind, an id and words, and whose it is."""

    kind: Kind
    id: str | int = ""
    label: str = ""
    owner_id: int | None = None


def record(
    action: Action,
    subject: Subject,
    *,
    changes: Changes | None = None,
    note: str = "",
    by: Person | None = None,
) -> Entry:
    """Write down what is done to `subject`, in the transaction under way, and return the entry.

    Who does it, from where and through which door is known from the request; `by` names somebody else than
    is signed in. `changes` are the values of fields before and after; of a secret's field only that it was
    changed is kept. Texts are cut to what the columns hold, and lazy ones kept in English.
    """
    entry = _entry(action, subject, current_origin(), by, note, changes)
    entry.save(force_insert=True)
    return entry


def record_all(
    action: Action, subjects: Iterable[Subject], *, note: str = "", by: Person | None = None
) -> None:
    """Write down what is done to each of many, as `record` does, in few queries."""
    origin = current_origin()
    entries = [_entry(action, subject, origin, by, note, None) for subject in subjects]
    Entry.objects.bulk_create(entries, batch_size=_BATCH)


def record_view(subject: Subject, *, what: str = "", by: Person | None = None) -> bool:
    """Write down that somebody looks at what is another's. Returns whether it was.

    Not for what is one's own; and once an hour for a person, an object, and `what` of it.
    """
    return bool(record_views([subject], what=what, by=by))


def record_views(subjects: Iterable[Subject], *, what: str = "", by: Person | None = None) -> int:
    """Write down that somebody looks at each of several things, as `record_view` does. Returns how many."""
    viewer = by or current_origin().find_person()
    if viewer is None:
        return 0
    others = [subject for subject in subjects if subject.owner_id != viewer.pk]
    earlier = Entry.objects.filter(
        object_id__in=[str(subject.id) for subject in others],
        at__gt=timezone.now() - ONE_VIEW,
        action=Action.VIEWED,
        user_id=viewer.pk,
        note=what,
    )
    seen = set(earlier.values_list("kind", "object_id")) if others else set()
    new = [subject for subject in others if (subject.kind, str(subject.id)) not in seen]
    if new:
        record_all(Action.VIEWED, new, note=what, by=viewer)
    return len(new)


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the fields whose values differ, with both of them, for `record`."""
    return {name: (before.get(name), after[name]) for name in after if before.get(name) != after[name]}


def _entry(
    action: Action, subject: Subject, origin: Origin, by: Person | None, note: str, changes: Changes | None
) -> Entry:
    person = by or origin.find_person()
    with override("en"):
        return Entry(
            action=action,
            user_id=person.pk if person else None,
            username=_text(person.get_username(), USERNAME_LIMIT) if person else "",
            is_staff=bool(person and person.is_staff),
            token_id=origin.token.pk if origin.token else None,
            token_name=_text(origin.token.name, 100) if origin.token else "",
            door=origin.door,
            address=origin.address,
            request_id=origin.request_id,
            kind=subject.kind,
            object_id=_text(str(subject.id), 64),
            label=_text(str(subject.label), LABEL_LIMIT),
            owner_id=subject.owner_id,
            changes=_clean(changes or {}),
            note=_text(str(note), NOTE_LIMIT),
        )


def _clean(changes: Changes) -> dict[str, list[Any] | str]:
    """Return the changes as JSON, without secrets and within bounds."""
    kept: dict[str, list[Any] | str] = {}
    for name, (before, after) in list(changes.items())[:MAX_FIELDS]:
        is_secret = name not in _NAMES_OF_SECRETS and _SECRET.search(name)
        kept[_text(name, 64)] = gettext_noop("changed") if is_secret else [_value(before), _value(after)]
    if len(changes) > MAX_FIELDS:
        kept["…"] = f"{len(changes) - MAX_FIELDS} more"
    return kept


def _value(value: Any) -> str | int | bool | None:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple | set):
        value = ", ".join(str(each) for each in value)
    return _text(str(value), MAX_VALUE)


def _text(text: str, limit: int) -> str:
    """Return the text as any database holds it, in one line, cut with an ellipsis where it is longer."""
    line = " ".join(_UNSTORABLE.sub("\ufffd", text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
