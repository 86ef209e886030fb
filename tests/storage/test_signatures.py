"""What the studio signs holds before a server that checks it, and nothing else does."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.core.files.base import ContentFile

from contentgen.object_storage import ObjectStorage
from contentgen.storage_address import ObjectStore, StorageOptions
from contentgen.storage_interface import Served
from tests.doctor.conftest import diagnose as diagnose  # a fixture here too
from tests.storage.signatures import SignatureCheck
from videos.doctor.storage import check_storage

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def later(signature_check: SignatureCheck) -> Iterator[SignatureCheck]:
    """The server, whose clock a test may set ahead."""
    yield signature_check
    signature_check.ahead = timedelta(0)


@pytest.fixture
def url(storage: ObjectStorage) -> str:
    storage.save("a b/é+~.mp4", ContentFile(CONTENT))
    return storage.signed_url("a b/é+~.mp4", Served("video/mp4", 'inline; filename="a b.mp4"', "private"))


def test_a_signed_address_brings_the_file_and_its_parts(url: str):
    response = httpx.get(url)
    assert response.content == CONTENT
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"] == 'inline; filename="a b.mp4"'
    part = httpx.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, CONTENT[100:200])


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("a%20b", "a%20c"),
        ("response-content-type=video%2Fmp4", "response-content-type=text%2Fhtml"),
        ("X-Amz-Expires=600", "X-Amz-Expires=60000"),
        ("a-key", "another-key"),
    ],
)
def test_an_address_that_was_changed_is_refused(url: str, part: str, other: str):
    assert part in url
    response = httpx.get(url.replace(part, other))
    assert response.status_code == 403
    assert "SignatureDoesNotMatch" in response.text or "InvalidAccessKeyId" in response.text


def test_an_address_is_refused_once_its_time_is_over(url: str, later: SignatureCheck):
    later.ahead = timedelta(seconds=595)
    assert httpx.get(url).status_code == 200
    later.ahead = timedelta(seconds=605)
    response = httpx.get(url)
    assert response.status_code == 403
    assert "expired" in response.text


def test_nothing_is_given_without_a_signature(url: str):
    assert httpx.get(url.partition("?")[0]).status_code == 403


@pytest.mark.parametrize(("key", "secret"), [("a-key", "another-secret"), ("another-key", "a-secret")])
def test_a_wrong_key_is_told_in_a_sentence(
    diagnose: Any, settings: Any, place: ObjectStore, key: str, secret: str
):
    options = StorageOptions(key, secret, 600, 0o600, 0o700)
    settings.STORAGE_URL, settings.STORAGE_OPTIONS = place, options
    settings.STORAGES = {**settings.STORAGES, "default": options.entry(place)}

    finding = diagnose(check_storage).of("storage")

    assert "the store refuses the key: it is wrong, has expired, or may not do this" in finding.found
    assert secret not in finding.found + finding.advice
