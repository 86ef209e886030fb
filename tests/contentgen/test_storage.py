"""A file in storage is there whole or not at all, and what failed takes no room."""

import errno
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from contentgen.storage import ABANDONED_AFTER, PARTIAL_FOLDER, AtomicFileSystemStorage


class FailingFile(ContentFile):
    """Fails midway, as on a disk that is full by then."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield self.file.getvalue()
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def storage(tmp_path: Path) -> AtomicFileSystemStorage:
    return AtomicFileSystemStorage(tmp_path / "storage")


def _files(storage: FileSystemStorage) -> list[Path]:
    return [path for path in Path(storage.location).rglob("*") if path.is_file()]


def test_it_stores_what_it_is_given(storage: AtomicFileSystemStorage):
    assert storage.save("a/b.txt", ContentFile(b"content")) == "a/b.txt"
    assert Path(storage.path("a/b.txt")).read_bytes() == b"content"
    assert _files(storage) == [Path(storage.path("a/b.txt"))]


def test_a_name_that_is_taken_is_not_overwritten(storage: AtomicFileSystemStorage):
    first, second = (storage.save("b.txt", ContentFile(content)) for content in (b"one", b"two"))

    assert first != second
    assert [Path(storage.path(name)).read_bytes() for name in (first, second)] == [b"one", b"two"]


def test_an_uploaded_file_is_moved(storage: AtomicFileSystemStorage, tmp_path: Path):
    path = tmp_path / "upload"
    path.write_bytes(b"content")
    with path.open("rb") as file:
        content = File(file)
        content.temporary_file_path = lambda: str(path)
        storage.save("b.txt", content)

    assert Path(storage.path("b.txt")).read_bytes() == b"content"
    assert not path.exists()


def test_what_failed_midway_is_never_seen_and_leaves_nothing(storage: AtomicFileSystemStorage):
    with pytest.raises(OSError, match="No space left"):
        storage.save("b.txt", FailingFile(b"half"))

    assert not storage.exists("b.txt")
    assert _files(storage) == []


def test_a_write_that_the_system_ends_midway_leaves_nothing(storage: AtomicFileSystemStorage):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            storage.save("b.bin", ContentFile(bytes(1_000_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert _files(storage) == []


def test_it_is_renamed_only_when_it_is_on_the_disk(storage: AtomicFileSystemStorage, monkeypatch):
    seen: list[bool] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        seen.append(storage.exists("b.txt"))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    storage.save("b.txt", ContentFile(b"content"))

    assert seen == [False, True]  # the file, then the folder with its new name


def test_a_full_disk_that_needs_room_to_delete_is_emptied_first(
    storage: AtomicFileSystemStorage, monkeypatch: pytest.MonkeyPatch
):
    remove = os.remove

    def remove_if_empty(path: str) -> None:
        if Path(path).stat().st_size:
            raise OSError(errno.ENOSPC, "No space left on device")
        remove(path)

    monkeypatch.setattr(os, "remove", remove_if_empty)
    name = storage.save("b.txt", ContentFile(b"content"))

    storage.delete(name)
    with pytest.raises(OSError, match="No space left"):
        storage.save("c.txt", FailingFile(b"half"))

    assert _files(storage) == []


def test_the_first_error_is_raised_though_the_rest_cannot_be_removed(
    storage: AtomicFileSystemStorage, monkeypatch: pytest.MonkeyPatch
):
    def refuse(path: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "remove", refuse)

    with pytest.raises(OSError, match="No space left"):
        storage.save("b.txt", FailingFile(b"half"))
    assert not storage.exists("b.txt")


def test_what_a_killed_process_was_writing_is_removed_later(storage: AtomicFileSystemStorage):
    storage.remove_abandoned_files()  # nothing was ever written
    storage.save("b.txt", ContentFile(b"content"))
    old, new = (Path(storage.path(f"{PARTIAL_FOLDER}/{name}")) for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    long_ago = time.time() - ABANDONED_AFTER - 1
    os.utime(old, (long_ago, long_ago))

    storage.remove_abandoned_files()

    assert not old.exists()
    assert new.exists()
    assert storage.exists("b.txt")
