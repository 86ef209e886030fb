"""Reading a folder or a ZIP that somebody made: nothing of it is believed, and every read is bounded."""

import hashlib
import json
import os
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from videos.transfer import layout
from videos.transfer.errors import RowError, TransferError
from videos.validation import is_storable

CHUNK = 1 << 20  # bytes
MAX_FILES = 2_000_000  # in one archive
MAX_DOCUMENT = 1 << 20  # bytes of a document, and of a line of a table
MAX_SUMS = 512 << 20  # bytes of the list of checksums, which has a line for each file

_CLUTTER = ("__MACOSX/", ".Trash", "System Volume Information/", "$RECYCLE.BIN/")
_CLUTTER_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_BROKEN = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Archive(Protocol):
    """Files by their paths, with slashes between folders, composed (NFC)."""

    @property
    def paths(self) -> list[str]:
        """All files, in order."""

    def size(self, path: str) -> int:
        """Return how long the file says it is, in bytes. Raises `RowError` where there is none."""

    def modified(self, path: str) -> float | None:
        """Return when the file was last changed, in Unix seconds, where that is known."""

    def open(self, path: str) -> Any:
        """Return a context manager that yields the file for reading. Raises `RowError`."""


@contextmanager
def open_archive(source: Path) -> Iterator[Archive]:
    """Yield what is in a folder or a ZIP. Raises `TransferError` for anything else, or what is to do harm."""
    try:
        if source.is_dir():
            yield _Folder(source)
            return
        if not zipfile.is_zipfile(source):
            raise TransferError(f"“{source}” is neither a folder nor a ZIP.")
        with zipfile.ZipFile(source) as opened:
            yield _Zip(opened)
    except FileNotFoundError as error:
        raise TransferError(f"There is no “{source}”.") from error
    except zipfile.BadZipFile as error:
        raise TransferError(f"“{source}” is damaged: {error}.") from error


