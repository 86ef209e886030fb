"""Collections over REST: to list, make, change and delete them, their videos and their people."""

from typing import Any

from django.core.exceptions import ValidationError
from ninja import Query, Router

from accounts.models import User
from videos.api.errors import ApiError, not_found
from videos.api.rest.api import Request
from videos.api.rest.collection_schemas import (
    CollectionChangeIn,
    CollectionDeletedOut,
    CollectionIn,
    CollectionOut,
    CollectionsIn,
    CollectionsOut,
    ItemsIn,
    ItemsOut,
    MemberIn,
    MemberOut,
    MembersOut,
    serialize_collection,
    serialize_member,
)
from videos.api.rest.create import refuse_fields
from videos.api.rest.operations import register_get, register_write
from videos.forms.collections import CollectionForm
from videos.models import Collection, Retention, Video
from videos.models.keyset import KeysetOrder, take_page
from videos.models.video_queries import VideoQuerySet
from videos.services import collection_people as people
from videos.services import collections as service
from videos.services.collection_overviews import overviews
from videos.services.retention import RETENTION_FIELDS
from videos.services.visibility import note_collection_look, note_list
from videos.validation import is_public_id

router = Router()

_NEWEST_FIRST = KeysetOrder()
_FORM_FIELDS = (
    *("name", "description", "visibility", "template", "model", "seconds", "size", "parameters"),
    *RETENTION_FIELDS,
)
_EMPTY_IF_FALSE = ("template", "seconds", "retention_days", "trash_days")
_OWNERS = {"visibility", "owner", *RETENTION_FIELDS}  # what only those change who manage a collection


def videos_in_scope(person: User, scope: str, collection: str) -> VideoQuerySet:
    """Return the videos of a list. Raises `ApiError` 404 for a collection that the person does not see."""
    if collection:
        return Video.objects.in_collection(_get_collection(person, collection).pk)
    if scope == "shared":
        return Video.objects.shared_with(person)
    if scope == "team":
        note_list(person)
        return Video.objects.of_team(person)
    return Video.objects.owned_by(person)


# --- The collections ---------------------------------------------------------------------------------------


@register_get(router, "/collections", CollectionsOut)
def list_collections(request: Request, query: Query[CollectionsIn]) -> CollectionsOut:
    """List the collections that you see, newest first."""
    found = Collection.objects.visible_to(request.auth.user).search(query.q.replace("\x00", "\ufffd"))
    if query.after:
        position = _NEWEST_FIRST.position_of(Collection.objects.filter(public_id=query.after))
        if position is None:
            raise ApiError(404, "not_found", "There is no such collection to go on from.", param="after")
        found = _NEWEST_FIRST.after(found, position)
    rows, has_more = take_page(_NEWEST_FIRST.sort(found.select_related("owner")), query.limit)
    return CollectionsOut(
        data=_serialize(request, rows), has_more=has_more, next=rows[-1].public_id if has_more else None
    )


@register_write(router, "POST", "/collections", CollectionOut)
def create_collection(request: Request, body: CollectionIn) -> CollectionOut:
    """Make a collection of your own."""
    values = body.model_dump()
    _refuse_idle_days(values["retention"], values)
    form = CollectionForm(_form_data(values), person=request.auth.user)
    _require_valid(form)
    return _serialize_one(request, service.create_collection(request.auth.user, form.save(commit=False)))


@register_get(router, "/collections/{slug:collection_id}", CollectionOut)
def retrieve_collection(request: Request, collection_id: str) -> CollectionOut:
    """Return a collection that you see."""
    return _serialize_one(request, _get_collection(request.auth.user, collection_id))


@register_write(router, "PATCH", "/collections/{slug:collection_id}", CollectionOut)
def update_collection(request: Request, collection_id: str, body: CollectionChangeIn) -> CollectionOut:
    """Change a collection that you may edit. Its owner says who sees it, whose it is, and how
    long its videos are kept.
    """
    collection = _get_collection(request.auth.user, collection_id)
    changes = body.model_dump(exclude_none=True)
    _require(request, collection, manages=bool(_OWNERS & set(changes)))
    cover, owner = changes.pop("cover", None), changes.pop("owner", None)
    if changes:
        _change(request, collection, changes)
    if cover is not None:
        _set_cover(collection, cover)
    if owner is not None:
        people.hand_over(request.auth.user, collection, owner)
    return _serialize_one(request, Collection.objects.select_related("owner").get(pk=collection.pk))


@register_write(router, "DELETE", "/collections/{slug:collection_id}", CollectionDeletedOut)
def delete_collection(request: Request, collection_id: str) -> CollectionDeletedOut:
    """Delete a collection of yours. Its videos stay."""
    collection = _get_collection(request.auth.user, collection_id)
    _require(request, collection, manages=True)
    service.delete_collection(collection)
    return CollectionDeletedOut(id=collection_id)


# --- Its videos and its people -----------------------------------------------------------------------------


@register_write(router, "POST", "/collections/{slug:collection_id}/items", ItemsOut)
def add_items(request: Request, collection_id: str, body: ItemsIn) -> ItemsOut:
    """Put videos of yours into a collection that you may edit."""
    person = request.auth.user
    collection = _get_collection(person, collection_id)
    _require(request, collection)
    found = {each.public_id: each for each in Video.objects.owned_by(person).filter(public_id__in=body.ids)}
    for public_id in body.ids:
        if public_id not in found:
            raise not_found("Video", public_id)
    return ItemsOut(changed=service.add_videos(person, collection, found.values()))


