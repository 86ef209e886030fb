"""Google's and Azure's stores hold what S3's do: `test_object_storage` says it of that one.

Google's server checks no signatures; Azure's does.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from django.core.exceptions import SuspiciousFileOperation, SuspiciousOperation
from django.core.files.base import ContentFile

from contentgen.bucket_storage import BucketStorage
from contentgen.storage_address import ObjectStore, StorageOptions, object_store
from contentgen.storage_interface import Served, StudioStorage
from tests.doctor.conftest import diagnose as diagnose  # a fixture here too
from tests.storage import servers
from tests.storage.test_object_storage import LARGE, FailingFile
from videos.doctor.storage import check_storage
from videos.engine.storage_move import Outcome, StorageMove

KINDS = ["gs", pytest.param("azure", marks=pytest.mark.drill)]


@pytest.fixture(scope="module", params=KINDS)
def other_endpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared_folder: Path
) -> Iterator[tuple[str, str]]:
    """A kind of store, and the address of a server of it."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "gs":
            with servers.google(folder, patch) as endpoint:
                yield "gs", endpoint
        else:
            with servers.azurite(shared_folder, folder, patch) as endpoint:
                yield "azure", endpoint


@pytest.fixture
def other_place(other_endpoint: tuple[str, str]) -> ObjectStore:
    kind, endpoint = other_endpoint
    return servers.new_google_bucket(endpoint) if kind == "gs" else servers.new_azure_container(endpoint)


@pytest.fixture
def store(other_place: ObjectStore, options: StorageOptions) -> BucketStorage:
    return opened(other_place, options)


def opened(place: ObjectStore, options: StorageOptions) -> Any:
    from django.core.files.storage import storages

    return storages.create_storage(options.entry(place))


def names_in(storage: StudioStorage) -> list[str]:
    return sorted(each.name for each in storage.walk())


def test_what_is_stored_in_parts_is_read_again_whole_and_in_pieces(store: BucketStorage):
    assert store.save("videos/1/a/video.mp4", ContentFile(LARGE)) == "videos/1/a/video.mp4"

    assert store.size("videos/1/a/video.mp4") == len(LARGE)
    assert len(store.recorded_sha256("videos/1/a/video.mp4")) == 64
    assert 0 <= (store.age_of("videos/1/a/video.mp4") or 0) < 60
    with store.open("videos/1/a/video.mp4") as file:
        assert file.read() == LARGE
        file.seek(7_000_000)
        assert file.read(4) == LARGE[7_000_000:7_000_004]
        file.seek(-3, io.SEEK_END)
        assert file.read() == LARGE[-3:]


def test_a_name_that_is_taken_is_not_overwritten(store: BucketStorage):
    first, second = (store.save("b.txt", ContentFile(content)) for content in (b"one", b"two"))

    assert first != second
    assert [store.open(name).read() for name in (first, second)] == [b"one", b"two"]


def test_it_is_listed_walked_moved_and_deleted(store: BucketStorage):
    for name in ("videos/1/a.mp4", "videos/1/b/c.jpg", "health/probe"):
        store.save(name, ContentFile(b"123"))

    assert store.listdir("videos/1") == (["b"], ["a.mp4"])
    assert store.listdir("nothing") == ([], [])
    found = [(each.name, each.size) for each in store.walk(frozenset({"health"}))]
    assert found == [("videos/1/a.mp4", 3), ("videos/1/b/c.jpg", 3)]
    store.move("videos/1/a.mp4", "quarantine/a.mp4")
    store.delete("videos/1/b/c.jpg")
    store.delete("videos/1/b/c.jpg")
    assert names_in(store) == ["health/probe", "quarantine/a.mp4"]
    assert store.recorded_sha256("quarantine/a.mp4")


