"""migrate_storage: from disk to a store and back, with nothing lost, and read all the while."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from contentgen.moving_storage import MovingStorage
from contentgen.object_storage import ObjectStorage
from contentgen.storage import AtomicFileSystemStorage
from contentgen.storage_address import ObjectStore, StorageOptions
from contentgen.storage_interface import StudioStorage
from tests.sharing.conftest import CLIP, finished_video
from tests.studio import PROJECT, wait_until
from videos.engine import submission_marks
from videos.engine.storage_move import StorageMove
from videos.models import MovedFile, StudioState, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def disk(media_root: Path) -> AtomicFileSystemStorage:
    return AtomicFileSystemStorage(media_root)


@pytest.fixture
def files(alice: User, media_root: Path) -> dict[str, bytes]:
    """What a studio on a disk has stored, by name."""
    finished_video(alice)
    default_storage.save("references/a/picture.png", ContentFile(b"a picture"))
    submission_marks.keep(StudioState.objects.load().installation, 3)
    submission_marks.storage_identity()
    return _content(AtomicFileSystemStorage(media_root))


@pytest.fixture
def moved_to(settings: Any, options: StorageOptions) -> Callable[..., None]:
    """Restart the studio with its files at another place, and those of the former one."""

    def restart(current: ObjectStore | None, former: ObjectStore | Path | None) -> None:
        settings.STORAGE_URL, settings.STORAGE_FORMER, settings.STORAGE_OPTIONS = current, former, options
        settings.STORAGES = {**settings.STORAGES, "default": options.moving_entry(current, former)}

    return restart


def _content(storage: StudioStorage) -> dict[str, bytes]:
    """Return all that moves, by name."""
    found: dict[str, bytes] = {}
    for each in storage.walk():
        if each.name != submission_marks.ORIGINAL:
            with storage.open(each.name) as file:
                found[each.name] = file.read()
    return found


def test_there_and_back_by_checksum(
    run, files: dict[str, bytes], moved_to, place: ObjectStore, storage: ObjectStorage, media_root: Path, disk
):
    moved_to(place, media_root)
    assert f"{len(files)} are still to be copied" in run("migrate_storage", "--dry-run").out
    assert _content(storage) == {}

    out = run("migrate_storage").out

    assert f"{len(files)} copied, 0 there already" in out
    assert _content(storage) == files
    assert _content(disk) == files  # both have all of it until somebody says otherwise
    run("migrate_storage", "--delete-source", "--yes")
    assert _content(disk) == {}
    assert not MovedFile.objects.exists()
    assert _content(storage) == files

    moved_to(None, place)
    run("migrate_storage", "--delete-source", "--yes")
    assert _content(disk) == files
    assert _content(storage) == {}


def test_pages_read_what_is_not_moved_yet_and_new_videos_go_to_the_new_place(
    run, as_alice: Client, alice: User, files, moved_to, place: ObjectStore, storage, disk, media_root: Path
):
    old = Video.objects.get()
    moved_to(place, media_root)
    new = finished_video(alice)

    path = reverse("videos:file", args=[old.public_id])
    assert b"".join(as_alice.get(path).streaming_content) == CLIP
    assert as_alice.get(reverse("videos:file", args=[new.public_id])).status_code == 302
    assert storage.exists(str(new.file.name))
    assert not disk.exists(str(new.file.name))
    assert submission_marks.latest(StudioState.objects.load().installation) == 3

    run("migrate_storage")
    assert as_alice.get(path).status_code == 302
    run("migrate_storage", "--delete-source", "--yes")
    assert {str(old.file.name), str(new.file.name)} <= _content(storage).keys()


def test_what_is_deleted_meanwhile_is_deleted_at_both_places(
    files: dict[str, bytes], moved_to, place: ObjectStore, storage: ObjectStorage, disk, media_root: Path
):
    moved_to(place, media_root)
    name = str(Video.objects.get().file.name)
    StorageMove(disk, storage).copy(next(each for each in disk.walk() if each.name == name))
    assert storage.exists(name)

    default_storage.delete(name)

    assert (disk.exists(name), storage.exists(name)) == (False, False)


def test_what_is_deleted_while_it_is_copied_does_not_come_back(
    files: dict[str, bytes], storage: ObjectStorage, disk, monkeypatch: pytest.MonkeyPatch
):
    save = storage.save

    def delete_midway(name: str, content: Any) -> str:
        saved: str = save(name, content)
        disk.delete(name)
        return saved

    monkeypatch.setattr(storage, "save", delete_midway)
    move = StorageMove(disk, storage)
    assert {str(move.copy(each)) for each in list(move.files())} == {"deleted meanwhile"}
    assert _content(storage) == {}


def test_a_copy_that_is_not_the_same_is_not_kept(
    run,
    ran,
    files: dict[str, bytes],
    moved_to,
    place: ObjectStore,
    storage,
    disk,
    media_root: Path,
    monkeypatch,
):
    moved_to(place, media_root)
    damaged = ObjectStorage._save

    def damage(self: ObjectStorage, name: str, content: Any) -> str:
        changed = ContentFile(b"\0" * content.size) if name.startswith("references/") else content
        return str(damaged(self, name, changed))

    monkeypatch.setattr(ObjectStorage, "_save", damage)
    with pytest.raises(CommandError, match="1 files could not be moved, and nothing was deleted"):
        run("migrate_storage", "--delete-source", "--yes")

    assert "references/a/picture.png: it was read back differently" in ran.err
    assert "references/a/picture.png" not in _content(storage)
    assert _content(disk) == files


def test_another_file_at_the_new_place_is_not_overwritten(
    run, ran, files: dict[str, bytes], moved_to, place: ObjectStore, storage: ObjectStorage, media_root: Path
):
    storage.save("references/a/picture.png", ContentFile(b"of another studio"))
    moved_to(place, media_root)
    with pytest.raises(CommandError, match="1 files could not be moved"):
        run("migrate_storage")
    assert "another file of that name" in ran.err
    assert _content(storage)["references/a/picture.png"] == b"of another studio"


def test_the_source_of_a_studio_that_has_not_moved_is_not_deleted(
    run, files: dict[str, bytes], settings, options, place: ObjectStore, disk
):
    settings.STORAGE_OPTIONS = options
    url = f"s3://{place.bucket}/{place.prefix}?endpoint={place.endpoint}&region={place.region}"
    run("migrate_storage", "disk", url)  # ahead of the restart
    with pytest.raises(CommandError, match="set STORAGE_URL first"):
        run("migrate_storage", "disk", url, "--delete-source", "--yes")
    assert _content(disk) == files


def test_a_store_that_is_away_ends_the_command(run, files, moved_to, media_root: Path):
    moved_to(ObjectStore("bucket", endpoint="http://127.0.0.1:1", addressing="path"), media_root)
    with pytest.raises(CommandError, match="A storage seems to be away"):
        run("migrate_storage")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["disk", "s3://x"], "with the name of a bucket"),
        (["disk"], "Say where to"),
        (["disk", "disk"], "The two places are one"),
        (["/no/such/folder", "disk"], "no folder"),
        ([], "set STORAGE_FORMER"),
    ],
)
def test_it_says_what_is_wrong_with_its_places(run, media_root: Path, arguments: list[str], told: str):
    with pytest.raises(CommandError, match=told):
        run("migrate_storage", *arguments)


def test_a_studio_on_the_move_lists_both_places(
    moved_to, place: ObjectStore, storage, disk, media_root: Path
):
    moved_to(place, media_root)
    assert isinstance(default_storage, MovingStorage)
    disk.save("videos/1/a.mp4", ContentFile(b"old"))
    storage.save("videos/1/b.mp4", ContentFile(b"new"))
    assert default_storage.listdir("videos/1") == ([], ["a.mp4", "b.mp4"])
    assert default_storage.exists("videos/1/a.mp4")
    # A name that the former place has is taken: neither file may hide the other.
    assert default_storage.save("videos/1/a.mp4", ContentFile(b"newer")) != "videos/1/a.mp4"


@pytest.mark.slow
def test_a_command_that_is_killed_goes_on_where_it_was(
    new_data_dir: Callable[[Path], Path], place: ObjectStore, storage: ObjectStorage, tmp_path: Path
):
    data = new_data_dir(tmp_path / "data")
    disk = AtomicFileSystemStorage(data / "media")
    for number in range(60):
        disk.save(f"videos/1/{number:03}/video.mp4", ContentFile(os.urandom(200_000)))
    files = _content(disk)

    first = _command(place, data, "migrate_storage")
    with first:
        wait_until(lambda: len(list(storage.walk())) > 5)
        first.send_signal(signal.SIGKILL)
    assert 0 < len(_content(storage)) < len(files)

    out, _ = _command(place, data, "migrate_storage", "--delete-source", "--yes").communicate(timeout=240)

    assert "60 files were removed from their former place" in out
    assert _content(storage) == files
    assert _content(disk) == {}


def _command(place: ObjectStore, data: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "DJANGO_"))}
    environment |= {
        "ENV_FILE": "",
        "DATA_DIR": str(data),
        "DATABASE_URL": "",
        "STORAGE_URL": f"s3://{place.bucket}/{place.prefix}?endpoint={place.endpoint}&region={place.region}",
        "STORAGE_FORMER": str(data / "media"),
        "STORAGE_KEY_ID": "a-key",
        "STORAGE_SECRET_KEY": "a-secret-of-the-store",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
