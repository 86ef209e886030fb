"""Answers of the Videos API, built from rows of plain values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from contentgen.prepared_query import PreparedQuery
from videos.api.auth import Caller
from videos.capabilities import Offer
from videos.engine import durations, pacing
from videos.models import Character, Kind, State, Video
from videos.models.state import IN_FLIGHT, public_status
from videos.validation import is_public_id

Row = Mapping[str, Any]

# Plain values are read, because building a model instance for each row costs more than all the rest.
_FIELDS = (
    "public_id",
    "backend_id",
    "prompt",
    "model",
    "size",
    "seconds",
    "seed",
    "used_seed",
    "source_seconds",
    "kind",
    "remixed_from",
    "state",
    "progress",
    "queued_at_backend",
    "error_code",
    "error_message",
    "created_at",
    "finished_at",
)

_MIN_POLL_INTERVAL, _MAX_POLL_INTERVAL = 1.0, 10.0  # seconds
_POLL_SHARE = 0.05  # of the typical duration: how much later than it ends a client may notice it


def select_rows(videos: QuerySet[Video]) -> QuerySet[Video, dict[str, Any]]:
    """Return the values of `videos` that are shown.

    Reading a time from SQLite costs as much as all other values, so of `due_at` only its presence is read.
    """
    rows: QuerySet[Video, dict[str, Any]] = videos.values(*_FIELDS, is_due=Q(due_at__isnull=False))
    return rows


def _own_video(owner_id: int, public_id: str) -> QuerySet[Video, dict[str, Any]]:
    return select_rows(Video.objects.owned_by(owner_id).filter(public_id=public_id))


_find_own_video = PreparedQuery(_own_video, -1, "the id")


def find_row(caller: Caller, public_id: str) -> Row | None:
    """Return the caller's own video as `select_rows` has it; None for anyone else's, a deleted or an unknown
    one. What programs do most is poll one video, so the SQL of this query is built once.
    """
    return _find_own_video.first(caller.user.pk, public_id) if is_public_id(public_id) else None


def serialize_video(row: Row) -> dict[str, object]:
    """Return the protocol's Video for a row of `select_rows`.

    The protocol has no canceled videos: one has failed, with the code `canceled`. One that the backend holds
    in its own queue is queued. A video that needs its
    owner's decision is queued, and has `awaits_decision`, a field of our own that tells a program
    that waiting is not enough.
    """
    state = row["state"]
    is_queued = state == State.IN_PROGRESS and row["queued_at_backend"]
    status = "failed" if state == State.CANCELED else "queued" if is_queued else public_status(state)
    completed = state == State.COMPLETED
    shown = {
        "id": row["public_id"],
        "object": "video",
        "model": row["model"],
        "status": status,
        "progress": 100 if completed else min(row["progress"] or 0, 99),
        "created_at": _to_unix(row["created_at"]),
        "completed_at": _to_unix(row["finished_at"]) if completed and row["finished_at"] else None,
        "expires_at": None,
        "prompt": row["prompt"],
        "size": row["size"],
        "seconds": str(row["source_seconds"] + row["seconds"]),
        "remixed_from_video_id": (row["remixed_from"] or None) if row["kind"] == Kind.REMIX else None,
        "error": _serialize_error(row) if status == "failed" else None,
    }
    seed = row["seed"] if row["used_seed"] is None else row["used_seed"]
    if seed is not None:
        shown["seed"] = seed
    if _needs_decision(row):
        shown["awaits_decision"] = True
    return shown


def _serialize_error(row: Row) -> dict[str, str]:
    if row["state"] == State.CANCELED:
        return {"code": "canceled", "message": "This video was canceled."}
    return {"code": row["error_code"], "message": row["error_message"]}


def _needs_decision(row: Row) -> bool:
    return row["state"] == State.UNCERTAIN and not row["is_due"]


def poll_interval(row: Row) -> float | None:
    """Return how many seconds a client should wait before it polls again; None if the video has ended.

    The SDK keeps to the first value it is told (openai 3.54.0), so it is not the time that is left, but a
    small share of what such videos typically take.
    """
    if row["state"] not in IN_FLIGHT:
        return None
    if _needs_decision(row):
        return _MAX_POLL_INTERVAL
    profile = durations.JobProfile(row["backend_id"], row["model"], row["size"], row["seconds"], row["kind"])
    typical = durations.typical_seconds(profile)
    return (
        pacing.FIRST_DELAY
        if typical is None
        else min(_MAX_POLL_INTERVAL, max(_MIN_POLL_INTERVAL, typical * _POLL_SHARE))
    )


def serialize_page(rows: list[dict[str, Any]], *, has_more: bool) -> dict[str, object]:
    """Return the protocol's page for rows of `select_rows`."""
    return {
        "object": "list",
        "data": [serialize_video(row) for row in rows],
        "first_id": rows[0]["public_id"] if rows else None,
        "last_id": rows[-1]["public_id"] if rows else None,
        "has_more": has_more,
    }


def serialize_deletion(public_id: str) -> dict[str, object]:
    return {"id": public_id, "object": "video.deleted", "deleted": True}


def serialize_character(character: Character) -> dict[str, object]:
    return {
        "id": character.public_id,
        "object": "character",
        "name": character.name,
        "created_at": _to_unix(character.created_at),
    }


def serialize_model(offer: Offer) -> dict[str, object]:
    """Return the protocol's Model. Its time of creation is not known: 0, as other servers answer."""
    return {"id": offer.model.name, "object": "model", "created": 0, "owned_by": offer.backend.name}


def _to_unix(moment: datetime) -> int:
    return int(moment.timestamp())