class _Files:
    """What both have in common: a table from clean paths to what they stand for."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    @property
    def paths(self) -> list[str]:
        return list(self._found)

    def _add(self, name: str, value: Any, folded: set[str]) -> None:
        path = _clean_path(name)
        if path is None:
            return
        if len(self._found) >= MAX_FILES:
            raise TransferError(f"It holds more than {MAX_FILES:,} files.")
        if path.casefold() in folded:
            raise TransferError(f"It holds “{path}” twice, where case does not count.")
        folded.add(path.casefold())
        self._found[path] = value

    def _strip_top(self) -> None:
        """Forget the one folder that everything is in, if there is one: packing a folder adds it."""
        tops = {path.partition("/")[0] for path in self._found}
        if len(tops) == 1 and layout.MANIFEST not in self._found:
            prefix = f"{tops.pop()}/"
            if f"{prefix}{layout.MANIFEST}" in self._found:
                self._found = {path.removeprefix(prefix): each for path, each in self._found.items()}

    def _get(self, path: str) -> Any:
        found = self._found.get(unicodedata.normalize("NFC", path))
        if found is None:
            raise RowError(f"{path}: there is no such file.")
        return found


class _Folder(_Files):
    def __init__(self, root: Path) -> None:
        super().__init__()
        folded: set[str] = set()
        for folder, names, files in os.walk(root):
            names.sort()
            for name in sorted(files):
                path = Path(folder, name)
                # A link may lead anywhere; a pipe or a device would be read for ever.
                if stat.S_ISREG(path.lstat().st_mode):
                    self._add(path.relative_to(root).as_posix(), path, folded)
        self._strip_top()

    def size(self, path: str) -> int:
        found: Path = self._get(path)
        return found.stat().st_size

    def modified(self, path: str) -> float | None:
        found: Path = self._get(path)
        return found.stat().st_mtime

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        found: Path = self._get(path)
        try:
            descriptor = os.open(found, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            raise RowError(f"{path}: it cannot be read: {error.strerror}.") from error
        with os.fdopen(descriptor, "rb") as file:
            yield file


class _Zip(_Files):
    def __init__(self, opened: zipfile.ZipFile) -> None:
        super().__init__()
        self._zip = opened
        folded: set[str] = set()
        for entry in opened.infolist():
            if not entry.is_dir():
                _refuse_odd_entry(entry)
                self._add(entry.filename, entry, folded)
        self._strip_top()

    def size(self, path: str) -> int:
        entry: zipfile.ZipInfo = self._get(path)
        return entry.file_size

    def modified(self, path: str) -> float | None:
        return None  # a ZIP says it without a time zone

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        entry: zipfile.ZipInfo = self._get(path)
        try:
            opened = self._zip.open(entry)
        except _BROKEN as error:
            raise RowError(f"{path}: it cannot be read from the ZIP: {error}.") from error
        with opened:
            yield opened


def _refuse_odd_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename[:100]
    if entry.flag_bits & 0x1:
        raise TransferError(f"“{name}” is encrypted. Unpack the ZIP, and import the folder.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise TransferError(f"“{name}” is compressed in a way that is not read here.")
    kind = entry.external_attr >> 16
    if kind and stat.S_IFMT(kind) not in (0, stat.S_IFREG):
        raise TransferError(f"“{name}” is a link or a device, and no file.")


def _clean_path(name: str) -> str | None:
    """Return the path as it is looked up; None for what systems leave behind.

    Raises `TransferError` for a path that would lead outside.
    """
    path = unicodedata.normalize("NFC", name)
    parts = path.split("/")
    is_odd = "\\" in path or ":" in parts[0] or not is_storable(path) or not path.isprintable()
    if is_odd or path.startswith("/") or {"", ".", ".."} & set(parts):
        raise TransferError(f"It holds a file with a path that leads elsewhere: {name[:100]!a}.")
    last = PurePosixPath(path).name
    is_clutter = path.startswith(_CLUTTER) or last in _CLUTTER_NAMES or last.startswith("._")
    return None if is_clutter or last.endswith(layout.PARTIAL) else path


def chunks_of(archive: Archive, path: str, *, limit: int) -> Iterator[bytes]:
    """Yield the bytes of a file. Raises `RowError` where it is longer than `limit`, or damaged."""
    count = 0
    with archive.open(path) as file:
        try:
            for chunk in iter(partial(file.read, CHUNK), b""):
                count += len(chunk)
                if count > limit:
                    raise RowError(f"{path}: it is longer than {limit:,} bytes.")
                yield chunk
        except _BROKEN as error:
            raise RowError(f"{path}: it is damaged: {error}.") from error


def read_bytes(archive: Archive, path: str, *, limit: int = MAX_DOCUMENT) -> bytes:
    """Return all of a short file. Raises `RowError`."""
    return b"".join(chunks_of(archive, path, limit=limit))


def digest_of(archive: Archive, path: str, *, limit: int) -> str:
    """Return the SHA-256 of a file. Raises `RowError`."""
    digest = hashlib.sha256()
    for chunk in chunks_of(archive, path, limit=limit):
        digest.update(chunk)
    return digest.hexdigest()


def digest_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_object(archive: Archive, path: str) -> dict[str, Any]:
    """Return the JSON object that is in a file. Raises `RowError`."""
    return parse_object(read_bytes(archive, path), path)


def read_lines(archive: Archive, path: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a table, line by line. Raises `RowError`."""
    with archive.open(path) as file:
        number = 0
        try:
            while line := file.readline(MAX_DOCUMENT + 1):
                number += 1
                if len(line) > MAX_DOCUMENT:
                    raise RowError(f"{path}, line {number}: it is longer than {MAX_DOCUMENT:,} bytes.")
                if line.strip():
                    yield parse_object(line, f"{path}, line {number}")
        except _BROKEN as error:
            raise RowError(f"{path}: it is damaged: {error}.") from error


def parse_object(content: bytes, place: str) -> dict[str, Any]:
    """Return the JSON object in `content`. Raises `RowError`, which begins with `place`."""
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RowError(f"{place}: it is no JSON that can be read.") from error
    if not isinstance(found, dict):
        raise RowError(f"{place}: it is no JSON object.")
    if not _can_be_stored(found):
        raise RowError(f"{place}: it holds a text or a number that no database can store.")
    return found


def _can_be_stored(document: dict[str, Any]) -> bool:
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif not _is_fit(value):
            return False
    return True


def _is_fit(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return not isinstance(value, str) or is_storable(value)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def read_sums(archive: Archive) -> tuple[dict[str, str], str]:
    """Return the checksums by path, and the checksum of their list. Raises `RowError`."""
    found: dict[str, str] = {}
    digest, rest = hashlib.sha256(), b""
    for chunk in chunks_of(archive, layout.SUMS, limit=MAX_SUMS):
        digest.update(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        found |= dict(_parse_sum(line) for line in lines if line)
    return found, digest.hexdigest()


def _parse_sum(line: bytes) -> tuple[str, str]:
    try:
        sha256, path = line.decode().rstrip("\r").split("  ", 1)
    except ValueError as error:
        raise RowError(f"{layout.SUMS}: a line of it cannot be read.") from error
    return unicodedata.normalize("NFC", path), sha256.lower()
