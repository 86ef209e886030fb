"""A studio whose files are in an object store: stored, deleted, checked, taken out and brought in."""

import hashlib
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from contentgen import disk_space, health
from contentgen.object_storage import ObjectStorage
from contentgen.storage_address import ObjectStore, StorageOptions
from tests.doctor.conftest import diagnose as diagnose  # a fixture here too
from tests.engine.fake import FakeBackend
from tests.engine.storing import store_again
from tests.engine.storing import video as video
from tests.sharing.conftest import CLIP, finished_video
from videos import lifecycle
from videos.doctor import storage as storage_checks
from videos.doctor.finding import Health
from videos.engine import submission_marks, sweep
from videos.engine.cleanup import clean_up_video
from videos.engine.store import folder_of, store
from videos.models import State, StudioState, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(studio_storage: ObjectStorage, video: Video, fake: FakeBackend, sample_video: bytes) -> Video:
    fake.content = [sample_video]
    store(video.pk)
    video.refresh_from_db()
    return video


@pytest.fixture
def away(settings, options: StorageOptions, place: ObjectStore) -> Callable[[], None]:
    """Let the store be away, as the studio sees it."""

    def leave() -> None:
        nowhere = ObjectStore(place.bucket, endpoint="http://127.0.0.1:1", addressing="path")
        settings.STORAGES = {**settings.STORAGES, "default": options.entry(nowhere)}

    return leave


def test_a_finished_video_is_stored_there_and_nowhere_else(
    stored: Video, keys_of, sample_video: bytes, media_root: Path, settings
):
    assert stored.state == State.COMPLETED
    assert stored.sha256 == hashlib.sha256(sample_video).hexdigest()
    folder = f"team/studio/{folder_of(stored)}/"
    assert [key.removeprefix(folder).partition("/")[2] for key in keys_of()] == [
        "poster.webp",
        "scrub.jpg",
        "video.mp4",
    ]
    assert stored.file.read() == sample_video
    assert not media_root.exists()
    assert not list((settings.DATA_DIR / "tmp").iterdir())


def test_a_store_that_is_away_fails_nothing_and_pays_nothing(
    studio_storage, video: Video, fake: FakeBackend, sample_video: bytes, away: Callable, settings
):
    fake.content = [sample_video]
    back = settings.STORAGES
    away()

    store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code, video.failed_downloads) == (State.STORING, "storage_down", 0)
    settings.STORAGES = back
    store_again(video)
    assert (video.state, video.error_code) == (State.COMPLETED, "")
    assert fake.created == []


def test_a_deleted_video_leaves_nothing(stored: Video, fake: FakeBackend, keys_of):
    lifecycle.delete(stored.pk)
    clean_up_video(stored.pk)
    assert keys_of() == []


def test_check_storage_agrees_and_finds_what_a_crash_left(
    run, ran, stored: Video, studio_storage: ObjectStorage, s3, place: ObjectStore, keys_of, monkeypatch
):
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 7 * 3600)
    assert "1 rows" in run("check_storage", "--deep").out
    orphan = f"{folder_of(stored)}/{'b' * 32}/video.mp4"
    studio_storage.save(orphan, ContentFile(CLIP))
    s3.create_multipart_upload(Bucket=place.bucket, Key=f"team/studio/{folder_of(stored)}/c/video.mp4")
    studio_storage.delete(str(stored.poster.name))

    with pytest.raises(CommandError):
        run("check_storage")
    assert f"{orphan} belongs to no row" in ran.out
    assert "was never finished" in ran.out
    assert f"{stored.poster.name}, the poster of video {stored.public_id}, is missing" in ran.out

    assert "All 3 were mended." in run("check_storage", "--repair", "--yes").out
    assert not studio_storage.exists(orphan)
    assert studio_storage.exists(str(stored.poster.name))
    (quarantined,) = [key for key in keys_of() if "/quarantine/" in key]
    assert quarantined.endswith(f"/{orphan}")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=place.bucket)


def test_damage_is_named(run, ran, stored: Video, studio_storage: ObjectStorage):
    name = str(stored.file.name)
    studio_storage.delete(name)
    studio_storage.save(name, ContentFile(bytes(stored.byte_count or 0)))
    with pytest.raises(CommandError):
        run("check_storage", "--deep", "--only", "rows")
    assert "has another content than was stored" in ran.out


def test_the_sweep_ends_uploads_that_were_not_finished_once_an_hour(studio_storage, s3, place: ObjectStore):
    for _ in range(2):
        s3.create_multipart_upload(Bucket=place.bucket, Key="team/studio/a.mp4")
        sweep._remove_abandoned_files()
    assert len(s3.list_multipart_uploads(Bucket=place.bucket)["Uploads"]) == 1


def test_an_export_and_an_import_go_through_the_store(
    run, stored: Video, fake: FakeBackend, sample_video: bytes, tmp_path: Path, keys_of
):
    owner = stored.owner.username
    run("export_videos", "--all", "--output", tmp_path / "all")
    lifecycle.delete(stored.pk)
    clean_up_video(stored.pk)
    assert keys_of() == []

    run("import_videos", tmp_path / "all", "--owner", owner)

    again = Video.objects.get()
    assert again.file.read() == sample_video
    assert len(keys_of()) == 3


def test_a_zip_is_made_of_what_is_there(as_alice: Client, alice: User, studio_storage: ObjectStorage):
    whole, lost = finished_video(alice), finished_video(alice)
    studio_storage.delete(str(lost.file.name))

    response = as_alice.post(reverse("videos:bulk"), {"do": "zip", "id": [whole.public_id, lost.public_id]})

    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        names = archive.namelist()
        (film,) = [name for name in names if name.endswith(".mp4")]
        assert archive.read(film) == CLIP
        assert lost.public_id in archive.read("missing.txt").decode()


def test_marks_of_submissions_are_kept_there(studio_storage: ObjectStorage):
    installation = StudioState.objects.load().installation
    assert submission_marks.latest(installation) is None
    submission_marks.keep(installation, 7)
    submission_marks.keep(installation, 6)
    assert submission_marks.latest(installation) == 7
    assert submission_marks.storage_identity() == ""


def test_health_says_in_bounded_time_that_the_store_is_away(studio_storage, away: Callable):
    assert health._check_part("storage", health._write_probe) == "ok"  # type: ignore[arg-type]
    away()
    began = time.monotonic()
    assert health._check_part("storage", health._write_probe) == "down"  # type: ignore[arg-type]
    assert time.monotonic() - began < 10


def test_the_doctor_knows_the_store(studio_storage, diagnose, away: Callable, place: ObjectStore, keys_of):
    finding = diagnose(storage_checks.check_storage).of("storage")
    assert (finding.health, f"{place}" in finding.found) == (Health.OK, True)
    assert keys_of() == []
    away()
    finding = diagnose(storage_checks.check_storage).of("storage")
    assert (finding.health, "STORAGE_URL" in finding.advice) == (Health.WRONG, True)


def test_a_store_is_no_disk_of_ours(studio_storage):
    assert [disk.setting for disk in disk_space.disks()] == ["DATA_DIR"]
