"""Bringing in what belongs to videos: references, characters, templates, batches, collections, links.

Each function takes one document, and returns whether a row was made; False means that it was here already.
All raise `RowError`. A row and its file are there together or not at all, and what is here is never changed.
"""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from contentgen import encryption
from videos.models import (
    Batch,
    BatchRow,
    BatchState,
    Character,
    Collection,
    CollectionMember,
    PromptTemplate,
    ReferenceImage,
    RowState,
    ShareComment,
    ShareLink,
    Video,
    VideoModel,
)
from videos.transfer import fields, stored
from videos.transfer.errors import RowError
from videos.transfer.places import Places, stand_in_key
from videos.transfer.rows import Document, links_of, values_of

_TEXTS = 1000  # tags of a person, and the like
_STOPPED = gettext_noop(
    "This batch was being carried out when it was exported. Rows that became videos after it may be among "
    "the backend's jobs: look there before you go on, or they are paid for twice."
)
_NOT_SENT = gettext_noop("It was not sent to the backend before it was exported. Create it again.")
_UNTRUSTED = gettext_noop("Its backend is not asked for it, because the export was not made by this studio.")
# What of a batch goes on by itself, and is not to.
_UNDER_WAY = (BatchState.CREATING, BatchState.RETRYING, BatchState.CANCELING, BatchState.SAVING)


def _is_here(places: Places, model: type[models.Model], values: Document, owner: User, *same: str) -> bool:
    """Whether the row of the document's id is here already, which is remembered then.

    Raises `RowError` where the document has no id, or its id is somebody else's here, or that of something
    else: a row that differs in one of the columns `same`.
    """
    if not values.get("public_id"):
        raise RowError("it has no id.")
    found: Any = model._default_manager.filter(public_id=values["public_id"]).first()
    if found is None:
        return False
    if found.owner_id != owner.pk:
        raise RowError("its id belongs to somebody else's here.")
    if any(name in values and getattr(found, name) != values[name] for name in same):
        raise RowError("its id belongs to something else here.")
    places.remember(found, values["public_id"])
    return True


def reference(places: Places, document: Document) -> bool:
    """Bring in an image. The same picture of the same person is one image, whatever its id."""
    values, owner = values_of(fields.REFERENCE, document), places.owner(document.get("owner"))
    if _is_here(places, ReferenceImage, values, owner, "created_at"):
        return False
    equal = ReferenceImage.objects.filter(owner=owner, sha256=values.get("sha256", "")).first()
    if equal is not None:
        places.remember(equal, values["public_id"])
        return False
    image = ReferenceImage(owner=owner, **values)
    with stored.removed_on_error() as written:
        written += stored.add_image_files(places, image, files_of(document))
        same = ReferenceImage.objects.filter(owner=owner, sha256=image.sha256).first()
        if same is None:
            image.save(force_insert=True)
        else:  # as it was encoded here it is one that is here already
            stored.remove_files(written)
    places.remember(same or image, values["public_id"])
    return same is None


def character(places: Places, document: Document) -> bool:
    values, owner = values_of(fields.CHARACTER, document), places.owner(document.get("owner"))
    if _is_here(places, Character, values, owner, "name", "created_at"):
        return False
    links = links_of(fields.CHARACTER, document, places.resolve)
    row = Character(**values | links | {"owner_id": owner.pk, "due_at": None})
    if not places.is_known:
        row.backend_character_id = ""
    if not row.backend_character_id and not row.error_message:
        row.error_message = _NOT_SENT if places.is_known else _UNTRUSTED
    with stored.removed_on_error() as written:
        if told := files_of(document).get("file"):
            limit = settings.MAX_CHARACTER_CLIP_SIZE
            written += stored.add_file(places, row, told, limit=limit, is_clip=True)
        row.save(force_insert=True)
    places.remember(row, values["public_id"])
    return True


def template(places: Places, document: Document) -> bool:
    """Bring in a template. It has no id, so what is equal in everything is one.

    Those shared with everyone are taken over only from an export of ours.
    """
    values = values_of(fields.TEMPLATE, document)
    owner = None if document.get("owner") is None else places.owner(document["owner"])
    if owner is None and not places.is_known:
        raise RowError("it is shared with everyone, which only an export of ours may do.")
    if not values.get("title") or not values.get("prompt"):
        raise RowError("it has no title or no prompt.")
    found = PromptTemplate.objects.filter(owner=owner, **values).first()
    row = found or PromptTemplate.objects.create(owner=owner, **values)
    if isinstance(key := document.get("key"), int):
        places.remember(row, key)
    return found is None


def batch(places: Places, document: Document) -> bool:
    """Bring in a batch, without its rows. Nothing of it goes on by itself."""
    values, owner = values_of(fields.BATCH, document), places.owner(document.get("owner"))
    if _is_here(places, Batch, values, owner, "digest", "created_at"):
        return False
    row = Batch(owner=owner, **values)
    if row.state in _UNDER_WAY:
        row.state, row.problem, row.retry_before = BatchState.STOPPED, _STOPPED, None
    with stored.removed_on_error() as written:
        if told := files_of(document).get("file"):
            written += stored.add_file(places, row, told, limit=stored.MAX_TABLE, is_clip=False)
        row.save(force_insert=True)
    places.remember(row, values["public_id"])
    return True


