"""Schemas of collections and their people, and functions that fill them."""

from collections.abc import Mapping
from typing import Annotated, Literal, cast

from django.http import HttpRequest
from django.urls import reverse
from ninja import Schema
from pydantic import Field

from videos.api.rest.schemas import BodyIn, Parameters, PublicId, WholeNumber
from videos.models import Collection, CollectionMember
from videos.models.collection import (
    COLLECTION_DESCRIPTION_LIMIT,
    COLLECTION_NAME_LIMIT,
    MAX_RETENTION_DAYS,
)
from videos.validation import PUBLIC_ID_PATTERN

MAX_IDS = 500  # videos added in one request

RetentionRule = Literal["studio", "keep", "days"]
Access = Literal["private", "people", "team"]
MemberRole = Literal["viewer", "editor"]
_UNIX_TIME = "Unix time, in seconds."
_RETENTION = (
    "How long its videos are kept: as everywhere in the studio, forever, or for `retention_days`. Its owner"
    " decides."
)
_RETENTION_DAYS = "With the rule `days`: after how many days a finished video moves to the trash."
_TRASH_DAYS = "With the rule `days`: for how many days it is in the trash before it is deleted for good."


class CollectionChangeIn(BodyIn):
    """What to change about a collection. What is left out, or null, stays as it is."""

    name: str | None = Field(None, max_length=COLLECTION_NAME_LIMIT, description="What it is called.")
    description: str | None = Field(
        None, max_length=COLLECTION_DESCRIPTION_LIMIT, description="What it is about."
    )
    visibility: Access | None = Field(
        None,
        description="Who sees it beside its owner, managers and staff: nobody, its members, or everybody.",
    )
    template: int | None = Field(
        None, ge=0, lt=2**31, description="Number of the template that its page begins with; 0 for none."
    )
    model: str | None = Field(None, max_length=100, description="The model to begin with; empty for none.")
    seconds: int | None = Field(None, ge=0, lt=2**31, description="The length to begin with; 0 for none.")
    size: str | None = Field(None, max_length=20, description="The size to begin with; empty for none.")
    parameters: Parameters | None = Field(None, description="Values of parameters to begin with, by name.")
    retention: RetentionRule | None = Field(None, description=_RETENTION)
    retention_days: int | None = Field(None, ge=1, le=MAX_RETENTION_DAYS, description=_RETENTION_DAYS)
    trash_days: int | None = Field(
        None, ge=0, le=MAX_RETENTION_DAYS, description=f"{_TRASH_DAYS} 0: as everywhere in the studio."
    )
    cover: str | None = Field(
        None,
        pattern=f"^({PUBLIC_ID_PATTERN})?$",
        description="Id of the video in it that stands for it; empty for its newest.",
    )
    owner: str | None = Field(
        None, max_length=150, description="Username of the person to hand it over to, as its owner."
    )


class CollectionIn(BodyIn):
    """A new collection."""

    name: str = Field(
        max_length=COLLECTION_NAME_LIMIT, description="What it is called.", examples=["Spring campaign"]
    )
    description: str = Field("", max_length=COLLECTION_DESCRIPTION_LIMIT, description="What it is about.")
    visibility: Access = Field("private", description="Who sees it beside you, managers and staff.")
    template: int | None = Field(
        None, ge=0, lt=2**31, description="Number of the template that its page begins with."
    )
    model: str = Field("", max_length=100, description="The model to begin with.")
    seconds: int | None = Field(None, ge=0, lt=2**31, description="The length to begin with.")
    size: str = Field("", max_length=20, description="The size to begin with.")
    parameters: Parameters = Field({}, description="Values of parameters to begin with, by name.")
    retention: RetentionRule = Field("studio", description=_RETENTION)
    retention_days: int | None = Field(None, ge=1, le=MAX_RETENTION_DAYS, description=_RETENTION_DAYS)
    trash_days: int | None = Field(
        None,
        ge=0,
        le=MAX_RETENTION_DAYS,
        description=f"{_TRASH_DAYS} 0 or null: as everywhere in the studio.",
    )


class ItemsIn(BodyIn):
    """Videos of yours to put into a collection."""

    ids: list[PublicId] = Field(
        min_length=1,
        max_length=MAX_IDS,
        description="Their ids. One that is in it already stays.",
        examples=[["video_0123456789abcdefghijklmn"]],
    )


