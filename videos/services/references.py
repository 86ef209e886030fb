"""A person's reference images: add, rename, delete and count their uses."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from accounts import roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from contentgen.stored_texts import translated
from videos import subjects
from videos.engine.reference_cleanup import delete_unused_reference
from videos.media.reference import BadReferenceError, Reference, open_reference
from videos.models import ReferenceImage, Video, VideoReference
from videos.models.reference_image import NAME_LIMIT
from videos.models.search_text import folded_text
from videos.services.image_files import (
    ImageFiles,
    ImageFilesGoneError,
    WrittenFiles,
    name_files,
    written_files,
)
from videos.services.quota import require_room_for
from videos.services.storage_errors import storage_errors
from videos.validation import clean_line, has_visible_text, is_storable

MAX_UPLOADS = 20  # images in one upload: each takes up to half a second to decode


def add_reference(owner: User, file: BinaryIO) -> ReferenceImage:
    """Keep an uploaded image, named as its file is.

    Raises `ValidationError` with a sentence if it cannot be a reference.
    """
    roles.require_creator(owner)
    try:
        reference = open_reference(file, max_bytes=settings.MAX_FILE_SIZE)
    except BadReferenceError as error:
        raise ValidationError(translated(str(error)), code=error.code) from error
    return keep_reference(owner, reference, file_name=getattr(file, "name", ""))


def rename_reference(image: ReferenceImage, name: str) -> None:
    """Give the image a name; an empty one removes it. Raises `ValidationError` by field (`name`)."""
    clean = clean_line(name) if has_visible_text(name) else ""
    if len(clean) > NAME_LIMIT:
        raise ValidationError({"name": f"A name can have at most {NAME_LIMIT} characters."})
    if not is_storable(name):
        raise ValidationError({"name": "The name contains a character that cannot be stored."})
    ReferenceImage.objects.filter(pk=image.pk).update(name=clean, search_text=folded_text(clean))
    image.name = clean


def delete_reference(image: ReferenceImage) -> bool:
    """Remove the image from its owner's references. Its row and files go at once, or with the last video that
    needs them.

    Returns False if it was deleted before.
    """
    with transaction.atomic():
        kept = ReferenceImage.objects.filter(pk=image.pk, deleted_at=None)
        deleted = kept.update(deleted_at=timezone.now())
        if deleted:
            record(Action.DELETED, subjects.reference(image))
        delete_unused_reference(image.pk)
    return bool(deleted)


def annotate_video_counts(owner: User, images: Iterable[ReferenceImage]) -> None:
    """Set each image's `video_count`: how many of the owner's videos, without the trash, were made with it,
    in whichever role.

    One query for each role.
    """
    known = {image.pk: image for image in images}
    shown = Video.objects.owned_by(owner).not_trashed().order_by()
    # A video that has it in two roles counts once.
    ending = shown.exclude(reference=F("last_frame"))
    is_frame = Q(video__reference=F("image")) | Q(video__last_frame=F("image"))
    guided = VideoReference.objects.filter(video__in=shown).exclude(is_frame).order_by()
    for videos, role in ((shown, "reference"), (ending, "last_frame"), (guided, "image")):
        used = videos.filter(**{f"{role}__in": known})
        counted = "video" if role == "image" else "pk"
        for pk, count in used.values_list(role).annotate(count=Count(counted, distinct=True)):
            known[pk].video_count += count


@dataclass(frozen=True)
class StoredReference:
    """An opened image whose files were written, as far as its owner did not have it. No row names them yet.

    `file_name` is that of the file it came in.
    """

    content: Reference
    file_name: str
    files: ImageFiles

    @cached_property
    def sha256(self) -> str:
        return _digest(self.content)


def keep_reference(
    owner: User, reference: Reference, *, file_name: str | None = "", field: str = "reference"
) -> ReferenceImage:
    """Store an opened reference image and its thumbnail among the owner's references.

    It is named as the file was, as far as that is a name. The same image again is the same row, which moves
    to the front, is restored if it was deleted, and keeps the name that it has. Not in a transaction: a store
    may take its time. Raises `StorageUnavailableError` about `field`.
    """
    with written_files() as written:
        stored = store_reference(owner, reference, written, file_name=file_name or "", field=field)
        return keep_stored_reference(owner, stored, field=field)


def store_reference(
    owner: User, reference: Reference, written: WrittenFiles, *, file_name: str = "", field: str
) -> StoredReference:
    """Write the files of an opened image, unless the owner has it, for `keep_stored_reference` to name.

    Raises `StorageUnavailableError` and `StorageFullError` about `field`.
    """
    own = ReferenceImage.objects.filter(owner=owner, sha256=_digest(reference)).only("thumbnail").first()
    contents: dict[str, tuple[str, File[bytes]]] = {}
    if own is None:
        with transaction.atomic():
            require_room_for(owner, _byte_count(reference), field)
        contents["file"] = f"reference.{reference.extension}", ContentFile(reference.content)
    if own is None or not own.thumbnail:  # from before there were any
        contents["thumbnail"] = "thumbnail.webp", ContentFile(reference.thumbnail)
    with storage_errors(field):
        return StoredReference(reference, file_name, written.write(owner.pk, contents))


def keep_stored_reference(owner: User, stored: StoredReference, *, field: str) -> ReferenceImage:
    """Keep an image whose files were written, as `keep_reference` does. Asks storage for nothing.

    Raises `StorageUnavailableError` about `field` for files that are not to be used any more, and for an
    image that was removed since its owner was found to have it.
    """
    reference, files = stored.content, stored.files
    with storage_errors(field), transaction.atomic():
        image, made = ReferenceImage.objects.select_for_update().get_or_create(
            owner=owner,
            sha256=stored.sha256,
            defaults={
                "public_id": files.public_id,
                "content_type": reference.content_type,
                "width": reference.width,
                "height": reference.height,
            },
        )
        if made:
            if not files.file:
                raise ImageFilesGoneError("The image was removed in this moment.")
            require_room_for(owner, _byte_count(reference), field)
            image.byte_count, image.file = _byte_count(reference), files.file
        if not image.thumbnail:
            image.thumbnail = files.thumbnail
        name_files({str(image.file), str(image.thumbnail)} & set(files.names))
        image.name = image.name or _name_from_file(stored.file_name)
        image.used_at, image.deleted_at = timezone.now(), None
        image.save(update_fields=["file", "thumbnail", "byte_count", "name", "used_at", "deleted_at"])
    return image


def _digest(reference: Reference) -> str:
    return hashlib.sha256(reference.content).hexdigest()


def _byte_count(reference: Reference) -> int:
    return len(reference.content) + len(reference.thumbnail)


def _name_from_file(file_name: str) -> str:
    """Return the file's name without folder and extension; empty when nobody could read it."""
    whole = PurePath(file_name).name
    name = clean_line(whole.rpartition(".")[0] if "." in whole else whole)[:NAME_LIMIT].strip()
    return name if is_storable(name) and has_visible_text(name) else ""
