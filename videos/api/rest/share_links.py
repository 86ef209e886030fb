"""Share links: addresses by which people without an account watch a video or a collection."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from ninja import Query, Router, Schema
from pydantic import Field

from videos.api.access import get_own_video
from videos.api.auth import Caller
from videos.api.errors import ApiError, not_found
from videos.api.rest import parameters
from videos.api.rest.api import Request
from videos.api.rest.schemas import BodyIn, Refusal, WholeNumber
from videos.models import Collection, ShareLink, Video
from videos.models.keyset import KeysetOrder, take_page
from videos.models.share_link import LINK_TITLE_LIMIT, LinkStatus, ShareLinkQuerySet
from videos.services.share_addresses import link_address
from videos.services.share_links import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    LinkOptions,
    create_link,
    default_days,
    links_of,
    listed,
    revoke_links,
)
from videos.validation import PUBLIC_ID_PATTERN, is_public_id

_READ_ERRORS = frozenset({400, 401, 404, 405, 422, 429, 500, 503})
_WRITE_ERRORS = _READ_ERRORS | {403, 409, 413}
_UNIX_TIME = "Unix time, in seconds."

router = Router(tags=["Sharing"])


class ShareLinkIn(BodyIn):
    """What a link shows and allows, and until when. All of it may be left out."""

    days: Annotated[int, WholeNumber] | None = Field(
        None, description="Days until it expires; by default SHARE_LINK_DAYS, at most SHARE_LINK_MAX_DAYS."
    )
    never_expires: bool = Field(
        False, description="It does not expire: only where SHARE_LINKS_WITHOUT_EXPIRY allows it."
    )
    password: str = Field(
        "",
        max_length=MAX_PASSWORD,
        description=f"What visitors enter first: {MIN_PASSWORD} to {MAX_PASSWORD} characters. Empty: none.",
    )
    title: str = Field("", max_length=LINK_TITLE_LIMIT, description="What visitors read above the video.")
    shows_prompt: bool = Field(False, description="Whether visitors see the prompt.")
    allows_download: bool = Field(False, description="Whether visitors find a button to save the video.")
    allows_comments: bool = Field(False, description="Whether visitors can comment.")


class ShareLinkOut(Schema):
    """A link."""

    id: str = Field(description="Its id, which opens nothing.", examples=["link_0123456789abcdefghijklmn"])
    object: Literal["share_link"] = Field(default="share_link", description="Always `share_link`.")
    status: LinkStatus = Field(description="Whether it is still open.")
    problem: str | None = Field(description="Why an active link opens nothing now; null when it works.")
    url: str | None = Field(
        description="The address to pass on; null for one that is over, or that was made with another"
        " SECRET_KEY: that still works."
    )
    video: str | None = Field(description="Id of the video that it leads to.")
    collection: str | None = Field(description="Id of the collection that it leads to.")
    title: str = Field(description="What visitors read above the video.")
    has_password: bool = Field(description="Whether visitors enter a password first.")
    shows_prompt: bool = Field(description="Whether visitors see the prompt.")
    allows_download: bool = Field(description="Whether visitors find a button to save the video.")
    allows_comments: bool = Field(description="Whether visitors can comment.")
    views: int = Field(description="How often it was opened, without previews and its owner's own visits.")
    comments: int = Field(description="How many comments were left.")
    created_at: int = Field(description=_UNIX_TIME)
    expires_at: int | None = Field(description=f"Null: never. {_UNIX_TIME}")
    revoked_at: int | None = Field(description=_UNIX_TIME)


class ShareLinksOut(Schema):
    """A page of links, newest first."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[ShareLinkOut] = Field(description="The links.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


class ListLinksIn(Schema):
    """Which page of the links."""

    limit: Annotated[int, WholeNumber] = Field(20, ge=1, le=100, description="How many to return.")
    after: str = Field(
        "", pattern=f"^({PUBLIC_ID_PATTERN})?$", description="Id of the last link of the page before."
    )


