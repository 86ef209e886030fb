"""Bringing in videos: row, files, tags, references and places in collections, all or nothing."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.trail import record
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.models import (
    Character,
    Collection,
    CollectionItem,
    Kind,
    ReferenceImage,
    ReleasedJob,
    Video,
    VideoReference,
    VideoTransition,
)
from videos.transfer import fields, stored
from videos.transfer.bring_rows import check_tag, documents_of, files_of, texts_of
from videos.transfer.errors import RowError
from videos.transfer.places import Places
from videos.transfer.rows import Document, links_of, values_of

_PAGE = 500  # rows read at once
_TRANSITIONS = 2000  # of one video: more than a studio keeps
_NOTE = "Imported from an export."


def video(places: Places, document: Document) -> bool:
    """Bring in one video. Returns False for one that is here already, which stays as it is.

    Raises `RowError`, also where its id or its job belongs to another video.
    """
    values, owner = values_of(fields.VIDEO, document), places.owner(document.get("owner"))
    if not values.get("public_id") or not values.get("model") or not values.get("size"):
        raise RowError("it has no id, no model or no size.")
    found = Video.objects.filter(public_id=values["public_id"]).first()
    if found is not None:
        _require_same(found, values, owner.pk)
        places.remember(found, found.public_id)
        return False
    row = Video(**values | links_of(fields.VIDEO, document, places.resolve) | {"owner_id": owner.pk})
    row.pk = _former_key(places, row.public_id)
    _prepare(places, row, document)
    with stored.video_files(places, row, files_of(document)) as files, transaction.atomic():
        history = _history(places, document) if places.is_known else []
        created = lifecycle.create_restored(row, files, is_known=places.is_known, history=history)
        _add_relations(places, created, document)
        record(Action.CREATED, subjects.video(created), note=_NOTE)
    stored.remove_leftovers(created)
    places.remember(created, created.public_id)
    return True


def _require_same(found: Video, values: dict[str, Any], owner_id: int) -> None:
    if found.deleted_at is not None:
        raise RowError("it is being deleted here. Import it again when that is done.")
    if found.owner_id != owner_id:
        raise RowError("its id belongs to somebody else's video here.")
    is_other = any(getattr(found, name) != values.get(name) for name in ("prompt", "created_at"))
    told = values.get("sha256")
    has_original = found.original_dropped_at is None and values.get("original_dropped_at") is None
    if is_other or (has_original and found.sha256 and told and found.sha256 != told):
        raise RowError("its id belongs to another video here.")


def _former_key(places: Places, public_id: str) -> int | None:
    """Return the key that the ledger has of a video that was deleted here for good, if no row has it."""
    key = places.former_keys.get(public_id, 0)
    return key if key > 0 and not Video.objects.filter(pk=key).exists() else None


def _prepare(places: Places, row: Video, document: Document) -> None:
    """Fit what the document says of the past to what is here."""
    source = document.get("source")
    if row.source_id is None and isinstance(source, str):
        row.remixed_from = row.remixed_from or source[:64]
    for name in ("reference", "last_frame", "batch", "made_in"):
        if document.get(name) is not None and getattr(row, f"{name}_id") is None:
            places.result.notes.append(
                f"{row}: its {name.replace('_', ' ')} is neither in the export nor here."
            )
    if not places.is_known:
        row.backend_job_id = ""
        row.hops = ""
    if row.backend_job_id:
        _check_job(row)
    if row.trashed_at is not None and row.trashed_at < _trash_is_over():
        row.trashed_at = timezone.now()  # or it would be deleted for good as soon as it is here


def _check_job(row: Video) -> None:
    """A job belongs to one video. One that was let go of is nobody's any more."""
    same = {"backend": row.backend_id, "backend_job_id": row.backend_job_id}
    if Video.objects.filter(**same).exists():
        raise RowError("its job at the backend belongs to another video here.")
    if ReleasedJob.objects.filter(**same).exists():
        row.backend_job_id = ""


def _trash_is_over() -> Any:
    return timezone.now() - timedelta(days=settings.TRASH_RETENTION_DAYS)


def _add_relations(places: Places, row: Video, document: Document) -> None:
    row.tags.set({places.tag(row.owner, check_tag(name)) for name in texts_of(document, "tags")})
    characters = [places.resolve(Character, key) for key in texts_of(document, "characters")]
    row.characters.set([key for key in characters if key is not None])
    for told in documents_of(document, "reference_images"):
        image = places.resolve(ReferenceImage, told.get("image", ""))
        if image is None:
            raise RowError("one of its reference images is neither in the export nor here.")
        values = values_of(fields.VIDEO_REFERENCE, told)
        VideoReference.objects.create(video=row, image_id=image, **values)
    for told in documents_of(document, "collections"):
        _add_item(places, row, told)


def _history(places: Places, document: Document) -> list[VideoTransition]:
    """Return what became of the video's state, with the accounts that people have here, if any."""
    told = documents_of(document, "history")
    if len(told) > _TRANSITIONS:
        raise RowError(f"its history has more than {_TRANSITIONS:,} entries.")
    rows = [VideoTransition(**values_of(fields.TRANSITION, each)) for each in told]
    if not all(row.new and row.door for row in rows):
        raise RowError("its history cannot be read.")
    for row in rows:
        person = places.people.find(row.username) if row.username else None
        row.user_id = person.pk if person else None
    return rows


def _add_item(places: Places, row: Video, told: Document) -> None:
    """Put the video into a collection again, if that came along or is here."""
    links = links_of(fields.ITEM, told, places.resolve)
    if links["collection_id"] is None:
        places.result.notes.append(f"{row}: the collection “{told.get('name')}” is not here.")
        return
    CollectionItem.objects.get_or_create(
        collection_id=links["collection_id"],
        video=row,
        defaults={**values_of(fields.ITEM, told), "added_by_id": links["added_by_id"]},
    )


def link_lineage() -> int:
    """Link videos to sources that have come, or come back, after them. Returns how many."""
    waiting = Video.objects.filter(source=None, deleted_at=None).exclude(kind=Kind.CREATE)
    waiting = waiting.exclude(remixed_from="").order_by("pk").only("pk", "owner", "remixed_from")
    linked, last = 0, 0
    while page := list(waiting.filter(pk__gt=last)[:_PAGE]):
        named = {each.remixed_from for each in page}
        sources = Video.objects.filter(public_id__in=named, deleted_at=None).only("pk", "public_id", "owner")
        found = {(each.public_id, each.owner_id): each.pk for each in sources}
        for each in page:
            if (key := found.get((each.remixed_from, each.owner_id))) is not None:
                linked += Video.objects.filter(pk=each.pk, source=None).update(source=key)
        last = page[-1].pk
    return linked


def collection_key(places: Places, public_id: Any) -> int | None:
    """Return the key here of a collection that the export names."""
    return places.resolve(Collection, public_id) if isinstance(public_id, str) else None
