"""The files of a storage on a disk: looked at one by one, never listed as a whole."""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import default_storage

from contentgen.storage import PARTIAL_FOLDER
from videos.engine.file_check.finding import Problem

QUARANTINE = "quarantine"  # the folder of storage that holds what was moved away
# What is there without a row: marks of submissions, probes of health checks.
_OTHERS = frozenset({"studio", "health", QUARANTINE})


class NotOnDiskError(Exception):
    """Storage is not on a disk, so its files cannot be walked through."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, by its name in storage, and for how many seconds it has been as it is."""

    name: str
    age: float

    @property
    def is_partial(self) -> bool:
        return self.name.startswith(f"{PARTIAL_FOLDER}/")


def root() -> Path:
    """Return the folder of storage. Raises `NotOnDiskError`."""
    location = getattr(default_storage, "location", None)
    if location is None:
        raise NotOnDiskError("Only a storage on a disk can be walked through.")
    return Path(location)


def walk(older_than: timedelta) -> Iterator[FoundFile]:
    """Yield the files that have been as they are for longer than that. Links are left alone."""
    for entry in _entries(root(), is_top=True):
        age = age_of(Path(entry.path))
        if age is not None and age > older_than.total_seconds():
            yield FoundFile(os.path.relpath(entry.path, root()), age)


def age_of(path: Path) -> float | None:
    """Return the seconds since the file or what is known of it changed; None where there is none.

    A file that was put back from a backup keeps its time of writing, and is young all the same.
    """
    try:
        found = path.lstat()
    except OSError:
        return None
    return time.time() - max(found.st_mtime, found.st_ctime)


def look_at(name: str, byte_count: int | None, sha256: str, *, deep: bool) -> Problem | None:
    """Return what is wrong with the file that a row names. `deep` reads all of it."""
    path = root() / name
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return Problem.MISSING
    except OSError:
        return Problem.UNREADABLE
    if size == 0:
        return Problem.EMPTY
    if byte_count is not None and size != byte_count:
        return Problem.WRONG_SIZE
    if not os.access(path, os.R_OK):
        return Problem.UNREADABLE
    return _read(path, sha256) if deep else None


def _read(path: Path, sha256: str) -> Problem | None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return Problem.MISSING
    except OSError:
        return Problem.UNREADABLE
    return Problem.WRONG_CHECKSUM if sha256 and digest != sha256 else None


def _entries(folder: Path, *, is_top: bool = False) -> Iterator[os.DirEntry[str]]:
    """Yield the files below the folder. One that is removed meanwhile, or may not be read, is passed over."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not (is_top and entry.name in _OTHERS):
                        yield from _entries(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield entry
    except OSError:
        return
