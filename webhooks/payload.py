"""What is sent of an event: thin, bounded JSON in the shape of Standard Webhooks."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from contentgen.events import Event, EventKind
from contentgen.public_url import public_address

MAX_BODY = 20 * 1024  # bytes; Standard Webhooks asks for less than that
MAX_TEXT = 1000  # characters of a text in it

# What the REST API has an address for, by the first word of a kind. Written out, because to reverse the first
# address imports every page, which takes seconds in a worker, within the transaction of the event.
_PATHS = {"video": "api/v1/videos/"}
_STATUS = {EventKind.VIDEO_COMPLETED: "completed", EventKind.VIDEO_FAILED: "failed"}


def describe(event: Event, username: str) -> dict[str, Any]:
    """Return the `data` of an event: of what and whose it is, its API address, and what `Event.data` has."""
    data = {name: _shorten(value) for name, value in event.data.items()}
    if status := _STATUS.get(event.kind):
        data.setdefault("status", status)
    return data | {"id": event.object_id, "user": username, "url": _address_of(event)}


def build_body(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Return the JSON of a message. Of `data` that is too large, only id, user and address are left."""
    body = _dump(kind, at, data)
    if len(body) <= MAX_BODY:
        return body
    return _dump(kind, at, {name: data.get(name) for name in ("id", "user", "url")} | {"truncated": True})


def _dump(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Everything beyond ASCII is escaped, so that it is stored and signed as it is, whatever it was."""
    timestamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": timestamp, "data": dict(data)}, default=str)


def _shorten(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return value[: MAX_TEXT - 1] + "…"
    return value


def _address_of(event: Event) -> str | None:
    """Return where the REST API tells more; without PUBLIC_URL, the path alone."""
    path = _PATHS.get(event.kind.partition(".")[0])
    if path is None:
        return None
    return public_address(f"{settings.FORCE_SCRIPT_NAME or ''}/{path}{quote(event.object_id, safe='')}")
