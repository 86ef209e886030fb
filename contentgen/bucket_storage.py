"""What all storages in an object store have in common, whatever protocol it speaks."""

import errno
import hashlib
import mimetypes
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

from django.core.files import File
from storages.utils import clean_name

from contentgen.remote_file import RemoteFile
from contentgen.storage_address import ObjectStore
from contentgen.storage_interface import Served, StudioStorage

PART = 8 << 20  # bytes; one part is in memory at a time
# Seconds to connect, and without any byte. A store may take long to put the parts of a file together.
PATIENCE, IMPATIENCE = (5.0, 60.0), (2.0, 3.0)
# What a browser may show. A store sends no `nosniff`, so the rest is saved, whatever it claims to be.
_SHOWN = ("video/", "image/png", "image/jpeg", "image/webp", "image/gif", "image/avif")
_OPAQUE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store says of a file: its bytes, when it was written, and the SHA-256 that was noted then."""

    size: int
    modified: datetime
    sha256: str = ""


class BucketStorage(StudioStorage):
    """Files that may be large, in a bucket, with errors and addresses as the studio needs them.

    A file appears under its name when all of it is there. Reading and writing hold some parts of a file in
    memory, never all of it, and nothing on the disk. Classes for a protocol have the methods that raise
    `NotImplementedError` here; those raise `OSError`, and `FileNotFoundError` for what is not there.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        url_seconds: int = 600,
        patience: tuple[float, float] = PATIENCE,
        attempts: int = 3,
        **keys: str,
    ) -> None:
        self.store = store
        self._keys = keys
        self._url_seconds, self._patience, self._attempts = url_seconds, patience, attempts
        self._impatient: Self | None = None

    def _head(self, name: str) -> StoredObject:
        """Ask what the store has under a name."""
        raise NotImplementedError

    def _read_from(self, name: str, position: int, version: str) -> Mapping[str, Any]:
        """Ask for a file from a byte on, as `RemoteFile` does."""
        raise NotImplementedError

    def _upload(self, name: str, content: File[Any], size: int, headers: "Headers") -> None:
        """Send a file in parts of `PART` bytes."""
        raise NotImplementedError

    def _sign(self, name: str, served: Served) -> str:
        """Return an address that works for `_seconds_of` this, and says to serve the file as this."""
        raise NotImplementedError

    @property
    def folder(self) -> Path | None:
        return None

    def describe(self) -> str:
        return str(self.store)

    def impatient(self) -> Self:
        if self._impatient is None:
            options: dict[str, Any] = {**self._keys, "url_seconds": self._url_seconds}
            self._impatient = type(self)(self.store, **options, patience=IMPATIENCE, attempts=1)
        return self._impatient

    def exists(self, name: str) -> bool:
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        return self._head(name).size

    def get_modified_time(self, name: str) -> datetime:
        return self._head(name).modified

    def recorded_sha256(self, name: str) -> str:
        return self._head(name).sha256

    def age_of(self, name: str) -> float | None:
        try:
            return time.time() - self._head(name).modified.timestamp()
        except FileNotFoundError:
            return None

    def _open(self, name: str, mode: str = "rb") -> RemoteFile:
        if mode != "rb":
            raise ValueError("A file of a store is written as a whole.")
        return RemoteFile(name, partial(self._read_from, name))

    def _save(self, name: str, content: File[Any]) -> str:
        name = clean_name(name)
        content.seek(0)
        size, digest = _measure(content)
        content.seek(0)
        try:
            self._upload(name, content, size, Headers(_stored_type(name), {"sha256": digest}))
        except OSError:
            # The reply to the last request may be what was lost: a second one finds nothing to finish.
            if not self._has(name, size, digest):
                raise
        if not self._has(name, size, digest):
            with suppress(OSError):
                self.delete(name)
            raise OSError(errno.EIO, f"the store has not all of its {size} bytes", name)
        return str(name)

    def _has(self, name: str, size: int, sha256: str) -> bool:
        try:
            found = self._head(name)
        except OSError:
            return False
        return found.size == size and found.sha256 == sha256

    def end_partial(self, name: str, target: str, older_than: float) -> bool:
        return False

    def remove_abandoned_files(self) -> None:
        """Nothing: stores that show no unfinished uploads remove them by themselves."""

    def signed_url(self, name: str, served: Served) -> str:
        if not served.content_type.startswith(_SHOWN):
            served = replace(served, content_type=_OPAQUE, disposition=_saved(served.disposition))
        return self._sign(name, served)

    def _seconds_of(self, served: Served) -> int:
        return min(served.seconds or self._url_seconds, self._url_seconds)

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        """Return an address to save the file from. `signed_url` makes those of files that are shown."""
        return self.signed_url(str(name), Served(_OPAQUE, "attachment"))

    def _key(self, name: str) -> str:
        """Return the name in the bucket. Raises `SuspiciousOperation` for one that leads elsewhere."""
        return str(self._normalize_name(clean_name(name)))  # type: ignore[attr-defined]  # django-storages'

    @property
    def _prefix(self) -> str:
        return f"{self.store.prefix}/" if self.store.prefix else ""

    def _name(self, key: str) -> str:
        return key.removeprefix(self._prefix)


@dataclass(frozen=True, slots=True)
class Headers:
    """What is noted with a file: its type, and metadata by name."""

    content_type: str
    metadata: dict[str, str]


def refused(name: str, detail: str) -> OSError:
    """Return the error for a store that knows the key not, or gives it too little permission."""
    sentence = "the store refuses the key: it is wrong, has expired, or may not do this"
    return PermissionError(errno.EACCES, f"{sentence} ({detail})", name)


def missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "there is no such file in the store", name)


def _measure(content: File[Any]) -> tuple[int, str]:
    """Return how many bytes there are, and their SHA-256."""
    size, digest = 0, hashlib.sha256()
    while chunk := content.read(1 << 20):
        data = chunk.encode() if isinstance(chunk, str) else chunk
        size += len(data)
        digest.update(data)
    return size, digest.hexdigest()


def _stored_type(name: str) -> str:
    guessed = mimetypes.guess_type(name)[0] or _OPAQUE
    return guessed if guessed.startswith(_SHOWN) else _OPAQUE


def _saved(disposition: str) -> str:
    """Return the disposition that has a browser save the file, under the same name."""
    _, separator, name = disposition.partition(";")
    return f"attachment{separator}{name}"
