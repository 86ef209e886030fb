"""A person's reference images: add, rename, delete and count their uses."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePath
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from accounts import roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from videos import subjects
from videos.engine.reference_cleanup import delete_unused_reference
from videos.media.reference import BadReferenceError, Reference, open_reference
from videos.models import ReferenceImage, Video, VideoReference
from videos.models.reference_image import NAME_LIMIT
from videos.models.search_text import folded_text
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
        raise ValidationError(str(error), code=error.code) from error
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


def keep_reference(
    owner: User,
    reference: Reference,
    *,
    file_name: str | None = "",
    field: str = "reference",
    written: list[FieldFile] | None = None,
) -> ReferenceImage:
    """Store an opened reference image and its thumbnail among the owner's references.

    It is named as the file was, as far as that is a name. The same image again is the same row, which moves
    to the front, is restored if it was deleted, and keeps the name that it has. Files that it writes are
    added to `written`. Raises `StorageUnavailableError` about `field`.
    """
    with storage_errors(field), transaction.atomic():
        image, made = ReferenceImage.objects.select_for_update().get_or_create(
            owner=owner,
            sha256=hashlib.sha256(reference.content).hexdigest(),
            defaults={
                "content_type": reference.content_type,
                "width": reference.width,
                "height": reference.height,
            },
        )
        if made:
            image.byte_count = len(reference.content) + len(reference.thumbnail)
            require_room_for(owner, image.byte_count, field)
            image.file.save(f"reference.{reference.extension}", ContentFile(reference.content), save=False)
        if not image.thumbnail:  # new, or from before there were any
            _save_thumbnail(image, reference, is_new=made)
        if made and written is not None:
            written += [image.file, image.thumbnail]
        image.name = image.name or _name_from_file(file_name or "")
        image.used_at, image.deleted_at = timezone.now(), None
        image.save(update_fields=["file", "thumbnail", "byte_count", "name", "used_at", "deleted_at"])
    return image


@contextmanager
def remove_files_on_error() -> Iterator[list[FieldFile]]:
    """Yield a list for `keep_reference`, whose files are removed again when the block fails: no rollback
    would do that.
    """
    written: list[FieldFile] = []
    try:
        yield written
    except BaseException:
        for file in written:
            with suppress(OSError):
                file.storage.delete(str(file.name))
        raise


def _name_from_file(file_name: str) -> str:
    """Return the file's name without folder and extension; empty when nobody could read it."""
    whole = PurePath(file_name).name
    name = clean_line(whole.rpartition(".")[0] if "." in whole else whole)[:NAME_LIMIT].strip()
    return name if is_storable(name) and has_visible_text(name) else ""


def _save_thumbnail(image: ReferenceImage, reference: Reference, *, is_new: bool) -> None:
    try:
        image.thumbnail.save("thumbnail.webp", ContentFile(reference.thumbnail), save=False)
    except OSError:
        if is_new:  # the row is rolled back, and its file would be left behind
            image.file.delete(save=False)
        raise