def batch_row(places: Places, document: Document) -> bool:
    values = values_of(fields.BATCH_ROW, document)
    links = links_of(fields.BATCH_ROW, document, places.resolve)
    batch_id, number = links["batch_id"], values.get("number")
    if batch_id is None or number is None:
        raise RowError("its batch is not in the export.")
    if BatchRow.objects.filter(batch=batch_id, number=number).exists():
        return False
    row = BatchRow(**values | links, request=_request(places, document.get("request")))
    if row.state == RowState.CREATED and row.video_id is None:
        row.video_id = stand_in_key(f"{document.get('batch')} {number}")  # which leads nowhere: it is gone
    elif row.video_id is not None and BatchRow.objects.filter(video=row.video_id).exists():
        raise RowError("its video belongs to another row here.")
    row.save(force_insert=True)
    return True


def _request(places: Places, told: Any) -> Document:
    """Return what a row asks for, with the keys that its images and its collection have here."""
    texts, numbers = ("prompt", "model", "size", "fit"), ("seconds",)
    is_whole = (
        isinstance(told, dict)
        and all(isinstance(told.get(name), str) for name in texts)
        and all(type(told.get(name)) is int for name in numbers)
        and isinstance(told.get("parameters"), dict)
        and all(isinstance(told.get(name), list) for name in ("tags", "references"))
    )
    if not is_whole:
        raise RowError("what it asks for cannot be read.")
    request: Document = {**told}
    request["references"] = [places.resolve(ReferenceImage, key) for key in told["references"]]
    for name, target in (
        ("reference", ReferenceImage),
        ("last_frame", ReferenceImage),
        ("collection", Collection),
    ):
        if name in told:
            request[name] = places.resolve(target, told[name])
    return request


def collection(places: Places, document: Document) -> bool:
    """Bring in a collection with its people, without its cover, which is a video."""
    values, owner = values_of(fields.COLLECTION, document), places.owner(document.get("owner"))
    if _is_here(places, Collection, values, owner, "created_at"):
        return False
    links = links_of(fields.COLLECTION, {**document, "cover": None}, places.resolve)
    with transaction.atomic():
        row = Collection.objects.create(**values | links | {"owner_id": owner.pk})
        for member in documents_of(document, "members"):
            _add_member(places, row, member)
    places.remember(row, values["public_id"])
    return True


def _add_member(places: Places, row: Collection, document: Document) -> None:
    person_id = links_of(fields.MEMBER, document, places.resolve)["person_id"]
    if person_id is None:
        note = f"“{row}” is not shared with “{document.get('person')}”, who has no account here."
        places.result.notes.append(note)
    elif person_id != row.owner_id:
        values = values_of(fields.MEMBER, document)
        CollectionMember.objects.get_or_create(collection=row, person_id=person_id, defaults=values)


def cover(places: Places, document: Document) -> bool:
    """Give a collection the cover that it had, unless it has one by now."""
    key = places.resolve(Collection, document.get("public_id", ""))
    video = document.get("cover")
    chosen = places.resolve(Video, video) if isinstance(video, str) else None
    if key is not None and chosen is not None:
        Collection.objects.filter(pk=key, cover=None, videos=chosen).update(cover=chosen)
    return False


def share_link(places: Places, document: Document) -> bool:
    """Bring in what was known of a share link, revoked: its secret is not in the export."""
    values, owner = values_of(fields.SHARE_LINK, document), places.owner(document.get("owner"))
    if _is_here(places, ShareLink, values, owner, "created_at"):
        return False
    links = links_of(fields.SHARE_LINK, document, places.resolve)
    if (links["video_id"] is None) == (links["collection_id"] is None):
        raise RowError("what it led to is not here.")
    secret = secrets.token_urlsafe(32)  # which nobody is told
    row = ShareLink(
        **values | links | {"owner_id": owner.pk, "revoked_at": values.get("revoked_at") or timezone.now()},
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        encrypted_secret=encryption.encrypt(secret),
    )
    row.save(force_insert=True)
    places.remember(row, values["public_id"])
    return True


def comment(places: Places, document: Document) -> bool:
    values = values_of(fields.SHARE_COMMENT, document)
    links = links_of(fields.SHARE_COMMENT, document, places.resolve)
    if links["link_id"] is None or links["video_id"] is None:
        raise RowError("its link or its video is not here.")
    same = {**values, "link_id": links["link_id"], "video_id": links["video_id"]}
    if ShareComment.objects.filter(**same).exists():
        return False
    ShareComment.objects.create(**values | links)
    return True


def person(places: Places, document: Document) -> bool:
    """Bring in a person's tags and favourite models, where the catalogue has them."""
    user = places.people.find(str(document.get("username")))
    if user is None or not document.get("is_needed"):
        return False
    for name in texts_of(document, "tags"):
        places.tag(user, check_tag(name))
    if not user.favourite_models.exists():
        names = texts_of(document, "favourite_models")
        user.favourite_models.set(VideoModel.objects.filter(name__in=names))
    return False


def check_tag(name: Any) -> str:
    """Return the name of a tag as it is. Raises `RowError` for what is none."""
    return str(values_of(fields.TAG, {"name": name})["name"])


def files_of(document: Document) -> Document:
    told = document.get("files")
    if not isinstance(told, dict) or not all(isinstance(each, dict) for each in told.values()):
        raise RowError("its files cannot be read.")
    return told


def documents_of(document: Document, name: str) -> list[Document]:
    told = document.get(name) or []
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise RowError(f"“{name}” cannot be read.")
    return told


def texts_of(document: Document, name: str) -> list[str]:
    """Return a list of texts, at most a thousand. Raises `RowError` for anything else."""
    told = document.get(name) or []
    if not isinstance(told, list) or len(told) > _TEXTS or not all(isinstance(each, str) for each in told):
        raise RowError(f"“{name}” cannot be read.")
    return told
