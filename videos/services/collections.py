"""Collections: who may do what in them, and putting videos into them and taking them out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.forms import model_to_dict
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts import roles
from accounts.formats import format_number
from accounts.models import User
from audit.trail import changed_values, record, record_all
from audit.vocabulary import Action
from videos import subjects
from videos.models import Collection, CollectionItem, CollectionMember, CollectionRole, Video, Visibility
from videos.models.collection import COLLECTION_NAME_LIMIT, CollectionQuerySet
from videos.models.video_queries import VideoQuerySet
from videos.services.retention import RETENTION_FIELDS, forget_announcements
from videos.validation import clean_line, is_storable

MAX_COLLECTIONS = 500  # of one owner
MAX_VIDEOS = 5000  # in one collection

_INSERT_BATCH_SIZE = 500  # rows in one INSERT


@dataclass(frozen=True)
class CollectionRights:
    """What a person may do in a collection that the person sees.

    `can_edit`: its name, settings and cover, and which videos are in it. `can_manage`: who sees it, whose it
    is and whether it exists. `sees_people`: whom it is shared with. `can_leave`: was chosen for it.
    """

    can_edit: bool = False
    can_manage: bool = False
    sees_people: bool = False
    can_leave: bool = False


def rights_in(collection: Collection, person: User) -> CollectionRights:
    """Return what `person` may do in a collection that is visible to that person. One query for others'.

    A collection whose owner is blocked is looked after by managers and superusers, so that it can be handed
    over.
    """
    may_create = roles.may_create(person)
    if collection.owner_id == person.pk:
        return CollectionRights(can_edit=may_create, can_manage=may_create, sees_people=True)
    membership = CollectionMember.objects.filter(collection=collection, person=person).first()
    counts = membership is not None and collection.visibility != Visibility.PRIVATE
    is_editor = membership is not None and counts and membership.role == CollectionRole.EDITOR and may_create
    is_orphaned = not collection.owner.is_active and roles.may_manage(person)
    return CollectionRights(
        can_edit=is_editor or is_orphaned,
        can_manage=is_orphaned,
        sees_people=is_editor or roles.sees_all_work(person),
        can_leave=counts and may_create,
    )


# --- The collection itself ---------------------------------------------------------------------------------


def create_collection(owner: User, collection: Collection, videos: Sequence[Video] = ()) -> Collection:
    """Write a new collection, whose fields are valid, as the owner's; with the owner's `videos` in it.

    Raises `ValidationError` for an owner who may make nothing, and for one who has too many.
    """
    roles.require_creator(owner)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # or two at once would pass the limit
        if Collection.objects.owned_by(owner).count() >= MAX_COLLECTIONS:
            message = gettext(
                "You have reached the limit of %(count)s collections. Delete one to add another."
            )
            raise ValidationError({"name": message % {"count": MAX_COLLECTIONS}})
        collection.owner = owner
        collection.save()
        record(Action.CREATED, subjects.collection(collection))
        _insert(owner, collection, videos)
    return collection


def find_editable(person: User, text: str) -> Collection:
    """Return the collection with that id or name that the person may put videos into; one's own goes first.

    Raises `ValidationError` by field (`collection`) where there is none, or several have the name.
    """
    name = clean_line(text[:COLLECTION_NAME_LIMIT])
    if not is_storable(text) or not name:
        raise ValidationError({"collection": gettext("Enter the name of a collection.")})
    named = Q(public_id=name) | Q(name=name) | Q(name__iexact=name)
    found = list(Collection.objects.editable_by(person).filter(named).order_by("pk")[:20])
    own = [each for each in found if each.owner_id == person.pk]
    exact = [each for each in own or found if name in (each.name, each.public_id)]
    chosen = exact or own or found
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        message = gettext("Several collections are called “%(name)s”. Name one by its id.")
    else:
        message = gettext("There is no collection “%(name)s” that you can add videos to.")
    raise ValidationError({"collection": message % {"name": name}})


def touch(collection: Collection) -> None:
    """Note that something in the collection has changed."""
    Collection.objects.filter(pk=collection.pk).update(changed_at=timezone.now())


def save_changes(collection: Collection, fields: Iterable[str]) -> None:
    """Write these fields of the collection, whose values are valid, and no others: it may be handed over or
    deleted while somebody edits it.
    """
    names = list(fields)
    with transaction.atomic():
        before = model_to_dict(Collection.objects.select_for_update().get(pk=collection.pk), names)
        collection.save(update_fields=[*names, "search_text"])
        touch(collection)
        if before.keys() & set(RETENTION_FIELDS):
            forget_announcements(collection)
        if changes := changed_values(before, model_to_dict(collection, names)):
            record(Action.CHANGED, subjects.collection(collection), changes=changes)


def delete_collection(collection: Collection) -> bool:
    """Delete the collection; its videos stay where they were. Returns False if it was deleted before.

    It can be restored for TRASH_RETENTION_DAYS, until the sweep removes it.
    """
    existing = Collection.objects.existing().filter(pk=collection.pk)
    return _update(collection, existing, Action.DELETED, deleted_at=timezone.now())


def restore_collection(collection: Collection) -> bool:
    """Bring a deleted collection back as it was. Returns False if it is not deleted any more."""
    deleted = Collection.objects.filter(pk=collection.pk, deleted_at__isnull=False)
    return _update(collection, deleted, Action.RESTORED, deleted_at=None)


def _update(
    collection: Collection, rows: CollectionQuerySet, action: Action, *, deleted_at: datetime | None
) -> bool:
    with transaction.atomic():
        changed = rows.update(deleted_at=deleted_at)
        if changed:
            record(action, subjects.collection(collection))
    return bool(changed)


# --- Its videos --------------------------------------------------------------------------------------------


def add_videos(person: User, collection: Collection, videos: Iterable[Video]) -> int:
    """Put the person's own videos into a collection that the person may edit. Returns how many are new in it.

    Others' videos and those in the trash are passed over: whoever adds a video shows it to people. Raises
    `ValidationError` where there is no room for all, and then none is added.
    """
    with transaction.atomic():
        lock_editable(person, [collection])
        return _insert(person, collection, videos)


def lock_editable(person: User, collections: Sequence[Collection]) -> None:
    """Lock the collections until the transaction ends, in one order.

    Raises `ValidationError` by field (`collections`) if the person may no longer put videos into one.
    """
    wanted = {collection.pk for collection in collections}
    if not wanted:
        return
    editable = Collection.objects.editable_by(person).filter(pk__in=wanted).order_by("pk")
    found = set(editable.select_for_update().values_list("pk", flat=True))
    for collection in collections:
        if collection.pk not in found:
            message = gettext("You can no longer add videos to “%(name)s”.")
            raise ValidationError({"collections": message % {"name": collection.name}})


def _insert(person: User, collection: Collection, videos: Iterable[Video]) -> int:
    """Add the videos to a locked collection."""
    own = [video for video in videos if video.owner_id == person.pk and video.trashed_at is None]
    held = CollectionItem.objects.filter(collection=collection)
    known = set(held.filter(video__in=own).values_list("video", flat=True))
    new = [video for video in own if video.pk not in known]
    insert_items(person, [collection], new)
    return len(new)


def insert_items(person: User, collections: Sequence[Collection], videos: Sequence[Video]) -> None:
    """Add videos that are in none of the locked collections to each of them.

    Raises `ValidationError` by field (`collections`) where there is no room for all.
    """
    if not videos:
        return
    for collection in collections:
        if CollectionItem.objects.filter(collection=collection).count() + len(videos) > MAX_VIDEOS:
            message = gettext("A collection can hold %(count)s videos; “%(name)s” has no room for more.")
            values = {"count": format_number(MAX_VIDEOS), "name": collection.name}
            raise ValidationError({"collections": message % values})
        rows = [CollectionItem(collection=collection, video=video, added_by=person) for video in videos]
        CollectionItem.objects.bulk_create(rows, batch_size=_INSERT_BATCH_SIZE)
        record_all(Action.ADDED, map(subjects.video, videos), note=_named(collection))
        touch(collection)


def remove_videos(person: User, collection: Collection, videos: Iterable[Video]) -> int:
    """Take the videos out of the collection. Returns how many were in it.

    Who may edit the collection may take out any; everybody may take out one's own, also of a collection that
    one does not see any more.
    """
    keys = {video.pk for video in videos}
    items = CollectionItem.objects.filter(collection=collection, video__in=keys).select_related("video")
    if not rights_in(collection, person).can_edit:
        items = items.filter(video__owner=person)
    with transaction.atomic():
        held = [item.video for item in items.select_for_update(of=("self",))]
        removed, _ = CollectionItem.objects.filter(collection=collection, video__in=held).delete()
        if removed:
            record_all(Action.TAKEN_OUT, map(subjects.video, held), note=_named(collection))
            Collection.objects.filter(pk=collection.pk, cover__in=keys).update(cover=None)
            touch(collection)
    return removed


def set_cover(collection: Collection, video: Video | None) -> bool:
    """Have `video`, which must be in the collection, stand for it; without one its newest does.

    Returns False if the video is not in the collection.
    """
    if video is not None and not CollectionItem.objects.filter(collection=collection, video=video).exists():
        return False
    cover = (None, video.public_id if video else gettext_noop("its newest"))
    with transaction.atomic():
        Collection.objects.filter(pk=collection.pk).update(cover=video, changed_at=timezone.now())
        record(Action.CHANGED, subjects.collection(collection), changes={"cover": cover})
    return True


def _named(collection: Collection) -> str:
    return f"“{collection.name}”, {collection.public_id}."


def videos_of(collection: Collection) -> VideoQuerySet:
    """Return the videos of the collection, newest first, without the trash."""
    return Video.objects.in_collection(collection.pk).not_trashed().order_by("-pk")
