"""Storage in Azure Blob Storage. Needs `requirements-azure.txt`.

The key of the account is AZURE_STORAGE_KEY; without it Azure's library looks for an identity, such as that of
the machine, which then also signs the addresses.
"""

import errno
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobClient,
    BlobPrefix,
    BlobProperties,
    BlobSasPermissions,
    BlobServiceClient,
    ContentSettings,
    generate_blob_sas,
)
from django.core.files import File
from storages.backends.azure_storage import AzureStorage
from storages.utils import ReadBytesWrapper

from contentgen.bucket_storage import PART, BucketStorage, Headers, StoredObject, missing, refused
from contentgen.remote_file import PiecewiseBody
from contentgen.storage_address import ObjectStore
from contentgen.storage_interface import FoundFile, Served

_COPY_POLL = 0.5  # seconds


class AzureBlobStorage(BucketStorage, AzureStorage):  # type: ignore[misc]  # django-storages ships no types
    """django-storages' Azure Blob Storage as `BucketStorage` has it.

    Parts that were sent and never put together are shown to nobody, and Azure forgets them after a week.
    """

    def __init__(self, store: ObjectStore, **options: Any) -> None:
        BucketStorage.__init__(self, store, **options)
        key = os.environ.get("AZURE_STORAGE_KEY")
        AzureStorage.__init__(
            self,
            account_name=store.account,
            account_key=key,
            token_credential=None if key else _identity(),
            azure_container=store.bucket,
            location=store.prefix,
            overwrite_files=False,
        )
        self._endpoint = store.endpoint or store.origins[0]
        self._making = threading.Lock()

    def _get_service_client(self) -> BlobServiceClient:
        key = {"account_name": self.store.account, "account_key": self.account_key}
        return BlobServiceClient(
            self._endpoint,
            credential=key if self.account_key else self.token_credential,
            max_block_size=PART,
            max_single_put_size=PART,
            min_large_block_upload_threshold=PART,  # so that no part of several is held as well
            connection_timeout=self._patience[0],
            read_timeout=self._patience[1],
            retry_total=self._attempts - 1,
        )

    def _blob(self, name: str) -> BlobClient:
        with self._making:
            container = self.client
        blob: BlobClient = container.get_blob_client(self._key(name))
        return blob

    def _head(self, name: str) -> StoredObject:
        return _described(self._properties(name))

    def _properties(self, name: str) -> BlobProperties:
        with _os_errors(name):
            found: BlobProperties = self._blob(name).get_blob_properties()
        return found

    def _read_from(self, name: str, position: int, version: str) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        if not version:
            properties = self._properties(name)
            version = properties.etag
            found = {"ContentLength": properties.size}

        def fetch(start: int, count: int) -> bytes:
            with _os_errors(name):
                stream = self._blob(name).download_blob(start, count, if_match=version)
                data: bytes = stream.readall()
            return data

        return {**found, "ETag": version, "Body": PiecewiseBody(fetch, position)}

    def _upload(self, name: str, content: File[Any], size: int, headers: Headers) -> None:
        with _os_errors(name):
            self._blob(name).upload_blob(
                ReadBytesWrapper(content),
                length=size,
                metadata=headers.metadata,
                content_settings=ContentSettings(content_type=headers.content_type),
                overwrite=False,
            )

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), _os_errors(name):
            self._blob(name).delete_blob()

    def move(self, name: str, target: str) -> None:
        with _os_errors(name):
            copy = self._blob(target)
            copy.start_copy_from_url(self._address(name, Served(""), self._endpoint))
            while (state := copy.get_blob_properties().copy.status) == "pending":
                time.sleep(_COPY_POLL)
        if state != "success":
            raise OSError(errno.EIO, f"the copy ended as {state}", target)
        self.delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folder = f"{self._key(path)}/" if path else self._prefix
        folders: list[str] = []
        files: list[str] = []
        with _os_errors(path):
            for found in self.client.walk_blobs(name_starts_with=folder, delimiter="/"):
                name = found.name.removeprefix(folder).rstrip("/")
                (folders if isinstance(found, BlobPrefix) else files).append(name)
        return folders, files

    def walk(self, skip: frozenset[str] = frozenset()) -> Iterator[FoundFile]:
        now = time.time()
        with _os_errors(self._prefix):
            for blob in self.client.list_blobs(name_starts_with=self._prefix):
                name = self._name(blob.name)
                if name and name.partition("/")[0] not in skip:
                    yield FoundFile(name, now - blob.last_modified.timestamp(), blob.size)

    def _sign(self, name: str, served: Served) -> str:
        with _os_errors(name):
            return self._address(name, served, self.store.public_endpoint or self._endpoint)

    def _address(self, name: str, served: Served, endpoint: str) -> str:
        expiry = datetime.now(UTC) + timedelta(seconds=self._seconds_of(served))
        key = self._key(name)
        signature = generate_blob_sas(
            self.store.account,
            self.store.bucket,
            key,
            account_key=self.account_key,
            user_delegation_key=self.get_user_delegation_key(expiry.replace(tzinfo=None)),
            permission=BlobSasPermissions(read=True),
            expiry=expiry,
            content_type=served.content_type or None,
            content_disposition=served.disposition or None,
            cache_control=served.cache_control or None,
        )
        return f"{endpoint}/{self.store.bucket}/{quote(key)}?{signature}"


def _identity() -> Any:
    # Imports much, and only where there is no key.
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def _described(properties: BlobProperties) -> StoredObject:
    return StoredObject(properties.size, properties.last_modified, properties.metadata.get("sha256", ""))


@contextmanager
def _os_errors(name: str) -> Iterator[None]:
    """Raise what the library does as `OSError`, and `FileNotFoundError` for a file that is not there."""
    try:
        yield
    except ResourceNotFoundError as error:
        if getattr(error, "error_code", "") == "ContainerNotFound":
            raise OSError(errno.EIO, f"ContainerNotFound: {error.reason}", name) from error
        raise missing(name) from error
    except ClientAuthenticationError as error:
        raise refused(name, str(error.message)) from error
    except HttpResponseError as error:
        if error.status_code == 403:
            raise refused(name, str(error.message)) from error
        raise OSError(errno.EIO, f"{error.reason}: {error.message}", name) from error
    except AzureError as error:
        raise OSError(errno.EIO, str(error.message), name) from error
