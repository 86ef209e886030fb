"""Files in an object store: whole or not there, read as far as they are asked for, and bounded in memory."""

import errno
import hashlib
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile

from contentgen.object_storage import ObjectStorage
from contentgen.remote_file import RemoteFile
from contentgen.storage_address import ObjectStore
from contentgen.storage_interface import Served

LARGE = bytes(range(256)) * (36 << 10)  # 9 MiB: two parts


def test_what_is_stored_is_read_again(storage: ObjectStorage, s3, place: ObjectStore, keys_of):
    assert storage.save("videos/1/a/video.mp4", ContentFile(LARGE)) == "videos/1/a/video.mp4"

    assert keys_of() == ["team/studio/videos/1/a/video.mp4"]
    assert storage.size("videos/1/a/video.mp4") == len(LARGE)
    found = s3.head_object(Bucket=place.bucket, Key="team/studio/videos/1/a/video.mp4")
    assert found["ETag"].endswith('-2"')  # it went in two parts
    assert found["ContentType"] == "video/mp4"
    assert storage.recorded_sha256("videos/1/a/video.mp4") == hashlib.sha256(LARGE).hexdigest()
    with storage.open("videos/1/a/video.mp4") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == hashlib.sha256(LARGE).hexdigest()


def test_a_name_that_is_taken_is_not_overwritten(storage: ObjectStorage):
    first, second = (storage.save("b.txt", ContentFile(content)) for content in (b"one", b"two"))

    assert first != second
    assert [storage.open(name).read() for name in (first, second)] == [b"one", b"two"]


def test_a_part_is_read_and_a_file_can_be_opened_again(storage: ObjectStorage):
    storage.save("a.bin", ContentFile(LARGE))
    file = storage.open("a.bin")
    file.seek(7_000_000)
    assert file.read(4) == LARGE[7_000_000:7_000_004]
    file.seek(-3, io.SEEK_END)
    assert file.read() == LARGE[-3:]
    file.close()
    with file.open() as again:
        assert again.read(2) == LARGE[:2]


def test_it_is_listed_walked_moved_and_deleted(storage: ObjectStorage, keys_of):
    for name in ("videos/1/a.mp4", "videos/1/b/c.jpg", "health/probe"):
        storage.save(name, ContentFile(b"123"))

    assert storage.listdir("videos/1") == (["b"], ["a.mp4"])
    assert storage.listdir("nothing") == ([], [])
    assert [(each.name, each.size) for each in storage.walk(frozenset({"health"}))] == [
        ("videos/1/a.mp4", 3),
        ("videos/1/b/c.jpg", 3),
    ]
    storage.move("videos/1/a.mp4", "quarantine/a.mp4")
    storage.delete("videos/1/b/c.jpg")
    storage.delete("videos/1/b/c.jpg")  # deleting what is not there is no error
    assert keys_of() == ["team/studio/health/probe", "team/studio/quarantine/a.mp4"]


