"""The images that the rows of an uploaded batch name: files of a ZIP beside it, or one's own references."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.formats import format_number
from accounts.models import User
from contentgen.stored_texts import translated
from videos.media.reference import BadReferenceError, open_reference
from videos.models import ReferenceImage
from videos.services.batch_check import CheckedBatch, ImageSource
from videos.services.images import Image, NewImage
from videos.services.references import keep_reference
from videos.validation import is_storable

MAX_ENTRIES = 10_000  # files of a ZIP
MAX_NEW_IMAGES = 100  # of one upload: each takes up to half a second to decode

# What Python raises for archives that are broken, encrypted, or packed in a way that it does not know.
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError)


class UploadedImages:
    """The owner's images by name or id, and those of a ZIP by their file names, which count more.

    Names are the same in capitals or not. Nothing of the ZIP is unpacked to disk, and of each file no more is
    read than an image may have.
    """

    def __init__(self, owner: User, archive: BinaryIO | None = None) -> None:
        """Raises `ValidationError` by field (`images`) for a file that is no ZIP, or too large a one."""
        self._owner = owner
        self._zip = _open_zip(archive) if archive else None
        self._entries = _entries(self._zip.infolist()) if self._zip else {}
        self._opened: set[str] = set()

    def open(self, name: str) -> Image:
        """Return the image. Raises `ValueError` with a sentence, as `ImageSource` says."""
        wanted = PurePosixPath(name.replace("\\", "/")).name.casefold()
        if found := self._entries.get(wanted):
            return self._open_entry(found, wanted)
        return self._find_own(name)

    def _open_entry(self, found: list[zipfile.ZipInfo], wanted: str) -> NewImage:
        if len(found) > 1:
            sentence = gettext("the ZIP has %(count)s files called “%(name)s”.")
            raise ValueError(sentence % {"count": len(found), "name": wanted[:80]})
        self._opened.add(wanted)
        if len(self._opened) > MAX_NEW_IMAGES:
            sentence = gettext(
                "a batch can bring at most %(count)s new images. Add others on the page References."
            )
            raise ValueError(sentence % {"count": MAX_NEW_IMAGES})
        try:
            with self._zip.open(found[0]) as file:  # type: ignore[union-attr]  # entries come from it
                content = io.BytesIO(file.read(settings.MAX_FILE_SIZE + 1))
            return NewImage(open_reference(content, max_bytes=settings.MAX_FILE_SIZE), wanted)
        except BadReferenceError as error:
            raise ValueError(f"“{wanted[:80]}”: {translated(str(error))}") from error
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            OSError,
            EOFError,
            ValueError,
        ) as error:
            sentence = gettext("“%(name)s” cannot be unpacked from the ZIP.")
            raise ValueError(sentence % {"name": wanted[:80]}) from error

    def _find_own(self, name: str) -> ReferenceImage:
        if is_storable(name):
            own = ReferenceImage.objects.owned_by(self._owner)
            found = list(own.filter(public_id=name)[:1]) or list(own.filter(name__iexact=name)[:2])
            if len(found) == 1:
                return found[0]
            if found:
                sentence = gettext("several of your references are called “%(name)s”. Give its id instead.")
                raise ValueError(sentence % {"name": name[:80]})
        sentence = (
            gettext("“%(name)s” is neither in the ZIP nor among your references.")
            if self._zip
            else gettext("“%(name)s” is not among your references.")
        )
        raise ValueError(sentence % {"name": name[:80]})


def _open_zip(archive: BinaryIO) -> zipfile.ZipFile:
    try:
        opened = zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise ValidationError({"images": gettext("This file is no ZIP that can be read.")}) from error
    if len(opened.infolist()) > MAX_ENTRIES:
        sentence = gettext("A ZIP of images can hold at most %(count)s files.")
        raise ValidationError({"images": sentence % {"count": format_number(MAX_ENTRIES)}})
    return opened


def _entries(listed: Iterable[zipfile.ZipInfo]) -> dict[str, list[zipfile.ZipInfo]]:
    """Return the files by their names without folders, without what macOS adds."""
    found: dict[str, list[zipfile.ZipInfo]] = {}
    for entry in listed:
        if not entry.is_dir() and not entry.filename.startswith("__MACOSX/"):
            found.setdefault(PurePosixPath(entry.filename).name.casefold(), []).append(entry)
    return found


def keep_images(owner: User, checked: CheckedBatch, source: ImageSource) -> Mapping[str, ReferenceImage]:
    """Keep the images that the rows name among the owner's, and return them by name.

    Raises `ValidationError` by field (`images`) for one that has changed since it was checked.
    """
    kept: dict[str, ReferenceImage] = {}
    for name in checked.digests:
        try:
            image = source.open(name)
        except ValueError as error:
            raise ValidationError({"images": str(error)}) from error
        if isinstance(image, NewImage):
            image = keep_reference(owner, image.content, file_name=image.file_name)
        kept[name] = image
    return kept
