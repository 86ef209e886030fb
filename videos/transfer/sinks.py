"""Where an export is written to: a folder, which can be gone on with, or one ZIP, which streams.

A file has its name only when all of it is on the disk.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from django.utils import timezone

from videos.transfer import layout
from videos.transfer.errors import TransferError

CHUNK = 1 << 20  # bytes


@dataclass(frozen=True)
class Written:
    """A file of the export: its path, its length in bytes, and its SHA-256."""

    path: str
    size: int
    sha256: str


class Sink(Protocol):
    def find(self, path: str, size: int, sha256: str) -> Written | None:
        """Return the file if an earlier run has written all of it."""

    def write(self, path: str, chunks: Iterable[bytes]) -> Written:
        """Write a file. What `chunks` raises leaves no file of that name."""

    def free_space(self) -> int:
        """Return how many bytes there is room for, with what an earlier run has written."""

    def sums_digest(self) -> str:
        """Return the SHA-256 of the list of checksums, as it is when all but the manifest is written."""

    def finish(self, manifest: bytes) -> None:
        """Write the list of checksums and the manifest, after which the export is whole."""

    def discard(self) -> None:
        """Leave what is of use for another run, and nothing that looks whole."""


class _Sums:
    """The checksums of all files so far, on the disk: there may be hundreds of thousands."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the sink

    def add(self, written: Written) -> None:
        self._file.write(f"{written.sha256}  {written.path}\n".encode())

    def chunks(self) -> Iterator[bytes]:
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            yield chunk

    def paths(self) -> Iterator[str]:
        self._file.seek(0)
        return (line.decode().rstrip("\n").split("  ", 1)[1] for line in self._file)

    def close(self) -> None:
        self._file.close()


class FolderSink:
    """A folder. One that an earlier run of the same export has left unfinished is gone on with."""

    def __init__(self, folder: Path, scope: bytes) -> None:
        """Raises `TransferError` for a folder that holds anything else."""
        self._folder = folder
        try:
            self._take(scope)
        except OSError as error:
            raise TransferError(f"“{folder}” cannot be written to: {error.strerror}.") from error
        self._sums = _Sums()

    def _take(self, scope: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        marker = self._folder / layout.UNFINISHED
        if (self._folder / layout.MANIFEST).exists():
            raise TransferError(f"“{self._folder}” holds a finished export already. Choose another folder.")
        if marker.exists() and marker.read_bytes() != scope:
            raise TransferError(f"“{self._folder}” holds another export, unfinished. Choose another folder.")
        if not marker.exists() and any(self._folder.iterdir()):
            raise TransferError(f"“{self._folder}” is not empty. Choose another folder.")
        if not marker.exists():
            self._put(layout.UNFINISHED, [scope])

    def find(self, path: str, size: int, sha256: str) -> Written | None:
        target = self._folder / path
        if not sha256 or not target.is_file() or target.stat().st_size != size:
            return None
        digest = hashlib.sha256()
        with target.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != sha256:
            return None
        written = Written(path, size, sha256)
        self._sums.add(written)
        return written

    def write(self, path: str, chunks: Iterable[bytes]) -> Written:
        written = self._put(path, chunks)
        self._sums.add(written)
        return written

    def _put(self, path: str, chunks: Iterable[bytes]) -> Written:
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + layout.PARTIAL)
        try:
            with partial.open("wb") as file:
                size, sha256 = _copy(chunks, file)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        partial.replace(target)
        _sync_folder(target.parent)
        return Written(path, size, sha256)

    def free_space(self) -> int:
        kept = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        return shutil.disk_usage(self._folder).free + kept

    def finish(self, manifest: bytes) -> None:
        self._remove_strays()
        self._put(layout.SUMS, self._sums.chunks())
        self._put(layout.MANIFEST, [manifest])
        (self._folder / layout.UNFINISHED).unlink()
        self._sums.close()

    def _remove_strays(self) -> None:
        """Remove what an earlier run has written of videos that are gone since, and what it left half."""
        kept = {self._folder / path for path in (*self._sums.paths(), layout.UNFINISHED)}
        for path in self._folder.rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink()

    def sums_digest(self) -> str:
        return _digest(self._sums)

    def discard(self) -> None:
        self._sums.close()


class ZipSink:
    """One ZIP (ZIP64), written from beginning to end. Videos are compressed already, and only stored."""

    def __init__(self, target: Path) -> None:
        """Raises `TransferError` where there is a file already, or none can be made."""
        self._target = target
        self._partial = target.with_name(target.name + layout.PARTIAL)
        if target.exists():
            raise TransferError(f"“{target}” is there already. Choose another name.")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._zip = zipfile.ZipFile(self._partial, "w", zipfile.ZIP_STORED, allowZip64=True)
        except OSError as error:
            raise TransferError(f"“{target}” cannot be written: {error.strerror}.") from error
        self._sums = _Sums()

    def find(self, path: str, size: int, sha256: str) -> Written | None:
        return None

    def write(self, path: str, chunks: Iterable[bytes]) -> Written:
        written = self._put(path, chunks)
        self._sums.add(written)
        return written

    def _put(self, path: str, chunks: Iterable[bytes]) -> Written:
        info = zipfile.ZipInfo(path, timezone.localtime().timetuple()[:6])
        info.external_attr = 0o100600 << 16
        if path.endswith((".json", ".jsonl")):
            info.compress_type = zipfile.ZIP_DEFLATED
        first = iter(chunks)
        head = next(first, b"")  # a file that cannot be opened leaves no entry
        try:
            with self._zip.open(info, "w", force_zip64=True) as file:
                size, sha256 = _copy(_with_head(head, first), file)
        except BaseException:
            self._forget(path)
            raise
        return Written(path, size, sha256)

    def _forget(self, path: str) -> None:
        """Leave a file that broke off out of the archive's directory, so that nobody finds it."""
        if (entry := self._zip.NameToInfo.pop(path, None)) is not None:
            self._zip.filelist.remove(entry)

    def free_space(self) -> int:
        return shutil.disk_usage(self._partial.parent).free

    def finish(self, manifest: bytes) -> None:
        self._put(layout.SUMS, self._sums.chunks())
        self._put(layout.MANIFEST, [manifest])
        self._zip.close()
        with self._partial.open("rb+") as file:
            os.fsync(file.fileno())
        self._partial.replace(self._target)
        _sync_folder(self._target.parent)
        self._sums.close()

    def sums_digest(self) -> str:
        return _digest(self._sums)

    def discard(self) -> None:
        with suppress(OSError, ValueError):
            self._zip.close()
        self._partial.unlink(missing_ok=True)
        self._sums.close()


def _digest(sums: _Sums) -> str:
    digest = hashlib.sha256()
    for chunk in sums.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _with_head(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _copy(chunks: Iterable[bytes], file: IO[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Wait until the folder's entries would outlive a power cut, where the filesystem can say so."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
