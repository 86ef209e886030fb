"""Storage in an object store that speaks the protocol of S3."""

import errno
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage
from storages.utils import ReadBytesWrapper

from contentgen.bucket_storage import PART, BucketStorage, Headers, StoredObject, missing, refused
from contentgen.storage import ABANDONED_AFTER
from contentgen.storage_address import ObjectStore
from contentgen.storage_interface import FoundFile, Served

_REFUSALS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken", "403")
_making = threading.Lock()  # of clients: those can be shared by threads, but not made by several at once


class ObjectStorage(BucketStorage, S3Storage):  # type: ignore[misc]  # django-storages ships no types
    """django-storages' S3 as `BucketStorage` has it. Ten thousand parts of a file are 80 GB."""

    def __init__(
        self, store: ObjectStore, *, access_key: str = "", secret_key: str = "", **options: Any
    ) -> None:
        BucketStorage.__init__(self, store, access_key=access_key, secret_key=secret_key, **options)
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": store.addressing},
            connect_timeout=self._patience[0],
            read_timeout=self._patience[1],
            retries={"mode": "standard", "total_max_attempts": self._attempts},
            # The checksums of later SDKs are unknown to many servers that speak the protocol.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        S3Storage.__init__(
            self,
            **(self._keys if access_key else {}),
            bucket_name=store.bucket,
            location=store.prefix,
            endpoint_url=store.endpoint or None,
            region_name=store.region or None,
            file_overwrite=False,
            client_config=config,
            transfer_config=TransferConfig(
                multipart_threshold=PART, multipart_chunksize=PART, use_threads=False
            ),
        )
        self._clients: dict[str, Any] = {}

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _os_errors(path):
            found: tuple[list[str], list[str]] = S3Storage.listdir(self, path)
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

    def _read_from(self, name: str, position: int, version: str) -> Mapping[str, Any]:
        wanted: dict[str, str] = {"IfMatch": version} if version else {}
        if position:
            wanted["Range"] = f"bytes={position}-"
        with _os_errors(name):
            found: Mapping[str, Any] = self._client().get_object(**self._object(name), **wanted)
        return found

    def _upload(self, name: str, content: File[Any], size: int, headers: Headers) -> None:
        reader = ReadBytesWrapper(content)
        reader.close = lambda: None  # s3transfer closes what it was given to read
        extra = {"ContentType": headers.content_type, "Metadata": headers.metadata}
        place = self._object(name)
        with _os_errors(name):
            self._client().upload_fileobj(
                reader, place["Bucket"], place["Key"], ExtraArgs=extra, Config=self.transfer_config
            )

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

    def _sign(self, name: str, served: Served) -> str:
        params = {
            **self._object(name),
            "ResponseContentType": served.content_type,
            "ResponseContentDisposition": served.disposition,
            "ResponseCacheControl": served.cache_control,
        }
        with _os_errors(name):
            url: str = self._client(public=True).generate_presigned_url(
                "get_object",
                Params={key: value for key, value in params.items() if value},
                ExpiresIn=self._seconds_of(served),
            )
        return url

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
        return {"Bucket": self.store.bucket, "Key": self._key(name)}

    def _head(self, name: str) -> StoredObject:
        with _os_errors(name):
            found: Mapping[str, Any] = self._client().head_object(**self._object(name))
        sha256 = found["Metadata"].get("sha256", "")
        return StoredObject(int(found["ContentLength"]), found["LastModified"], sha256)

    def _listed(self, operation: str, what: str) -> Iterator[Mapping[str, Any]]:
        with _os_errors(self._prefix):
            pages = self._client().get_paginator(operation)
            for page in pages.paginate(Bucket=self.store.bucket, Prefix=self._prefix):
                yield from page.get(what, ())


@cache
def _session(access_key: str, secret_key: str) -> Any:
    """Return the session of this process: it keeps the description of the protocol, which is large."""
    return boto3.Session(aws_access_key_id=access_key or None, aws_secret_access_key=secret_key or None)


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
            raise missing(name) from error
        detail = f"{told.get('Code')}: {told.get('Message')}"
        if told.get("Code") in _REFUSALS:
            raise refused(name, detail) from error
        raise OSError(errno.EIO, detail, name) from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(errno.EIO, str(error), name) from error