def test_what_is_not_there_is_no_failure_of_the_store(store: BucketStorage, options: StorageOptions):
    assert not store.exists("a.mp4")
    assert store.age_of("a.mp4") is None
    for ask in (store.open, store.size, store.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask("a.mp4")


def test_no_name_leads_out_of_the_folder(store: BucketStorage):
    for name in ("../other/a.mp4", "videos/../../../a.mp4", "/etc/passwd"):
        with pytest.raises((SuspiciousFileOperation, SuspiciousOperation)):
            store.save(name, ContentFile(b"123"))
    assert names_in(store) == []


def test_what_failed_midway_is_never_seen(store: BucketStorage):
    with pytest.raises(OSError, match="the disk broke"):
        store.save("a.mp4", FailingFile(LARGE))

    assert names_in(store) == []


def test_a_file_that_was_replaced_meanwhile_is_not_two_files_in_one(store: BucketStorage):
    if store.store.scheme == "gs":
        pytest.skip("the server does not compare generations when a file is read")
    store.save("a.bin", ContentFile(LARGE))
    with store.open("a.bin") as file:
        file.read(10)
        store.delete("a.bin")
        store.save("a.bin", ContentFile(LARGE[::-1]))
        file.seek(7_000_000)
        with pytest.raises(OSError):
            file.read(10)


def test_a_store_that_is_away_is_an_os_error_in_bounded_time(
    other_place: ObjectStore, options: StorageOptions
):
    account = "?account=studioaccount&" if other_place.scheme == "azure" else "?"
    away = object_store(f"{other_place.scheme}://bucket/{account}endpoint=http://127.0.0.1:1")
    with pytest.raises(OSError):
        opened(away, options).impatient().save("a", ContentFile(b"1"))


def _lifetime(url: str) -> float:
    """Return the seconds for which the address works."""
    query = dict(parse_qsl(urlsplit(url).query))
    if "X-Goog-Expires" in query:
        return float(query["X-Goog-Expires"])
    return (datetime.fromisoformat(query["se"]) - datetime.now(UTC)).total_seconds()


def test_an_address_serves_the_file_and_its_parts_and_says_as_what(store: BucketStorage):
    store.save("a b/é.mp4", ContentFile(LARGE))
    url = store.signed_url("a b/é.mp4", Served("video/mp4", 'inline; filename="a b.mp4"', "private"))

    assert url.startswith(store.store.origins[0])
    assert "video/mp4" in unquote(url)
    assert _lifetime(url) == pytest.approx(600, abs=10)
    assert _lifetime(store.signed_url("a", Served("video/mp4", seconds=60))) == pytest.approx(60, abs=10)
    assert httpx.get(url).content == LARGE
    part = httpx.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, LARGE[100:200])
    shown = store.signed_url("a.html", Served("text/html", 'inline; filename="a.html"'))
    assert "octet-stream" in shown
    assert "attachment" in shown


@pytest.mark.drill
def test_azure_refuses_what_was_changed_or_comes_late(
    store: BucketStorage, options: StorageOptions, other_endpoint: tuple[str, str]
):
    if other_endpoint[0] == "gs":
        pytest.skip("the server checks no signatures")
    store.save("a.mp4", ContentFile(b"123"))
    url = store.signed_url("a.mp4", Served("video/mp4", "inline"))
    response = httpx.get(url)
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"] == "inline"
    store._url_seconds = -60
    late = store.signed_url("a.mp4", Served("video/mp4", "inline"))
    for refused in (url.replace("a.mp4?", "b.mp4?"), url.replace("video/mp4", "text/html"), late):
        assert httpx.get(refused).status_code == 403


@pytest.mark.drill
def test_a_wrong_key_of_azure_is_told_in_a_sentence(
    other_place: ObjectStore,
    options: StorageOptions,
    settings: Any,
    diagnose: Any,
    monkeypatch: pytest.MonkeyPatch,
):
    if other_place.scheme == "gs":
        pytest.skip("the server checks no signatures")
    monkeypatch.setenv("AZURE_STORAGE_KEY", "YW5vdGhlciBrZXk=")
    settings.STORAGE_URL = other_place
    settings.STORAGES = {**settings.STORAGES, "default": options.entry(other_place)}

    assert "the store refuses the key" in diagnose(check_storage).of("storage").found


@pytest.mark.django_db
def test_files_move_from_s3_and_on_to_a_disk(
    store: BucketStorage, storage: Any, options: StorageOptions, tmp_path: Path
):
    storage.save("videos/1/a.mp4", ContentFile(LARGE))
    disk = opened(tmp_path / "disk", options)  # type: ignore[arg-type]

    for source, target in ((storage, store), (store, disk)):
        move = StorageMove(source, target)
        assert [move.copy(found) for found in move.files()] == [Outcome.COPIED]

    with disk.open("videos/1/a.mp4") as file:
        assert file.read() == LARGE
