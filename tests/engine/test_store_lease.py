"""One worker at a time stores a video, and what a killed one left is removed."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage

from tests.engine.fake import FakeBackend
from tests.engine.storing import files_of
from tests.engine.storing import video as video  # a fixture here
from videos import lifecycle
from videos.engine import store as storing
from videos.engine import sweep
from videos.engine.store import folder_of, store
from videos.media.inspect import VideoFacts, inspect_video
from videos.media.sandbox import Budget
from videos.models import State, Video

pytestmark = pytest.mark.django_db


def test_two_workers_do_not_store_it_twice(video: Video, fake: FakeBackend, sample_video: bytes):
    def while_downloading() -> Iterator[bytes]:
        yield sample_video[:100]
        store(video.pk)  # the second message; finds the lease taken
        yield sample_video[100:]

    fake.content = while_downloading()

    store(video.pk)

    video.refresh_from_db()
    assert video.state == State.COMPLETED
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]


def test_a_worker_that_lost_its_lease_leaves_nothing_behind(
    video: Video, fake: FakeBackend, sample_video: bytes
):
    def taken_over() -> Iterator[bytes]:
        yield sample_video
        Video.objects.filter(pk=video.pk).update(lease_token=uuid.uuid4())

    fake.content = taken_over()

    store(video.pk)

    video.refresh_from_db()
    assert video.state == State.STORING
    assert not video.file
    assert files_of(video) == []


def test_a_worker_that_is_asked_to_stop_hands_the_download_back(
    video: Video, fake: FakeBackend, sample_video: bytes
):
    def stopped() -> Iterator[bytes]:
        yield sample_video[:100]
        raise SystemExit

    fake.content = stopped()
    with pytest.raises(SystemExit):
        store(video.pk)
    video.refresh_from_db()
    assert (video.state, video.attempts, video.lease_token) == (State.STORING, 0, None)
    assert files_of(video) == []
    assert list((settings.DATA_DIR / "tmp").iterdir()) == []

    fake.content = iter([sample_video])
    store(video.pk)  # by another worker, without waiting for a lease to run out

    video.refresh_from_db()
    assert video.state == State.COMPLETED


def test_a_canceled_video_is_not_stored(video: Video, fake: FakeBackend, sample_video: bytes):
    def canceled() -> Iterator[bytes]:
        yield sample_video
        lifecycle.cancel(video.pk)

    fake.content = canceled()

    store(video.pk)

    video.refresh_from_db()
    assert video.state == State.CANCELED
    assert not video.file
    assert files_of(video) == []


def test_what_a_killed_attempt_saved_is_removed_by_the_one_that_succeeds(
    video: Video, fake: FakeBackend, sample_video: bytes
):
    left = Path(default_storage.path(f"{folder_of(video)}/{uuid.uuid4().hex}/video.mp4"))
    left.parent.mkdir(parents=True)
    left.write_bytes(sample_video)
    fake.content = [sample_video]

    store(video.pk)

    video.refresh_from_db()
    assert video.state == State.COMPLETED
    assert not left.exists()
    assert Path(video.file.path).read_bytes() == sample_video


def test_its_lease_is_renewed_while_the_file_is_checked(
    video: Video, fake: FakeBackend, sample_video: bytes, monkeypatch: pytest.MonkeyPatch
):
    fake.content = [sample_video]
    renewed = threading.Event()
    leases: list[tuple[int, timedelta]] = []

    def renew(pk: int, token: uuid.UUID, *, lease: timedelta) -> bool:
        leases.append((pk, lease))
        renewed.set()
        return True

    def check(path: Path, poster: Path, sheet: Path, budget: Budget) -> tuple[VideoFacts, None]:
        assert renewed.wait(timeout=10)
        return inspect_video(path, budget), None

    monkeypatch.setattr(storing, "RENEW_EVERY", 0.001)
    monkeypatch.setattr(lifecycle, "renew_lease", renew)
    monkeypatch.setattr(storing, "inspect_with_pictures", check)

    store(video.pk)

    video.refresh_from_db()
    assert video.state == State.COMPLETED
    assert set(leases) == {(video.pk, storing.LEASE)}


def test_a_download_stops_when_its_lease_is_lost(
    video: Video, fake: FakeBackend, sample_video: bytes, monkeypatch: pytest.MonkeyPatch
):
    asked = threading.Event()

    def renew(pk: int, token: uuid.UUID, *, lease: timedelta) -> bool:
        asked.set()
        return False

    def endless() -> Iterator[bytes]:
        yield sample_video
        assert asked.wait(timeout=10)
        for _ in range(100_000):
            yield b"more"
        raise AssertionError("it went on downloading")

    fake.content = endless()
    monkeypatch.setattr(storing, "RENEW_EVERY", 0.001)
    monkeypatch.setattr(lifecycle, "renew_lease", renew)

    store(video.pk)

    video.refresh_from_db()
    assert not video.file
    assert files_of(video) == []


def test_what_a_killed_download_left_is_removed_and_what_a_living_one_needs_is_not(video: Video):
    alive = lifecycle.claim_storing(video.pk, lease=storing.LEASE)
    assert alive is not None
    tmp = settings.DATA_DIR / "tmp"
    left, needed = (tmp / f"lease-{token.hex}-abc" for token in (uuid.uuid4(), alive))
    for folder in (left, needed):
        folder.mkdir(parents=True)
        (folder / "video.mp4").write_bytes(b"half")

    sweep.sweep()

    assert not left.exists()
    assert (needed / "video.mp4").exists()


def test_an_attempt_first_makes_room_of_what_a_killed_one_left(
    video: Video, fake: FakeBackend, sample_video: bytes
):
    left = Path(default_storage.path(f"{folder_of(video)}/{uuid.uuid4().hex}/video.mp4"))
    left.parent.mkdir(parents=True)
    left.write_bytes(sample_video)
    Video.objects.filter(pk=video.pk).update(attempts=1)
    seen: list[bool] = []

    def download() -> Iterator[bytes]:
        seen.append(left.exists())
        yield sample_video

    fake.content = download()

    store(video.pk)

    assert seen == [False]