class MemberIn(BodyIn):
    """A person to share a collection with, or another role of one."""

    username: str = Field(max_length=150, description="The person's username.", examples=["bob"])
    role: MemberRole = Field("viewer", description="An editor also adds and removes videos.")


class CollectionsIn(Schema):
    """Which collections to list."""

    limit: Annotated[int, WholeNumber] = Field(20, ge=1, le=100, description="How many to return.")
    after: str = Field(
        "", pattern=f"^({PUBLIC_ID_PATTERN})?$", description="Id of the last collection of the page before."
    )
    q: str = Field("", max_length=200, description="What the name or the description contains.")


class CollectionOut(Schema):
    """A collection, with what its page begins with."""

    id: str = Field(description="Its id.", examples=["collection_2k7c0s5pq9v1"])
    object: Literal["collection"] = Field(default="collection", description="Always `collection`.")
    name: str = Field(description="What it is called.")
    description: str = Field(description="What it is about.")
    owner: str = Field(description="Username of its owner.")
    visibility: Access = Field(description="Who sees it beside its owner, managers and staff.")
    videos: int = Field(description="How many videos it shows.")
    cover: str | None = Field(description="Id of the video that stands for it; null without one.")
    template: int | None = Field(description="Number of its template.")
    model: str | None = Field(description="The model to begin with.")
    seconds: int | None = Field(description="The length to begin with.")
    size: str | None = Field(description="The size to begin with.")
    parameters: dict[str, bool | int | float | str] = Field(
        description="Values of parameters to begin with, by name."
    )
    retention: RetentionRule = Field(description=_RETENTION)
    retention_days: int | None = Field(description=f"{_RETENTION_DAYS} Null by any other rule.")
    trash_days: int | None = Field(description=f"{_TRASH_DAYS} Null: as everywhere in the studio.")
    created_at: int = Field(description=_UNIX_TIME)
    changed_at: int = Field(description=f"When its videos, people or settings last changed. {_UNIX_TIME}")
    page: str = Field(description="Its page in the studio.")


class CollectionsOut(Schema):
    """A page of collections, newest first."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[CollectionOut] = Field(description="The collections.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


class CollectionDeletedOut(Schema):
    """The end of a collection. Its videos are still there."""

    id: str = Field(description="The id that it had.")
    object: Literal["collection.deleted"] = Field(
        default="collection.deleted", description="Always `collection.deleted`."
    )
    deleted: Literal[True] = Field(default=True, description="Always true.")


class ItemsOut(Schema):
    """What became of the videos of a request."""

    changed: int = Field(description="How many were put into the collection, or taken out of it.")


class MemberOut(Schema):
    """A person whom a collection is shared with."""

    username: str = Field(description="The person's username.")
    role: MemberRole = Field(description="What the person may do in it.")
    added_at: int = Field(description=_UNIX_TIME)


class MembersOut(Schema):
    """The people of a collection, by username; its owner is not among them."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[MemberOut] = Field(description="The people.")


def serialize_collection(
    request: HttpRequest, collection: Collection, counts: Mapping[int, int], covers: Mapping[int, str]
) -> CollectionOut:
    """Return the collection as the API shows it; `counts` and `covers` are by its key."""
    return CollectionOut(
        id=collection.public_id,
        name=collection.name,
        description=collection.description,
        owner=collection.owner.username,
        visibility=cast(Access, collection.visibility),
        videos=counts.get(collection.pk, 0),
        cover=covers.get(collection.pk),
        template=collection.template_id,
        model=collection.model or None,
        seconds=collection.seconds,
        size=collection.size or None,
        parameters=collection.parameters,
        retention=cast(RetentionRule, collection.retention),
        retention_days=collection.retention_days,
        trash_days=collection.trash_days,
        created_at=int(collection.created_at.timestamp()),
        changed_at=int(collection.changed_at.timestamp()),
        page=request.build_absolute_uri(reverse("videos:collection", args=[collection.public_id])),
    )


def serialize_member(membership: CollectionMember) -> MemberOut:
    return MemberOut(
        username=membership.person.username,
        role=cast(MemberRole, membership.role),
        added_at=int(membership.added_at.timestamp()),
    )
