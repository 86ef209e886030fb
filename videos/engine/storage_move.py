"""Moving the files of a studio from one storage to another, while it runs.

The studio itself looks for each file at its new place and then at its former one (`MovingStorage`), so a file
is never out of reach: it is copied, read back, and stays at its former place until somebody says otherwise.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.core.files import File

from contentgen.storage import AtomicFileSystemStorage
from contentgen.storage_interface import FoundFile, StudioStorage
from videos.engine.submission_marks import ORIGINAL
from videos.models import MovedFile
from videos.validation import is_storable

_OTHERS = frozenset({"health"})  # probes
_CHUNK = 200  # rows that are read at a time
_NAME_LIMIT = 255  # characters, as in every column that names a file


class Outcome(StrEnum):
    """What became of a file."""

    COPIED = "copied"
    THERE = "there already"
    GONE = "deleted meanwhile"


class NotMovedError(Exception):
    """A file could not be moved. The text says why; it is still at its former place."""


@dataclass
class Size:
    """How many files there are, and how many bytes."""

    files: int = 0
    total: int = 0


class StorageMove:
    """Files on their way from `source` to `target`. Two that run at once do no harm."""

    def __init__(self, source: StudioStorage, target: StudioStorage) -> None:
        self._source, self._target = source, target
        places = f"{source.describe()}\n{target.describe()}"
        self._move = hashlib.sha256(places.encode()).hexdigest()
        self._rows = MovedFile.objects.filter(move=self._move)

    def measure(self) -> Size:
        """Return what there is at the former place."""
        size = Size()
        for found in self.files():
            size.files += 1
            size.total += found.size
        return size

    def files(self) -> Iterator[FoundFile]:
        """Yield what is to be moved: all whole files but those by which a disk knows itself."""
        for found in self._source.walk(_OTHERS):
            if not found.is_partial and found.name != ORIGINAL:
                yield found

    def is_moved(self, found: FoundFile) -> bool:
        """Whether an earlier run has brought the file over, and it is still there."""
        row = self._rows.filter(name=found.name, byte_count=found.size).first()
        try:
            return row is not None and self._target.size(found.name) == found.size
        except FileNotFoundError:
            return False

    def copy(self, found: FoundFile) -> Outcome:
        """Copy a file and read it back. Raises `NotMovedError`, and `OSError` where a storage fails."""
        if len(found.name) > _NAME_LIMIT or not is_storable(found.name):
            raise NotMovedError("no row can have a file of that name; move it yourself.")
        if self.is_moved(found):
            return Outcome.THERE
        try:
            sha256 = self._source.recorded_sha256(found.name) or _digest(self._source, found.name)
        except FileNotFoundError:
            return Outcome.GONE
        is_new = not self._target.exists(found.name)
        if is_new and not self._save(found.name):
            return Outcome.GONE
        self._compare(found.name, sha256, is_new=is_new)
        if not self._source.exists(found.name):  # the studio deleted it, perhaps before it was here to delete
            self._target.delete(found.name)
            return Outcome.GONE
        values = {"byte_count": found.size, "sha256": sha256}
        MovedFile.objects.update_or_create(move=self._move, name=found.name, defaults=values)
        return Outcome.COPIED if is_new else Outcome.THERE

    def _save(self, name: str) -> bool:
        """Write the file to its new place. Returns False where it is gone by now."""
        try:
            with self._source.open(name) as content:
                saved = self._target.save(name, File(content))
        except FileNotFoundError:
            return False
        if saved != name:  # somebody else has written it at the same moment
            self._target.delete(saved)
        return True

    def _compare(self, name: str, sha256: str, *, is_new: bool) -> None:
        if _digest(self._target, name) == sha256:
            return
        if not is_new:
            raise NotMovedError("there is another file of that name at the new place.")
        self._target.delete(name)
        raise NotMovedError("it was read back differently than it was sent. Start the command again.")

    def moved(self) -> Iterator[MovedFile]:
        """Yield what was brought over and may be removed from its former place."""
        last = 0
        while rows := list(self._rows.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
            last = rows[-1].pk  # before whoever gets it deletes the row
            yield from rows

    def delete_from_source(self, row: MovedFile) -> None:
        """Remove a file from its former place, once the new one says that it has it.

        Raises `NotMovedError`, and `OSError` where a storage fails.
        """
        try:
            found = self._target.recorded_sha256(row.name) or _digest(self._target, row.name)
        except FileNotFoundError:
            found = ""
        # Deleted in the studio since, it is at neither place.
        if found != row.sha256 and self._source.exists(row.name):
            raise NotMovedError("it is not at the new place as it was copied there. Start the move again.")
        self._source.delete(row.name)
        if isinstance(self._source, AtomicFileSystemStorage):
            self._source.remove_empty_folders(row.name)
        row.delete()


def _digest(storage: StudioStorage, name: str) -> str:
    with storage.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
