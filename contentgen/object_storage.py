"""Storage in an object store that speaks the protocol of S3."""

import errno
import hashlib
import mimetypes
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage
from storages.utils import ReadBytesWrapper, clean_name

from contentgen.remote_file import RemoteFile
from contentgen.storage import ABANDONED_AFTER
from contentgen.storage_address import ObjectStore
from contentgen.storage_interface import FoundFile, Served, StudioStorage

_PART = 8 << 20  # bytes; one part is in memory at a time, and ten thousand of them are 80 GB
# Seconds to connect, and without any byte. A store may take long to put the parts of a file together.
_PATIENCE, _IMPATIENCE = (5.0, 60.0), (2.0, 3.0)
# What a browser may show. A store sends no `nosniff`, so the rest is saved, whatever it claims to be.
_SHOWN = ("video/", "image/png", "image/jpeg", "image/webp", "image/gif", "image/avif")
_OPAQUE = "application/octet-stream"
_making = threading.Lock()  # of clients: those can be shared by threads, but not made by several at once


class ObjectStorage(StudioStorage, S3Storage):  # type: ignore[misc]  # django-storages ships no types
    """django-storages' S3 for files that may be large, with errors and addresses as the studio needs them.

    A file appears under its name when all of it is there, as the protocol has it. Reading and writing hold
    some parts of a file in memory, never all of it, and nothing on the disk.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        access_key: str = "",
        secret_key: str = "",
        url_seconds: int = 600,
        patience: tuple[float, float] = _PATIENCE,
        attempts: int = 3,
    ) -> None:
        self.store = store
        self._keys = {"access_key": access_key or None, "secret_key": secret_key or None}
        self._url_seconds = url_seconds
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": store.addressing},
            connect_timeout=patience[0],
            read_timeout=patience[1],
            retries={"mode": "standard", "total_max_attempts": attempts},
            # The checksums of later SDKs are unknown to many servers that speak the protocol.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(
            **(self._keys if access_key else {}),
            bucket_name=store.bucket,
            location=store.prefix,
            endpoint_url=store.endpoint or None,
            region_name=store.region or None,
            file_overwrite=False,
            client_config=config,
            transfer_config=TransferConfig(
                multipart_threshold=_PART, multipart_chunksize=_PART, use_threads=False
            ),
        )
        self._clients: dict[str, Any] = {}
        self._impatient: Self | None = None

    @property
    def folder(self) -> Path | None:
        return None

    def describe(self) -> str:
        return str(self.store)

    def impatient(self) -> Self:
        if self._impatient is None:
            keys = {name: value or "" for name, value in self._keys.items()}
            options: dict[str, Any] = {**keys, "url_seconds": self._url_seconds}
            self._impatient = type(self)(self.store, **options, patience=_IMPATIENCE, attempts=1)
        return self._impatient

    def exists(self, name: str) -> bool:
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        return int(self._head(name)["ContentLength"])

    def get_modified_time(self, name: str) -> Any:
        return self._head(name)["LastModified"]

    def recorded_sha256(self, name: str) -> str:
        return str(self._head(name)["Metadata"].get("sha256", ""))

    def age_of(self, name: str) -> float | None:
        try:
            modified: float = self._head(name)["LastModified"].timestamp()
        except FileNotFoundError:
            return None
        return time.time() - modified

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _os_errors(path):
            found: tuple[list[str], list[str]] = super().listdir(path)
        return found

    def walk(self, skip: frozenset[str] = frozenset()) -> Iterator[FoundFile]:
        now = time.time()
        for entry in self._listed("list_objects_v2", "Contents"):
            name = self._name(entry["Key"])
            if name and name.partition("/")[0] not in skip and not name.endswith("/"):
                yield FoundFile(name, now - entry["LastModified"].timestamp(), entry["Size"])
        for upload in self._unfinished():
            age = now - upload["Initiated"].timestamp()
            yield FoundFile(self._name(upload["Key"]), age, 0, is_partial=True)

    def _open(self, name: str, mode: str = "rb") -> RemoteFile:
        if mode != "rb":
            raise ValueError("A file of a store is written as a whole.")
        return RemoteFile(name, partial(self._read_from, name))

    def _read_from(self, name: str, position: int, etag: str) -> Mapping[str, Any]:
        """Ask for the file from a byte on; of one version alone, where its tag is known."""
        wanted: dict[str, str] = {"IfMatch": etag} if etag else {}
        if position:
            wanted["Range"] = f"bytes={position}-"
        with _os_errors(name):
            found: Mapping[str, Any] = self._client().get_object(**self._object(name), **wanted)
        return found

    def _save(self, name: str, content: File[Any]) -> str:
        name = clean_name(name)
        content.seek(0)
        size, digest = _measure(content)
        content.seek(0)
        reader = ReadBytesWrapper(content)
        reader.close = lambda: None  # s3transfer closes what it was given to read
        extra = {"ContentType": _stored_type(name), "Metadata": {"sha256": digest}}
        place = self._object(name)
        try:
            with _os_errors(name):
                self._client().upload_fileobj(
                    reader, place["Bucket"], place["Key"], ExtraArgs=extra, Config=self.transfer_config
                )
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
        return bool(found["ContentLength"] == size and found["Metadata"].get("sha256") == sha256)

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), _os_errors(name):
            self._client().delete_object(**self._object(name))

    def move(self, name: str, target: str) -> None:
        place = self._object(target)
        with _os_errors(name):
            self._client().copy(
                self._object(name), place["Bucket"], place["Key"], Config=self.transfer_config
            )
        self.delete(name)

    def end_partial(self, name: str, target: str, older_than: float) -> bool:
        key = self._object(name)["Key"]
        return bool(self._abort([each for each in self._unfinished() if each["Key"] == key], older_than))

    def remove_abandoned_files(self) -> None:
        self._abort(list(self._unfinished()), ABANDONED_AFTER)

    def _abort(self, uploads: list[Mapping[str, Any]], older_than: float) -> int:
        old = [each for each in uploads if time.time() - each["Initiated"].timestamp() > older_than]
        for upload in old:
            with suppress(FileNotFoundError), _os_errors(upload["Key"]):
                self._client().abort_multipart_upload(
                    Bucket=self.store.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
        return len(old)

    def _unfinished(self) -> Iterator[Mapping[str, Any]]:
        yield from self._listed("list_multipart_uploads", "Uploads")

    def signed_url(self, name: str, served: Served) -> str:
        is_shown = served.content_type.startswith(_SHOWN)
        params = {
            **self._object(name),
            "ResponseContentType": served.content_type if is_shown else _OPAQUE,
            "ResponseContentDisposition": served.disposition if is_shown else _saved(served.disposition),
            "ResponseCacheControl": served.cache_control,
        }
        with _os_errors(name):
            url: str = self._client(public=True).generate_presigned_url(
                "get_object",
                Params={key: value for key, value in params.items() if value},
                ExpiresIn=self._url_seconds,
            )
        return url

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        """Return an address to save the file from. `signed_url` makes those of files that are shown."""
        return self.signed_url(str(name), Served(_OPAQUE, "attachment"))

    def _client(self, *, public: bool = False) -> Any:
        """Return the client that all threads share; to sign with, that of the public address."""
        endpoint = (self.store.public_endpoint if public else "") or self.store.endpoint
        with _making:
            if endpoint not in self._clients:
                self._clients[endpoint] = _session(**self._keys).client(
                    "s3",
                    region_name=self.store.region or None,
                    endpoint_url=endpoint or None,
                    config=self.client_config,
                )
        return self._clients[endpoint]

    @property
    def connection(self) -> Any:
        """What django-storages lists folders with: nothing but its client."""
        return _Connection(self._client())

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self.store.bucket, "Key": self._normalize_name(clean_name(name))}

    def _head(self, name: str) -> Mapping[str, Any]:
        with _os_errors(name):
            found: Mapping[str, Any] = self._client().head_object(**self._object(name))
        return found

    def _listed(self, operation: str, what: str) -> Iterator[Mapping[str, Any]]:
        prefix = f"{self.store.prefix}/" if self.store.prefix else ""
        with _os_errors(prefix):
            for page in (
                self._client().get_paginator(operation).paginate(Bucket=self.store.bucket, Prefix=prefix)
            ):
                yield from page.get(what, ())

    def _name(self, key: str) -> str:
        return key.removeprefix(f"{self.store.prefix}/") if self.store.prefix else key


@cache
def _session(access_key: str | None, secret_key: str | None) -> Any:
    """Return the session of this process: it keeps the description of the protocol, which is large."""
    return boto3.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key)


class _Connection:
    """What stands for a resource of boto3, which threads could not share."""

    def __init__(self, client: Any) -> None:
        self.meta = self
        self.client = client


@contextmanager
def _os_errors(name: str) -> Iterator[None]:
    """Raise what the library does as `OSError`, and `FileNotFoundError` for an object that is not there."""
    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404 and told.get("Code") != "NoSuchBucket":
            raise FileNotFoundError(errno.ENOENT, "there is no such file in the store", name) from error
        raise OSError(errno.EIO, f"{told.get('Code')}: {told.get('Message')}", name) from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(errno.EIO, str(error), name) from error


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