@register_write(router, "DELETE", "/collections/{slug:collection_id}/items/{slug:video_id}", ItemsOut)
def remove_item(request: Request, collection_id: str, video_id: str) -> ItemsOut:
    """Take a video out of a collection: one of yours, or any of a collection that you may edit."""
    person = request.auth.user
    collection = _get_collection(person, collection_id)
    video = Video.objects.in_collection(collection.pk).filter(public_id=video_id).first()
    if video is None:
        raise not_found("Video", video_id)
    removed = service.remove_videos(person, collection, [video])
    if not removed:
        raise _not_allowed()
    return ItemsOut(changed=removed)


@register_get(router, "/collections/{slug:collection_id}/members", MembersOut, errors={403})
def list_members(request: Request, collection_id: str) -> MembersOut:
    """List the people of a collection, to those who may edit it, managers and staff."""
    collection = _get_collection(request.auth.user, collection_id)
    if not service.rights_in(collection, request.auth.user).sees_people:
        raise _not_allowed()
    rows = collection.memberships.select_related("person").order_by("person__username")
    return MembersOut(data=[serialize_member(each) for each in rows])


@register_write(router, "POST", "/collections/{slug:collection_id}/members", MemberOut)
def set_member(request: Request, collection_id: str, body: MemberIn) -> MemberOut:
    """Share a collection of yours with a person, or change that person's role in it."""
    collection = _get_collection(request.auth.user, collection_id)
    _require(request, collection, manages=True)
    return serialize_member(people.share_with(request.auth.user, collection, body.username, body.role))


@register_write(router, "DELETE", "/collections/{slug:collection_id}/members/{str:username}", ItemsOut)
def remove_member(request: Request, collection_id: str, username: str) -> ItemsOut:
    """Share a collection of yours with a person no longer; or, by your own username, leave one of others."""
    refuse_fields(request)
    collection = _get_collection(request.auth.user, collection_id)
    if username != request.auth.user.username:
        _require(request, collection, manages=True)
    if not people.remove_person(collection, username):
        raise ApiError(404, "not_found", "This collection is not shared with that person.", param="username")
    return ItemsOut(changed=1)


# --- Shared by the views -----------------------------------------------------------------------------------


def _get_collection(person: User, public_id: str) -> Collection:
    """Return a collection that the person sees. Raises `ApiError` 404 for any other."""
    visible = Collection.objects.visible_to(person).select_related("owner")
    found = visible.filter(public_id=public_id).first() if is_public_id(public_id) else None
    if found is None:
        raise not_found("Collection", public_id)
    note_collection_look(person, found)
    return found


def _require(request: Request, collection: Collection, *, manages: bool = False) -> None:
    """Raise `ApiError` 403 unless the caller may edit the collection, or decide about it (`manages`)."""
    rights = service.rights_in(collection, request.auth.user)
    if not (rights.can_manage if manages else rights.can_edit):
        raise _not_allowed()


def _not_allowed() -> ApiError:
    return ApiError(403, "not_allowed", "You see this collection, and may not do this in it.")


def _form_data(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the form takes for the API's values: 0 and null are as good as empty there."""
    return {name: value or "" if name in _EMPTY_IF_FALSE else value for name, value in values.items()}


def _refuse_idle_days(retention: str, values: dict[str, Any]) -> None:
    """Raise `ApiError` 422 for days that the rule, which counts none, would silently drop."""
    for name in ("retention_days", "trash_days"):
        if retention != Retention.DAYS and values.get(name):
            message = "These days count with the rule “days” alone. Send it as `retention`."
            raise ApiError(422, "invalid_value", message, param=name)


def _require_valid(form: CollectionForm) -> None:
    if not form.is_valid():
        raise ValidationError(dict(form.errors.as_data()))


def _change(request: Request, collection: Collection, changes: dict[str, Any]) -> None:
    now = {name: getattr(collection, name) for name in _FORM_FIELDS} | {"template": collection.template_id}
    _refuse_idle_days(changes.get("retention", collection.retention), changes)
    form = CollectionForm(_form_data(now | changes), instance=collection, person=request.auth.user)
    _require_valid(form)
    rule = RETENTION_FIELDS if set(RETENTION_FIELDS) & set(changes) else ()
    service.save_changes(form.instance, {*changes, *rule})


def _set_cover(collection: Collection, public_id: str) -> None:
    video = Video.objects.in_collection(collection.pk).filter(public_id=public_id).first()
    if public_id and video is None:
        raise ApiError(422, "invalid_value", "The collection has no video with this id.", param="cover")
    service.set_cover(collection, video)


def _serialize(request: Request, collections: list[Collection]) -> list[CollectionOut]:
    drawn = overviews(request.auth.user, collections)
    counts = {each.collection.pk: each.count for each in drawn}
    covers = {each.collection.pk: each.cover.public_id for each in drawn if each.cover}
    return [serialize_collection(request, each, counts, covers) for each in collections]


def _serialize_one(request: Request, collection: Collection) -> CollectionOut:
    (serialized,) = _serialize(request, [collection])
    return serialized
