"""One's own queue: what waits, in the order in which it starts, and its pauses."""

from typing import Annotated, Literal

from ninja import Query, Router, Schema
from pydantic import Field

from videos.api.errors import ApiError
from videos.api.rest.api import Request
from videos.api.rest.operations import register_get, register_write
from videos.api.rest.schemas import BodyIn, PublicId, WholeNumber
from videos.services import queue as service
from videos.services.queue import MAX_SELECTED, Place
from videos.services.queue_entries import Entry, is_cursor, read_queue

router = Router(tags=["Queue"])


class QueueIn(Schema):
    """Which part of the queue to list."""

    limit: Annotated[int, WholeNumber] = Field(20, ge=1, le=100, description="How many to return.")
    after: str = Field("", max_length=40, description="The `next` of the page before.")


class QueuedVideoOut(Schema):
    """A video that waits to be submitted."""

    id: str = Field(description="The id of the video.", examples=["video_0123456789abcdefghijklmn"])
    prompt: str = Field(description="What it is to show.")
    model: str = Field(description="The model that makes it.", examples=["sora-2"])
    backend: str = Field(description="The backend that it waits for.", examples=["GPU box"])
    position: int | None = Field(
        description="Its place among all that wait for the backend, from 1; null while it is held. At most"
        " 501, which is further back than that."
    )
    waits_for: str = Field(
        description="What holds it up, for people.", examples=["Waiting for a slot at GPU box"]
    )
    starts_in: float | None = Field(
        description="In about how many seconds it starts; null where nobody can tell."
    )
    paused: bool = Field(description="Whether it was paused by itself.")


class QueueOut(Schema):
    """A page of the queue, and what is decided about all of it."""

    object: Literal["queue"] = Field(default="queue", description="Always `queue`.")
    waiting: int = Field(description="How many wait, on all pages.")
    in_flight: int = Field(description="How many were submitted and have not ended.")
    paused: bool = Field(description="Whether you have paused the queue.")
    paused_by_staff: bool = Field(description="Whether staff have paused it.")
    staff_note: str | None = Field(description="What staff say about that.")
    maintenance: bool = Field(description="Whether the studio submits nothing for anybody.")
    maintenance_message: str | None = Field(description="What staff say about that.")
    data: list[QueuedVideoOut] = Field(description="Those that wait, in the order in which they start.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


class QueueActionIn(BodyIn):
    """What to do with some of the waiting videos."""

    action: Literal["front", "up", "down", "end", "pause", "resume", "cancel"] = Field(
        description="`front` and `end` move to the ends of your own queue, `up` and `down` past the next one:"
        " nobody else's turn changes. What is paused waits until it is resumed. `cancel` is free.",
        examples=["front"],
    )
    ids: list[PublicId] = Field(
        min_length=1,
        max_length=MAX_SELECTED,
        description="Ids of your videos. Those that do not wait any more are left alone.",
        examples=[["video_0123456789abcdefghijklmn"]],
    )


class QueueChangeOut(Schema):
    """How many videos it was done with."""

    object: Literal["queue.change"] = Field(default="queue.change", description="Always `queue.change`.")
    changed: int = Field(description="How many; those that were like that before are not counted.")


@register_get(router, "/queue", QueueOut)
def queue(request: Request, query: Query[QueueIn]) -> QueueOut:
    """List what waits to be submitted, in the order in which it starts."""
    return _read(request, query.after, query.limit)


@register_write(router, "POST", "/queue/actions", QueueChangeOut)
def change_queue(request: Request, body: QueueActionIn) -> QueueChangeOut:
    """Move, pause, resume or cancel up to 100 of your waiting videos."""
    owner, ids = request.auth.user, list(body.ids)
    if body.action == "cancel":
        changed = service.cancel_waiting(owner, ids)
    elif body.action == "pause":
        changed = service.pause_videos(owner, ids)
    elif body.action == "resume":
        changed = service.resume_videos(owner, ids)
    else:
        changed = service.reorder(owner, ids, Place(body.action))
    return QueueChangeOut(changed=changed)


@register_write(router, "POST", "/queue/pause", QueueOut)
def pause_queue(request: Request) -> QueueOut:
    """Submit nothing more of your queue until you resume it. What is in flight goes on."""
    service.pause_queue(request.auth.user)
    return _read(request)


@register_write(router, "POST", "/queue/resume", QueueOut)
def resume_queue(request: Request) -> QueueOut:
    """Go on with your queue. Videos that were paused one by one stay paused."""
    service.resume_queue(request.auth.user)
    return _read(request)


def _read(request: Request, after: str = "", limit: int = 20) -> QueueOut:
    if after and not is_cursor(after):
        raise ApiError(422, "invalid_value", "“after” must be the `next` of a page.", param="after")
    own = read_queue(request.auth.user, after=after, size=limit)
    queue, hold = own.queue, own.hold
    return QueueOut(
        waiting=own.waiting,
        in_flight=own.in_flight_count,
        paused=bool(queue and queue.paused_at),
        paused_by_staff=bool(queue and queue.staff_paused_at),
        staff_note=(queue and queue.staff_pause_note) or None,
        maintenance=hold is not None,
        maintenance_message=(hold and hold.hold_message) or None,
        data=[_serialize(each) for each in own.entries],
        has_more=bool(own.after),
        next=own.after or None,
    )


def _serialize(entry: Entry) -> QueuedVideoOut:
    video = entry.video
    return QueuedVideoOut(
        id=video.public_id,
        prompt=video.prompt,
        model=video.model,
        backend=video.backend.name,
        position=entry.position,
        waits_for=entry.waits_for,
        starts_in=entry.starts_in,
        paused=video.paused_at is not None,
    )
