"""The images of a request: its first frame (`reference`), its last one and further references.

They come as files, or from a person's own images. What a model takes of them is checked before any is kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.formats import format_number
from accounts.models import User
from videos.capabilities import Offer
from videos.media.reference import Reference
from videos.models import ReferenceImage
from videos.services.image_files import written_files
from videos.services.references import StoredReference, keep_stored_reference, store_reference
from videos.validation import is_public_id

MISSING = gettext_lazy("This image no longer exists. Choose another one.")
LAST_WITHOUT_FIRST = gettext_lazy("A last frame needs a first frame. Add one, or remove the last frame.")


@dataclass(frozen=True)
class NewImage:
    """An opened image that is to be kept, and the name of the file it came in."""

    content: Reference
    file_name: str = ""


Image = ReferenceImage | NewImage
AnyImage = Image | StoredReference


class KeptImages(TypedDict):
    """The fields of a `GenerationRequest` that hold images."""

    reference: ReferenceImage | None
    last_frame: ReferenceImage | None
    references: tuple[ReferenceImage, ...]


@dataclass(frozen=True)
class RequestImages:
    """The images of one request, some of which may not be kept yet. The names are those of the services."""

    reference: AnyImage | None = None
    last_frame: AnyImage | None = None
    references: tuple[AnyImage, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind, without kinds of which there are none."""
        counts = {
            "reference": int(self.reference is not None),
            "last_frame": int(self.last_frame is not None),
            "references": len(self.references),
        }
        return {name: count for name, count in counts.items() if count}

    def __iter__(self) -> Iterator[AnyImage]:
        yield from (each for each in (self.reference, self.last_frame, *self.references) if each is not None)

    @contextmanager
    def stored(self, owner: User) -> Iterator["RequestImages"]:
        """Write the files of the new ones, and yield the same images for `keep`. Not in a transaction.

        Files of images that are not kept when the block ends are removed. Raises `StorageUnavailableError`
        and `StorageFullError` by field.
        """
        with written_files() as written:

            def store(image: AnyImage, field: str) -> AnyImage:
                if not isinstance(image, NewImage):
                    return image
                content, name = image.content, image.file_name
                return store_reference(owner, content, written, file_name=name, field=field)

            yield self._each(store)

    def keep(self, owner: User) -> KeptImages:
        """Keep the stored ones among the owner's images, and return the rows of all.

        In the transaction of what they are for. Raises as `keep_stored_reference` does.
        """

        def keep(image: AnyImage, field: str) -> ReferenceImage:
            if isinstance(image, NewImage):
                raise TypeError("The files of an image are written before it is kept.")
            if isinstance(image, StoredReference):
                return keep_stored_reference(owner, image, field=field)
            return image

        return {
            "reference": keep(self.reference, "reference") if self.reference else None,
            "last_frame": keep(self.last_frame, "last_frame") if self.last_frame else None,
            "references": tuple(keep(each, "references") for each in self.references),
        }

    def _each(self, change: Callable[[AnyImage, str], AnyImage]) -> "RequestImages":
        return RequestImages(
            change(self.reference, "reference") if self.reference else None,
            change(self.last_frame, "last_frame") if self.last_frame else None,
            tuple(change(each, "references") for each in self.references),
        )


def max_images_size() -> int:
    """Return how many bytes the images of one request may have together."""
    return 3 * int(settings.MAX_FILE_SIZE)


def find_image_errors(counts: Mapping[str, int], offer: Offer) -> dict[str, str]:
    """Return a sentence by field for images that the offer does not take; `counts` says how many there are.

    Of a backend of which it is not known, a first frame passes.
    """
    errors: dict[str, str] = {}
    if counts.get("reference") and not offer.takes_reference:
        sentence = gettext("%(offer)s does not support reference images. Remove the image.")
        errors["reference"] = sentence % {"offer": offer.name}
    if counts.get("last_frame"):
        if not offer.takes_last_frame:
            sentence = gettext("%(offer)s does not take a last frame. Remove it.")
            errors["last_frame"] = sentence % {"offer": offer.name}
        elif not counts.get("reference"):
            errors["last_frame"] = str(LAST_WITHOUT_FIRST)
    if sentence := _find_references_error(counts.get("references", 0), offer):
        errors["references"] = sentence
    return errors


def _find_references_error(count: int, offer: Offer) -> str:
    limit = offer.max_references
    if count <= limit:
        return ""
    if not limit:
        sentence = gettext("%(offer)s does not take further references. Remove them.")
        return sentence % {"offer": offer.name}
    sentence = ngettext(
        "%(offer)s takes at most %(limit)d reference; you gave %(count)d.",
        "%(offer)s takes at most %(limit)d references; you gave %(count)d.",
        limit,
    )
    return sentence % {"offer": offer.name, "limit": limit, "count": count}


def validate_images_size(requests: Iterable[RequestImages]) -> None:
    """Raise `ValidationError`, by field, for the first request whose images have too many bytes together.

    One alone is bounded where it is uploaded.
    """
    limit = max_images_size()
    for images in requests:
        size = sum(_size_of(image) for image in images) if sum(images.counts.values()) > 1 else 0
        if size > limit:
            field = "references" if images.references else "last_frame"
            sentence = gettext(
                "Together these images have %(size)s, and a request may have %(limit)s. Remove one, or use "
                "smaller ones."
            )
            raise ValidationError({field: sentence % {"size": _megabytes(size), "limit": _megabytes(limit)}})


def _size_of(image: AnyImage) -> int:
    """Return its bytes, of a kept one with its thumbnail; 0 for one that was not measured yet."""
    return image.byte_count or 0 if isinstance(image, ReferenceImage) else len(image.content.content)


def _megabytes(size: int) -> str:
    return f"{format_number(Decimal(f'{size / 1048576:.3g}'))} MB"


def find_own_images(owner: User, public_ids: list[str], *, field: str) -> tuple[ReferenceImage, ...]:
    """Return the owner's images with these ids, in order. Raises `ValidationError`, by `field`, for an id of
    none of theirs.

    A deleted one counts too, for one may make another video like those that still have it.
    """
    wanted = [each for each in public_ids if is_public_id(each)]
    own = ReferenceImage.objects.filter(owner=owner, public_id__in=wanted)
    found = {image.public_id: image for image in own} if wanted else {}
    if any(each not in found for each in public_ids):
        raise ValidationError({field: MISSING})
    return tuple(found[each] for each in public_ids)
