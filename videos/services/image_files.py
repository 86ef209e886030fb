"""The files of new images: written before the transaction that names them, for a store may take its time.

Each is noted first as one that no row names (`DiscardedFile`), and the transaction that names it takes that
note away. So whoever is killed in between leaves nothing behind: the worker that removes what no row names
finds the note once it is due. It cannot take a file that a transaction in flight is about to name:

- a note is due after `DUE_AFTER`, and a row names a file only while there is `MARGIN` left until then. The
  transaction would have to last as long as that: web processes are stopped after a minute;
- `check_storage` leaves files alone that have a note, whatever their age, and until the transaction is over
  everybody else still sees it.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import DatabaseError
from django.utils import timezone

from videos.engine.stored_bytes import discard
from videos.models import DiscardedFile, ReferenceImage
from videos.models.reference_image import new_reference_id

logger = logging.getLogger(__name__)

DUE_AFTER = timedelta(hours=3)
MARGIN = timedelta(hours=2)


class ImageFilesGoneError(OSError):
    """Files were written so long ago, or a row changed so much meanwhile, that the row must not name them."""


@dataclass
class ImageFiles:
    """The files of one image: the id that they are named by, and their names; empty where none was needed."""

    public_id: str = field(default_factory=new_reference_id)
    file: str = ""
    thumbnail: str = ""

    @property
    def names(self) -> list[str]:
        return [name for name in (self.file, self.thumbnail) if name]


class WrittenFiles:
    """What was written to storage, and is to be named by rows."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def write(self, owner_id: int, contents: dict[str, tuple[str, File[Any]]]) -> ImageFiles:
        """Write files of an image, given by column with a name whose suffix counts. Raises `OSError`."""
        files = ImageFiles()
        image = ReferenceImage(owner_id=owner_id, public_id=files.public_id)
        for column, (name, content) in contents.items():
            stored = getattr(image, column)
            wanted = stored.field.generate_filename(image, name)
            discard(wanted, after=DUE_AFTER)
            self._names.append(wanted)
            setattr(files, column, _storage().save(wanted, content))
        return files

    def remove_unnamed(self) -> None:
        """Remove what no row names by now: the notes that are left say so, however the transaction ended."""
        left = DiscardedFile.objects.filter(name__in=self._names)
        for note in left if self._names else ():
            _storage().delete(note.name)
            note.delete()


@contextmanager
def written_files() -> Iterator[WrittenFiles]:
    """Yield what files are written to, outside any transaction; transactions that name them are inside the
    block. What no row names when the block ends is removed.
    """
    written = WrittenFiles()
    try:
        yield written
    finally:
        with suppress(OSError, DatabaseError):  # a worker removes them later
            written.remove_unnamed()


def name_files(names: Iterable[str]) -> None:
    """Note, in the transaction whose row names these files, that they are not to be removed.

    Raises `ImageFilesGoneError` where they may be removed soon.
    """
    wanted = set(names)
    notes = DiscardedFile.objects.filter(name__in=wanted, due_at__gt=timezone.now() + MARGIN)
    if wanted and notes.delete()[0] < len(wanted):
        raise ImageFilesGoneError("The files were written too long ago to be used.")


def _storage() -> Storage:
    return ReferenceImage._meta.get_field("file").storage
