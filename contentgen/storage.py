"""Storage on a disk in which a file is there whole or not at all."""

import errno
import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage

from contentgen.storage_interface import FoundFile, Served, StudioStorage

logger = logging.getLogger(__name__)

PARTIAL_FOLDER = ".partial"  # below the root, so that a rename stays within one filesystem
ABANDONED_AFTER = 3 * 3600.0  # seconds; no worker writes to one file for longer than its task may take

_FULL = (errno.ENOSPC, errno.EDQUOT)


class AtomicFileSystemStorage(StudioStorage, FileSystemStorage):
    """Django's storage, but a file appears under its name only when all of it is on the disk.

    It is written to `PARTIAL_FOLDER` first. Where that fails, such as on a full disk, what was written is
    removed before the error is raised; what a killed process left there, by `remove_abandoned_files`.
    """

    def _save(self, name: str, content: File[Any]) -> str:
        partial = f"{PARTIAL_FOLDER}/{uuid.uuid4().hex}"
        path = Path(self.path(partial))
        try:
            super()._save(partial, content)  # type: ignore[misc]  # unknown to django-stubs
            _sync(path)
            # A rename, to a name that is not taken.
            saved: str = super()._save(name, _WrittenFile(path))  # type: ignore[misc]
        except BaseException:
            self._discard(partial)
            raise
        with suppress(OSError):  # some filesystems cannot sync a folder; the file itself is safe
            _sync(Path(self.path(saved)).parent)
        return saved

    def delete(self, name: str) -> None:
        """Delete the file, also on a full disk of a kind that needs free space to delete."""
        try:
            super().delete(name)
        except OSError as error:
            path = Path(self.path(name))
            if error.errno not in _FULL or not path.is_file():
                raise
            os.truncate(path, 0)  # ZFS and btrfs write before they delete; emptying the file makes room
            super().delete(name)

    @property
    def folder(self) -> Path:
        return Path(self.location)

    def describe(self) -> str:
        return str(self.location)

    def walk(self, skip: frozenset[str] = frozenset()) -> Iterator[FoundFile]:
        """Yield the files, one after the other: no folder is listed as a whole. Links are left alone."""
        for entry in _entries(self.folder, skip):
            name = os.path.relpath(entry.path, self.folder)
            with suppress(OSError):  # removed meanwhile
                found = entry.stat(follow_symlinks=False)
                is_partial = name.startswith(f"{PARTIAL_FOLDER}/")
                yield FoundFile(name, _age(found), found.st_size, is_partial)

    def age_of(self, name: str) -> float | None:
        try:
            return _age((self.folder / name).lstat())
        except OSError:
            return None

    def move(self, name: str, target: str) -> None:
        """Rename a file, and remove the folders that this leaves empty."""
        source, destination = self.folder / name, self.folder / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        source.rename(destination)
        self.remove_empty_folders(name)

    def end_partial(self, name: str, target: str, older_than: float) -> bool:
        age = self.age_of(name)
        if age is None or age <= older_than:
            return False
        self.move(name, target)
        return True

    def signed_url(self, name: str, served: Served) -> str:
        raise NotImplementedError("A file on this disk is sent by the studio itself, or by its proxy.")

    def remove_empty_folders(self, name: str) -> None:
        """Remove the folders that a file was in and that hold nothing any more."""
        for folder in (self.folder / name).parents:
            if folder == self.folder:
                break
            try:
                folder.rmdir()
            except OSError:
                break

    def remove_abandoned_files(self) -> None:
        try:
            with os.scandir(self.path(PARTIAL_FOLDER)) as entries:
                old = [e.name for e in entries if time.time() - e.stat().st_mtime > ABANDONED_AFTER]
        except FileNotFoundError:
            return
        for name in old:
            self._discard(f"{PARTIAL_FOLDER}/{name}")

    def _discard(self, partial: str) -> None:
        """Remove what was written so far. A failure is logged: it must not hide why the file is discarded."""
        try:
            self.delete(partial)
        except OSError:
            logger.exception("%s could not be removed from storage", partial)


class _WrittenFile:
    """A file on the disk, which Django's storage moves to its place instead of copying it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def _age(found: os.stat_result) -> float:
    """Return the seconds since the file or what is known of it changed.

    A file that was put back from a backup keeps its time of writing, and is young all the same.
    """
    return time.time() - max(found.st_mtime, found.st_ctime)


def _entries(folder: Path, skip: frozenset[str] = frozenset()) -> Iterator[os.DirEntry[str]]:
    """Yield the files below the folder. One that is removed meanwhile, or may not be read, is passed over."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in skip:
                        yield from _entries(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield entry
    except OSError:
        return


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's entries, would outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