def _get_links(path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a view for GET that answers with links, and for HEAD, which the documentation leaves out."""

    def register(view: Callable[..., Any]) -> Callable[..., Any]:
        answers = {200: ShareLinksOut, _READ_ERRORS: Refusal}
        checked = parameters.refuse_unknown(view)
        router.api_operation(["HEAD"], path, include_in_schema=False, response=answers)(checked)
        return router.get(path, response=answers)(checked)

    return register


@router.post("/videos/{slug:video_id}/share_links", response={200: ShareLinkOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def share_video(request: Request, video_id: str, body: ShareLinkIn) -> ShareLinkOut:
    """Create a link to a finished video of yours."""
    return _create(request, get_own_video(request.auth, video_id), body)


@_get_links("/videos/{slug:video_id}/share_links")
def video_share_links(request: Request, video_id: str, query: Query[ListLinksIn]) -> ShareLinksOut:
    """List the links to a video of yours, newest first."""
    return _page(request, links_of(get_own_video(request.auth, video_id)), query)


@router.post(
    "/collections/{slug:collection_id}/share_links", response={200: ShareLinkOut, _WRITE_ERRORS: Refusal}
)
@parameters.refuse_unknown
def share_collection(request: Request, collection_id: str, body: ShareLinkIn) -> ShareLinkOut:
    """Create a link to a collection of yours: to all finished videos in it, also those added later."""
    return _create(request, _own_collection(request.auth, collection_id), body)


@_get_links("/collections/{slug:collection_id}/share_links")
def collection_share_links(request: Request, collection_id: str, query: Query[ListLinksIn]) -> ShareLinksOut:
    """List the links to a collection of yours, newest first."""
    return _page(request, links_of(_own_collection(request.auth, collection_id)), query)


@_get_links("/share_links")
def share_links(request: Request, query: Query[ListLinksIn]) -> ShareLinksOut:
    """List all your links, newest first."""
    return _page(request, ShareLink.objects.owned_by(request.auth.user), query)


@router.delete("/share_links/{slug:link_id}", response={200: ShareLinkOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def revoke_share_link(request: Request, link_id: str) -> ShareLinkOut:
    """Revoke a link of yours for good: its page and its files are gone at once. It stays in the list."""
    own = ShareLink.objects.owned_by(request.auth.user).filter(public_id=link_id)
    if not is_public_id(link_id) or not own.exists():
        raise not_found("Share link", link_id)
    revoke_links(own)
    return _serialize(request, listed(own).get())


def _create(request: Request, shared: Video | Collection, body: ShareLinkIn) -> ShareLinkOut:
    if body.never_expires and body.days is not None:
        raise ApiError(422, "invalid_value", "Send “days” or “never_expires”, not both.", param="days")
    options = LinkOptions(body.title, body.shows_prompt, body.allows_download, body.allows_comments)
    days = None if body.never_expires else default_days() if body.days is None else body.days
    try:
        link = create_link(request.auth.user, shared, options, days=days, password=body.password)
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        if field in ShareLinkIn.model_fields:
            raise
        raise ApiError(409, "not_shareable", sentences[0]) from error
    return _serialize(request, link)


def _own_collection(caller: Caller, public_id: str) -> Collection:
    own = Collection.objects.owned_by(caller.user)
    found = own.filter(public_id=public_id).first() if is_public_id(public_id) else None
    if found is None:
        raise not_found("Collection", public_id)
    return found


def _page(request: Request, rows: ShareLinkQuerySet, query: ListLinksIn) -> ShareLinksOut:
    order = KeysetOrder(descending=True)
    if query.after:
        position = order.position_of(rows.filter(public_id=query.after))
        if position is None:
            message = f"There is no link '{query.after}' to go on from."
            raise ApiError(404, "not_found", message, param="after")
        rows = order.after(rows, position)
    found, has_more = take_page(listed(order.sort(rows)), query.limit)
    data = [_serialize(request, link) for link in found]
    return ShareLinksOut(data=data, has_more=has_more, next=found[-1].public_id if has_more else None)


def _serialize(request: Request, link: ShareLink) -> ShareLinkOut:
    is_active = link.status == "active"
    return ShareLinkOut(
        id=link.public_id,
        status=link.status,
        problem=(link.stopped_because or None) if is_active else None,
        url=link_address(request, link) or None,
        video=link.video.public_id if link.video else None,
        collection=link.collection.public_id if link.collection else None,
        title=link.title,
        has_password=link.has_password,
        shows_prompt=link.shows_prompt,
        allows_download=link.allows_download,
        allows_comments=link.allows_comments,
        views=link.views,
        comments=link.comment_count,
        created_at=int(link.created_at.timestamp()),
        expires_at=int(link.expires_at.timestamp()) if link.expires_at else None,
        revoked_at=int(link.revoked_at.timestamp()) if link.revoked_at else None,
    )
