"""A server that speaks the protocol of S3 and checks signatures, and a studio that keeps its files there."""

import uuid
from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest
from django.core.files.storage import default_storage

from contentgen.object_storage import ObjectStorage
from contentgen.storage_address import ObjectStore, StorageOptions
from tests.commands.conftest import ran as ran  # fixtures here too
from tests.commands.conftest import run as run
from tests.engine.conftest import backend as backend
from tests.engine.conftest import fake as fake
from tests.engine.conftest import sample_video as sample_video
from tests.sharing.conftest import share as share
from tests.sharing.conftest import visitor as visitor
from tests.storage import server
from tests.storage.signatures import SignatureCheck

KEYS = {"aws_access_key_id": server.KEY_ID, "aws_secret_access_key": server.SECRET}


@pytest.fixture(scope="session")
def signature_check() -> SignatureCheck:
    """What every request to the server has to pass."""
    return server.new_check()


@pytest.fixture(scope="session")
def endpoint(signature_check: SignatureCheck) -> Iterator[str]:
    """The address of the server, which all tests of this process share."""
    serving, thread = server.start(signature_check)
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.fixture(scope="session")
def s3(endpoint: str) -> Any:
    """boto3 itself, to see what is really there."""
    return boto3.client("s3", endpoint_url=endpoint, region_name="eu-central-1", **KEYS)


@pytest.fixture
def place(endpoint: str, s3: Any) -> ObjectStore:
    """A folder in a bucket of its own."""
    bucket = f"bucket-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return ObjectStore(bucket, "team/studio", endpoint=endpoint, region="eu-central-1", addressing="path")


@pytest.fixture
def options() -> StorageOptions:
    return StorageOptions("a-key", "a-secret-of-the-store", 600, 0o600, 0o700)


@pytest.fixture
def storage(place: ObjectStore, options: StorageOptions) -> ObjectStorage:
    """The storage, before any studio uses it."""
    return ObjectStorage(**options.entry(place)["OPTIONS"])


@pytest.fixture
def studio_storage(settings: Any, place: ObjectStore, options: StorageOptions) -> ObjectStorage:
    """The storage of the studio."""
    settings.STORAGE_URL, settings.STORAGE_OPTIONS = place, options
    settings.STORAGES = {**settings.STORAGES, "default": options.entry(place)}
    return cast(ObjectStorage, default_storage)


@pytest.fixture
def keys_of(s3: Any, place: ObjectStore) -> Any:
    """Return the keys of all objects in the bucket, below the studio's folder and beside it."""

    def keys() -> list[str]:
        found = s3.list_objects_v2(Bucket=place.bucket).get("Contents", [])
        return sorted(each["Key"] for each in found)

    return keys
