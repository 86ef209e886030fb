"""What the rest of the studio hears of a video: that it is completed, has failed, or needs its owner."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from contentgen.events import Event, EventKind, publish
from videos.models import State, Video
from videos.models.state import NEEDS_DECISION

_PROMPT_LENGTH = 200  # characters: enough to recognise a video by

# Only what is told: the row also holds texts of many kilobytes.
_COLUMNS = (
    *("public_id", "owner_id", "prompt", "model", "seconds", "state", "due_at", "poster"),
    *("take", "takes", "take_group", "error_code", "error_message"),
    *("created_at", "attempted_at", "finished_at", "late_since", "deleted_at", "backend__name"),
)


def publish_completed(pk: int) -> None:
    """Tell that a video is completed, in the transaction that completed it."""
    _publish(EventKind.VIDEO_COMPLETED, _read(pk))


def publish_failed(pk: int) -> None:
    """Tell that a video has failed, in the transaction that failed it.

    Of the tries to get a file that are made for a day, only the first that fails is told of.
    """
    video = _read(pk)
    if video.late_since in (None, video.finished_at):
        _publish(EventKind.VIDEO_FAILED, video)


def publish_needs_attention(pk: int) -> None:
    """Tell that a video's owner must decide, in the transaction that found so."""
    _publish(EventKind.VIDEO_NEEDS_ATTENTION, _read(pk))


def _read(pk: int) -> Video:
    return Video.objects.select_related("backend").only(*_COLUMNS).get(pk=pk)


def _publish(kind: EventKind, video: Video) -> None:
    if video.deleted_at is None:  # nobody is to hear any more of one that its owner has deleted
        publish(Event(kind, video.owner_id, video.public_id, _describe(video)))


def _describe(video: Video) -> dict[str, Any]:
    ended_at = video.finished_at or timezone.now()
    return {
        "path": video.get_absolute_url(),
        "poster": reverse("videos:poster", args=[video.public_id]) if video.poster else "",
        "prompt": video.prompt[:_PROMPT_LENGTH],
        "model": video.model,
        "backend": video.backend.name,
        "status": NEEDS_DECISION if video.needs_decision else video.status,
        "seconds": video.seconds,
        "took_seconds": round((ended_at - (video.attempted_at or video.created_at)).total_seconds()),
        "take": video.take,
        "takes": video.takes,
        "take_group": str(video.take_group) if video.take_group else "",
        "error_code": "" if video.state == State.COMPLETED else video.error_code,
        "reason": "" if video.state == State.COMPLETED else video.error_message,
    }
