"""Storage in Google Cloud Storage. Needs `requirements-gcs.txt`.

Credentials are those that Google's library finds: GOOGLE_APPLICATION_CREDENTIALS, or the service account of
the machine. Without a key of its own, which only a key file has, Google signs each address on request.
"""

import errno
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.files import File
from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized
from google.auth import default as default_credentials
from google.auth.credentials import Signing
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.cloud.storage import Blob, Bucket, Client
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from storages.backends.gcloud import GoogleCloudStorage
from storages.utils import ReadBytesWrapper

from contentgen.bucket_storage import PART, BucketStorage, Headers, StoredObject, missing, refused
from contentgen.remote_file import PiecewiseBody
from contentgen.storage_address import ObjectStore
from contentgen.storage_interface import FoundFile, Served

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_SIGNING_SCOPE = "https://www.googleapis.com/auth/iam"
_RETRY_FOR = 120.0  # seconds


class GoogleStorage(BucketStorage, GoogleCloudStorage):  # type: ignore[misc]  # django-storages ships no types
    """django-storages' Google Cloud Storage as `BucketStorage` has it.

    Unfinished uploads are shown to nobody, and Google forgets them after a week.
    """

    def __init__(self, store: ObjectStore, **options: Any) -> None:
        BucketStorage.__init__(self, store, **options)
        GoogleCloudStorage.__init__(
            self, bucket_name=store.bucket, location=store.prefix, file_overwrite=False
        )
        self._client: Client | None = None
        self._making = threading.Lock()
        retry = DEFAULT_RETRY.with_timeout(_RETRY_FOR) if self._attempts > 1 else None
        self._patiently: dict[str, Any] = {"timeout": self._patience, "retry": retry}

    @cached_property
    def _credentials(self) -> Any:
        found, _ = default_credentials(scopes=[_SCOPE, _SIGNING_SCOPE])
        return found

    @property
    def client(self) -> Client:
        """The client that all threads share."""
        with self._making:
            if self._client is None:
                at = {"api_endpoint": self.store.endpoint} if self.store.endpoint else None
                # No project is asked for: buckets have names of their own.
                self._client = Client("none", credentials=self._credentials, client_options=at)
            return self._client

    def _blob(self, name: str, *, generation: int | None = None) -> Blob:
        bucket: Bucket = self.client.bucket(self.store.bucket)
        return bucket.blob(self._key(name), chunk_size=PART, generation=generation)

    def _head(self, name: str) -> StoredObject:
        return _described(self._reloaded(name))

    def _reloaded(self, name: str) -> Blob:
        with _os_errors(name):
            blob = self._blob(name)
            blob.reload(**self._patiently)
        return blob

    def _read_from(self, name: str, position: int, version: str) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        if not version:
            blob = self._reloaded(name)
            version = str(blob.generation)
            found = {"ContentLength": blob.size}

        def fetch(start: int, count: int) -> bytes:
            with _os_errors(name):
                data: bytes = self._blob(name).download_as_bytes(
                    start=start,
                    end=start + count - 1,
                    if_generation_match=int(version),
                    checksum=None,  # there are none of parts
                    **self._patiently,
                )
            return data

        return {**found, "ETag": version, "Body": PiecewiseBody(fetch, position)}

    def _upload(self, name: str, content: File[Any], size: int, headers: Headers) -> None:
        with _os_errors(name):
            blob = self._blob(name)
            blob.metadata = headers.metadata
            blob.upload_from_file(
                ReadBytesWrapper(content),
                size=size,
                content_type=headers.content_type,
                if_generation_match=0,  # nobody's file is overwritten, and a repeated request changes nothing
                checksum="crc32c",
                **self._patiently,
            )

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), _os_errors(name):
            self._blob(name).delete(**self._patiently)

    def move(self, name: str, target: str) -> None:
        with _os_errors(name):
            source, copy = self._blob(name), self._blob(target)
            token, _, _ = copy.rewrite(source, **self._patiently)
            while token is not None:  # a large file takes several requests
                token, _, _ = copy.rewrite(source, token=token, **self._patiently)
        self.delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _os_errors(path):
            found: tuple[list[str], list[str]] = GoogleCloudStorage.listdir(self, path)
        return found

    def walk(self, skip: frozenset[str] = frozenset()) -> Iterator[FoundFile]:
        now = time.time()
        with _os_errors(self._prefix):
            listed = self.client.list_blobs(self.store.bucket, prefix=self._prefix, **self._patiently)
            for blob in listed:
                name = self._name(blob.name)
                if name and name.partition("/")[0] not in skip and not name.endswith("/"):
                    yield FoundFile(name, now - blob.updated.timestamp(), blob.size)

    def _sign(self, name: str, served: Served) -> str:
        with _os_errors(name):
            url: str = self._blob(name).generate_signed_url(
                version="v4",
                expiration=timedelta(seconds=self._seconds_of(served)),
                api_access_endpoint=self.store.public_endpoint or self.store.endpoint or None,
                response_type=served.content_type,
                response_disposition=served.disposition or None,
                query_parameters={"response-cache-control": served.cache_control}
                if served.cache_control
                else None,
                **self._signer(),
            )
        return url

    def _signer(self) -> dict[str, str]:
        """Return who is asked to sign where the credentials have no key to do so."""
        credentials = self._credentials
        if isinstance(credentials, Signing):
            return {}
        if not credentials.valid:
            credentials.refresh(Request())
        return {
            "service_account_email": credentials.service_account_email,
            "access_token": credentials.token,
        }


def _described(blob: Blob) -> StoredObject:
    return StoredObject(int(blob.size), blob.updated, (blob.metadata or {}).get("sha256", ""))


@contextmanager
def _os_errors(name: str) -> Iterator[None]:
    """Raise what the library does as `OSError`, and `FileNotFoundError` for a file that is not there."""
    try:
        yield
    except NotFound as error:
        if "bucket does not exist" in str(error).lower():
            raise OSError(errno.EIO, str(error), name) from error
        raise missing(name) from error
    except (Unauthorized, Forbidden, GoogleAuthError) as error:
        raise refused(name, str(error)) from error
    except (GoogleAPIError, InvalidResponse, DataCorruption) as error:
        raise OSError(errno.EIO, str(error), name) from error