def test_a_file_that_is_not_there_is_no_failure_of_the_store(storage: ObjectStorage):
    assert not storage.exists("a.mp4")
    assert storage.age_of("a.mp4") is None
    for ask in (storage.open, storage.size, storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask("a.mp4")


@pytest.mark.parametrize("name", ["../other/a.mp4", "videos/../../../a.mp4", "/etc/passwd"])
def test_no_name_leads_out_of_the_folder(storage: ObjectStorage, keys_of, name: str):
    with pytest.raises(SuspiciousFileOperation):
        storage.save(name, ContentFile(b"123"))
    assert keys_of() == []


class FailingFile(ContentFile):
    """Fails midway when it is sent, as a disk that breaks would; measuring it went well."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._rounds = 0

    def read(self, *args: int) -> bytes:
        if self.tell() == 0:
            self._rounds += 1
        if self._rounds > 1 and self.tell() >= 8 << 20:
            raise OSError(errno.EIO, "the disk broke")
        data: bytes = self.file.read(*args)
        return data


def test_what_failed_midway_is_never_seen_and_leaves_nothing(storage: ObjectStorage, s3, place, keys_of):
    with pytest.raises(OSError, match="the disk broke"):
        storage.save("a.mp4", FailingFile(LARGE))

    assert not storage.exists("a.mp4")
    assert keys_of() == []
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=place.bucket)


def test_a_file_whose_last_reply_was_lost_is_stored(storage: ObjectStorage, monkeypatch):
    client = storage._client()
    complete = client.upload_fileobj

    def lose_the_reply(*args: Any, **options: Any) -> None:
        complete(*args, **options)
        raise ReadTimeoutError(endpoint_url="http://store")

    monkeypatch.setattr(client, "upload_fileobj", lose_the_reply)
    assert storage.save("a.bin", ContentFile(LARGE)) == "a.bin"


def test_a_file_that_is_not_all_there_is_not_kept(storage: ObjectStorage, monkeypatch, keys_of):
    monkeypatch.setattr(storage, "_has", lambda *told: False)
    with pytest.raises(OSError, match="not all of its 3 bytes"):
        storage.save("a.bin", ContentFile(b"123"))
    assert keys_of() == []


def test_what_a_killed_worker_began_is_found_and_taken_away(storage: ObjectStorage, s3, place: ObjectStore):
    s3.create_multipart_upload(Bucket=place.bucket, Key="team/studio/videos/1/a.mp4")
    s3.create_multipart_upload(Bucket=place.bucket, Key="another-studio/a.mp4")

    (found,) = storage.walk()
    assert (found.name, found.is_partial) == ("videos/1/a.mp4", True)
    storage.remove_abandoned_files()

    left = s3.list_multipart_uploads(Bucket=place.bucket)["Uploads"]
    assert [each["Key"] for each in left] == ["another-studio/a.mp4"]


def test_a_store_that_is_away_is_an_os_error_in_bounded_time(storage: ObjectStorage):
    away = ObjectStore("bucket", endpoint="http://127.0.0.1:1", addressing="path")
    gone = ObjectStore("no-such-bucket", endpoint=storage.store.endpoint, addressing="path")
    for each in (away, gone):
        other = ObjectStorage(each, access_key="a-key", secret_key="a-secret-of-the-store").impatient()
        with pytest.raises(OSError, match=r"Could not connect|NoSuchBucket"):
            other.listdir("a")
        with pytest.raises(OSError, match=r"Could not connect|NoSuchBucket"):
            other.save("a", ContentFile(b"1"))


class _Broken:
    """A body whose connection breaks off after some bytes."""

    def __init__(self, content: bytes, after: int) -> None:
        self._file, self._after = io.BytesIO(content), after

    def read(self, count: int) -> bytes:
        if self._file.tell() >= self._after:
            raise ReadTimeoutError(endpoint_url="http://store")
        return self._file.read(min(count, self._after))

    def close(self) -> None:
        """Nothing is open."""


def test_a_connection_that_breaks_off_is_taken_up_where_it_was():
    asked: list[tuple[int, str]] = []

    def ask(position: int, etag: str) -> dict[str, Any]:
        asked.append((position, etag))
        body = _Broken(LARGE[position:], 4 << 20)
        return {"ContentLength": len(LARGE), "ETag": '"one"', "Body": body}

    assert RemoteFile("a.mp4", ask).read() == LARGE
    assert asked == [(0, ""), (4 << 20, '"one"'), (8 << 20, '"one"')]


def test_a_connection_that_never_brings_anything_is_given_up():
    body = _Broken(LARGE, 0)
    file = RemoteFile("a.mp4", lambda *_: {"ContentLength": 5, "ETag": "", "Body": body})
    with pytest.raises(OSError, match="broke off"):
        file.read()


def test_a_file_that_was_replaced_meanwhile_is_not_two_files_in_one(storage: ObjectStorage):
    storage.save("a.bin", ContentFile(LARGE))
    with storage.open("a.bin") as file:
        file.read(10)
        storage.delete("a.bin")
        storage.save("a.bin", ContentFile(LARGE[::-1]))
        file.seek(7_000_000)
        with pytest.raises(OSError, match="PreconditionFailed"):
            file.read(10)


def test_an_address_says_how_the_file_is_served_and_for_how_long(storage: ObjectStorage):
    url = storage.signed_url("a b.mp4", Served("video/mp4", 'inline; filename="é.mp4"', "private"))

    assert url.startswith(f"{storage.store.endpoint}/{storage.store.bucket}/team/studio/a%20b.mp4?")
    assert "X-Amz-Expires=600&" in url
    assert "response-content-type=video%2Fmp4" in url
    assert "a-secret-of-the-store" not in url


@pytest.mark.parametrize("claimed", ["text/html", "image/svg+xml", "application/xhtml+xml"])
def test_nothing_that_could_run_is_shown(storage: ObjectStorage, claimed: str):
    url = storage.signed_url("a.html", Served(claimed, 'inline; filename="a.html"'))
    assert "response-content-type=application%2Foctet-stream" in url
    assert "response-content-disposition=attachment%3B%20filename" in url


def test_browsers_are_sent_to_the_address_that_the_store_has_outside():
    store = ObjectStore("bucket", endpoint="http://minio:9000", public_endpoint="https://files.example.org")
    url = ObjectStorage(store, access_key="a", secret_key="b").signed_url("a.mp4", Served("video/mp4"))
    assert url.startswith("https://bucket.files.example.org/a.mp4?")
    assert store.origins == ["https://bucket.files.example.org"]


STORE_A_LARGE_FILE = """
import resource, sys, django
django.setup()
from django.core.files import File
from django.core.files.base import ContentFile
from contentgen.object_storage import ObjectStorage
from contentgen.storage_address import object_store

storage = ObjectStorage(object_store(sys.argv[1]), access_key="a-key", secret_key="a-secret-of-the-store")
storage.save("small.bin", ContentFile(b"1"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[2], "rb") as file:
    storage.save("large.bin", File(file))
with storage.open("large.bin") as file:
    while file.read(1 << 20):
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(place: ObjectStore, tmp_path: Path):
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(96 << 20)
    url = f"s3://{place.bucket}/?endpoint={place.endpoint}"

    done = subprocess.run(
        [sys.executable, "-c", STORE_A_LARGE_FILE, url, str(path)], capture_output=True, text=True, check=True
    )

    assert int(done.stdout) < 32 << 10  # KiB; 32 MiB
