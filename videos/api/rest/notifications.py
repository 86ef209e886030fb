"""The inbox of the person whom a token belongs to."""

from typing import Annotated, Any, Literal

from ninja import Query, Router, Schema
from pydantic import Field

from notifications import inbox
from notifications.models import Notification
from notifications.wording import path_of, words_of
from videos.api.errors import ApiError
from videos.api.rest import parameters
from videos.api.rest.api import Request
from videos.api.rest.schemas import Refusal, WholeNumber

_READ_ERRORS = frozenset({400, 401, 404, 405, 422, 429, 500, 503})
_MAX_ID = 2**63 - 1  # that a database can look for

router = Router(tags=["Notifications"])


class NotificationsIn(Schema):
    """Which notifications to list."""

    limit: Annotated[int, WholeNumber] = Field(20, ge=1, le=100, description="How many to return.")
    after: str = Field(
        "", pattern="^([0-9]{1,17}-[0-9]{1,18})?$", description="The `next` of the page before."
    )
    unread: bool = Field(False, description="Only those that are not read yet.")


class NotificationOut(Schema):
    """Something that you were told. Takes of one request, or many alike within minutes, are one."""

    id: int = Field(description="Its number, by which it is marked as read.")
    object: Literal["notification"] = Field(default="notification", description="Always `notification`.")
    kind: str = Field(description="What happened.", examples=["video.completed"])
    title: str = Field(description="What happened, in words.", examples=["Your video is ready"])
    detail: str = Field(description="What it is about, such as the prompt; empty if there is no more to say.")
    note: str = Field(description="Why, or what someone added; mostly empty.")
    subject_id: str = Field(description="The id of the newest thing that it is about.")
    url: str = Field(description="The address of its page.")
    read: bool = Field(description="Whether it was read.")
    happened_at: int = Field(description="Unix time of the newest event in it.")


class NotificationPageOut(Schema):
    """A page of notifications."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[NotificationOut] = Field(description="The notifications, newest first.")
    unread: int = Field(description="How many are not read, on all pages.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


class ReadOut(Schema):
    """What became of them."""

    object: Literal["notification.read"] = Field(
        default="notification.read", description="Always `notification.read`."
    )
    marked: int = Field(description="How many were marked; those that were read already are not counted.")


_LISTED: dict[Any, Any] = {200: NotificationPageOut, _READ_ERRORS: Refusal}
_MARKED: dict[Any, Any] = {200: ReadOut, _READ_ERRORS | {403, 413}: Refusal}


@router.api_operation(["HEAD"], "/notifications", response=_LISTED, include_in_schema=False)
@router.get("/notifications", response=_LISTED)
@parameters.refuse_unknown
def notifications(request: Request, query: Query[NotificationsIn]) -> NotificationPageOut:
    """List what you were told, newest first. The answer's `next` is the `after` of the next page."""
    user_id = request.auth.user.pk
    rows = Notification.objects.shown_to(user_id)
    page = inbox.get_page(rows.unread() if query.unread else rows, query.after, size=query.limit)
    return NotificationPageOut(
        data=[_serialize(request, each) for each in page.notifications],
        unread=inbox.bell_of(user_id).count,
        has_more=bool(page.next_cursor),
        next=page.next_cursor or None,
    )


@router.post("/notifications/read", response=_MARKED)
@parameters.refuse_unknown
def read_all(request: Request) -> ReadOut:
    """Mark all your notifications as read."""
    return ReadOut(marked=inbox.mark_all_read(request.auth.user.pk))


@router.post("/notifications/{int:notification_id}/read", response=_MARKED)
@parameters.refuse_unknown
def read(request: Request, notification_id: int) -> ReadOut:
    """Mark a notification as read."""
    mine = Notification.objects.shown_to(request.auth.user.pk)
    if notification_id > _MAX_ID or not mine.filter(pk=notification_id).exists():
        raise ApiError(404, "not_found", f"There is no notification {notification_id} of yours.")
    return ReadOut(marked=inbox.mark_read(request.auth.user.pk, [notification_id]))


def _serialize(request: Request, notification: Notification) -> NotificationOut:
    words = words_of(notification)
    fields: dict[str, Any] = {"title": words.title, "detail": words.detail, "note": words.note}
    return NotificationOut(
        id=notification.pk,
        kind=notification.kind,
        subject_id=notification.object_id,
        url=request.build_absolute_uri(path_of(notification)),
        read=not notification.is_unread,
        happened_at=int(notification.happened_at.timestamp()),
        **fields,
    )
