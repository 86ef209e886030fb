"""One's reference images: kept to be used again, named, and let go."""

from collections.abc import Iterable
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from videos import services
from videos.engine.images import forget_reference
from videos.media.reference import BadReference, open_reference
from videos.models import ReferenceImage, Video
from videos.models.reference_image import NAME_LIMIT
from videos.services import is_unicode

AT_ONCE = 20  # images in one upload: each takes up to half a second to decode


def add(owner: User, file: BinaryIO) -> ReferenceImage:
    """Keep an uploaded picture. Raises `ValidationError` with a sentence when it cannot be a reference."""
    try:
        reference = open_reference(file, max_bytes=settings.MAX_FILE_SIZE)
    except BadReference as error:
        raise ValidationError(str(error), code=error.code) from error
    return services.keep_reference(owner, reference)


def rename(image: ReferenceImage, name: str) -> None:
    """Give the image a name; an empty one removes it. Raises `ValidationError` by field (`name`)."""
    clean = " ".join(name.split())
    if len(clean) > NAME_LIMIT:
        raise ValidationError({"name": f"A name can have at most {NAME_LIMIT} characters."})
    if "\x00" in clean or not is_unicode(clean):
        raise ValidationError({"name": "The name contains a character that cannot be stored."})
    ReferenceImage.objects.filter(pk=image.pk).update(name=clean)
    image.name = clean


def delete(image: ReferenceImage) -> bool:
    """Take the image from its owner's. Its row and files go too, at once or with the last video made from it.

    Returns False when it was deleted before.
    """
    with transaction.atomic():
        kept = ReferenceImage.objects.filter(pk=image.pk, deleted_at=None)
        deleted = kept.update(deleted_at=timezone.now())
        forget_reference(image.pk)
    return bool(deleted)


def count_videos(owner: User, images: Iterable[ReferenceImage]) -> None:
    """Set each image's `video_count`: how many of the owner's videos on show started from it. One query."""
    known = {image.pk: image for image in images}
    made = Video.objects.of(owner).on_show().filter(reference__in=known).order_by()
    for pk, count in made.values_list("reference").annotate(count=Count("pk")):
        known[pk].video_count = count
