"""What the Videos API answers with, built from rows of plain values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from videos.capabilities import Offer
from videos.engine import durations, pacing
from videos.models import Character, Kind, State, Video
from videos.models.video import IN_FLIGHT, public_status

Row = Mapping[str, Any]

# What of a video is read: plain values, for making a model's instance of each costs more than all the rest.
_SHOWN = (
    "public_id",
    "backend_id",
    "prompt",
    "model",
    "size",
    "seconds",
    "source_seconds",
    "kind",
    "remixed_from",
    "state",
    "progress",
    "error_code",
    "error_message",
    "created_at",
    "finished_at",
)

_SOONEST, _LATEST = 1.0, 10.0  # seconds between two looks of a client
_SHARE = 0.05  # of the usual time: how much later than need be a client notices the end


def rows(videos: QuerySet[Video]) -> QuerySet[Video, dict[str, Any]]:
    """Return what of `videos` is shown. Reading a time from SQLite costs as much as all other values, so of
    `due_at` only what is asked for is read.
    """
    shown: QuerySet[Video, dict[str, Any]] = videos.values(*_SHOWN, is_due=Q(due_at__isnull=False))
    return shown


def video(row: Row) -> dict[str, object]:
    """Return the protocol's Video for one of `rows`.

    A canceled one has failed, with that code. One that waits for its owner's decision is queued, and has
    `needs_decision`, a field of our own, so that a program can tell that waiting alone will not do.
    """
    state = row["state"]
    status = "failed" if state == State.CANCELED else public_status(state)
    completed = state == State.COMPLETED
    shown = {
        "id": row["public_id"],
        "object": "video",
        "model": row["model"],
        "status": status,
        "progress": 100 if completed else min(row["progress"] or 0, 99),
        "created_at": _unix(row["created_at"]),
        "completed_at": _unix(row["finished_at"]) if completed and row["finished_at"] else None,
        "expires_at": None,
        "prompt": row["prompt"],
        "size": row["size"],
        "seconds": str(row["source_seconds"] + row["seconds"]),
        "remixed_from_video_id": (row["remixed_from"] or None) if row["kind"] == Kind.REMIX else None,
        "error": _error(row) if status == "failed" else None,
    }
    if _needs_decision(row):
        shown["awaits_decision"] = True
    return shown


def _error(row: Row) -> dict[str, str]:
    if row["state"] == State.CANCELED:
        return {"code": "canceled", "message": "This video was canceled."}
    return {"code": row["error_code"], "message": row["error_message"]}


def _needs_decision(row: Row) -> bool:
    return row["state"] == State.UNCERTAIN and not row["is_due"]


def poll_after(row: Row) -> float | None:
    """Return the seconds to wait before the next look at one of `rows`; None when it is finished.

    The SDK keeps to the first that it is told (openai 3.54.0), so it is not the time that is left, but a
    small share of what such videos usually take.
    """
    if row["state"] not in IN_FLIGHT:
        return None
    if _needs_decision(row):
        return _LATEST
    kind = durations.JobProfile(row["backend_id"], row["model"], row["size"], row["seconds"], row["kind"])
    usual = durations.typical_seconds(kind)
    return pacing.FIRST if usual is None else min(_LATEST, max(_SOONEST, usual * _SHARE))


def page(shown: list[dict[str, Any]], *, has_more: bool) -> dict[str, object]:
    """Return a page."""
    return {
        "object": "list",
        "data": [video(row) for row in shown],
        "first_id": shown[0]["public_id"] if shown else None,
        "last_id": shown[-1]["public_id"] if shown else None,
        "has_more": has_more,
    }


def deleted(public_id: str) -> dict[str, object]:
    return {"id": public_id, "object": "video.deleted", "deleted": True}


def character(made: Character) -> dict[str, object]:
    return {
        "id": made.public_id,
        "object": "character",
        "name": made.name,
        "created_at": _unix(made.created_at),
    }


def model(offer: Offer) -> dict[str, object]:
    """Return a model. When it was made nobody told us: 0, as other servers say."""
    return {"id": offer.model.name, "object": "model", "created": 0, "owned_by": offer.backend.name}


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())
