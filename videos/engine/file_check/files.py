"""The files of a storage: looked at one by one, never listed as a whole."""

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import default_storage

from contentgen.storage_interface import FoundFile, StudioStorage, as_studio_storage
from videos.engine.file_check.finding import Problem

QUARANTINE = "quarantine"  # the folder of storage that holds what was moved away
# What is there without a row: marks of submissions, probes of health checks.
_OTHERS = frozenset({"studio", "health", QUARANTINE})


class UnknownStorageError(Exception):
    """The files of this kind of storage cannot be walked through."""


def storage() -> StudioStorage:
    """Return the storage. Raises `UnknownStorageError`."""
    ours = as_studio_storage(default_storage)
    if ours is None:
        raise UnknownStorageError("The files of this kind of storage cannot be walked through.")
    return ours


def walk(older_than: timedelta) -> Iterator[FoundFile]:
    """Yield the files that have been as they are for longer than that."""
    for found in storage().walk(_OTHERS):
        if found.age > older_than.total_seconds():
            yield found


def look_at(name: str, byte_count: int | None, sha256: str, *, deep: bool) -> Problem | None:
    """Return what is wrong with the file that a row names. `deep` reads all of it."""
    place = storage().holder_of(name)
    try:
        size = place.size(name)
    except (FileNotFoundError, NotADirectoryError):
        return Problem.MISSING
    except OSError:
        return Problem.UNREADABLE
    if size == 0:
        return Problem.EMPTY
    if byte_count is not None and size != byte_count:
        return Problem.WRONG_SIZE
    if place.folder and not os.access(place.path(name), os.R_OK):
        return Problem.UNREADABLE
    return _read(place, name, sha256) if deep else None


def _read(place: StudioStorage, name: str, sha256: str) -> Problem | None:
    try:
        with place.open(name) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return Problem.MISSING
    except OSError:
        return Problem.UNREADABLE
    return Problem.WRONG_CHECKSUM if sha256 and digest != sha256 else None
