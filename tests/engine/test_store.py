"""A finished video becomes ours once, whole, or not yet; it is never generated again."""

import errno
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.engine.storing import files_of, store_again
from tests.engine.storing import video as video  # a fixture here
from videos.backends.errors import UnavailableError
from videos.backends.responses import Job
from videos.engine import inline_results
from videos.engine import store as storing
from videos.engine.store import folder_of, store
from videos.media import sandbox
from videos.media.errors import DecoderDiedError, DecoderLimitError
from videos.media.inspect import NotAVideoError, inspect_video
from videos.models import State, Video

pytestmark = pytest.mark.django_db


LAST_TRY = 18  # failing tries after which the next one is the last: 15 minutes at regular distances


def test_it_keeps_and_measures_the_file(video: Video, fake: FakeBackend, sample_video: bytes):
    fake.content = [sample_video[:1000], sample_video[1000:]]

    store(video.pk)

    video.refresh_from_db()
    assert video.state == State.COMPLETED
    assert (video.width, video.height, video.duration) == (64, 36, pytest.approx(1.0))
    assert (video.byte_count, video.sha256) == (len(sample_video), hashlib.sha256(sample_video).hexdigest())
    assert video.file.read() == sample_video
    video.file.close()
    assert video.scrub_frames > 0
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]
    assert not list((settings.DATA_DIR / "tmp").iterdir())


@pytest.mark.parametrize("cut", [10, 0.5, -1])
def test_half_a_file_is_never_shown(video: Video, fake: FakeBackend, sample_video: bytes, cut: float):
    fake.content = [sample_video[: int(len(sample_video) * cut) if isinstance(cut, float) else cut]]

    store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.STORING, "not_a_video")
    assert not video.file
    assert files_of(video) == []
    fake.content = [sample_video]
    store_again(video)
    assert (video.state, video.error_code) == (State.COMPLETED, "")
    assert fake.created == []


def test_a_file_the_backend_does_not_hand_out_yet_is_fetched_later(
    video: Video, fake: FakeBackend, sample_video: bytes
):
    fake.content = UnavailableError("Too early.", code="content_not_ready", status=404)

    store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.STORING, "not_fetched")
    assert video.due_at > timezone.now()
    fake.content = [sample_video]
    store_again(video)
    assert video.state == State.COMPLETED


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            UnavailableError("Overloaded.", code="content_not_ready", status=503),
            "download_failed",
            "could not be downloaded",
        ),
        (UnavailableError("Broke off.", code="truncated"), "download_failed", "could not be downloaded"),
        (
            UnavailableError("What file?", code="content_not_ready", status=404),
            "no_file",
            "no video was made",
        ),
        (
            UnavailableError("JSON as a video.", code="not_a_video", status=200),
            "no_file",
            "no video was made",
        ),
    ],
)
def test_it_gives_up_after_minutes_and_says_whether_the_video_exists(
    video: Video, fake: FakeBackend, error: UnavailableError, code: str, words: str
):
    fake.content = error
    Video.objects.filter(pk=video.pk).update(failed_downloads=LAST_TRY)

    store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.FAILED, code)
    assert words in video.error_message
    assert video.can_check_again
    assert fake.created == []


def test_a_backlog_that_meets_a_short_outage_fails_nothing(
    video: Video, fake: FakeBackend, sample_video: bytes
):
    """Seen: 131 finished videos had waited in our own queue for longer than the patience with a download."""
    Video.objects.filter(pk=video.pk).update(generated_at=timezone.now() - timedelta(hours=3))
    fake.content = UnavailableError("Away.", code="unreachable")

    for _ in range(3):
        store_again(video)
        assert (video.state, video.error_code) == (State.STORING, "not_fetched")
    fake.content = [sample_video]
    store_again(video)

    assert video.state == State.COMPLETED


def test_tries_that_our_own_storage_failed_do_not_use_up_the_patience_with_a_download(
    video: Video, fake: FakeBackend
):
    Video.objects.filter(pk=video.pk).update(attempts=500, failed_downloads=0)
    fake.content = UnavailableError("Away.", code="unreachable")

    store_again(video)

    assert (video.state, video.failed_downloads) == (State.STORING, 1)


def test_a_full_disk_leaves_it_to_be_tried_again(
    video: Video, fake: FakeBackend, sample_video: bytes, monkeypatch: pytest.MonkeyPatch
):
    fake.content = [sample_video]
    Video.objects.filter(pk=video.pk).update(generated_at=timezone.now() - timedelta(hours=1))

    def full(*args: object, **kwargs: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.STORING, "disk_full")
    assert "disk is full" in video.error_message
    store_again(video)
    assert video.state == State.COMPLETED


@pytest.mark.parametrize("error", [NotAVideoError("No frame to be had.", detail=""), ZeroDivisionError()])
@pytest.mark.parametrize("has_poster", [False, True])
def test_a_video_without_pictures_is_still_a_video(
    video: Video,
    fake: FakeBackend,
    sample_video: bytes,
    monkeypatch: pytest.MonkeyPatch,
    has_poster: bool,
    error: Exception,
):
    fake.content = [sample_video]

    def fails(video: Path, poster: Path, *args: object) -> None:
        if has_poster:
            poster.write_bytes(b"a poster")
        raise error

    monkeypatch.setattr(
        storing,
        "inspect_with_pictures",
        lambda path, poster, sheet, budget: (inspect_video(path, budget), None),
    )
    monkeypatch.setattr(storing, "make_pictures", fails)

    store(video.pk)

    video.refresh_from_db()
    assert video.state == State.COMPLETED
    assert bool(video.poster) == has_poster
    assert not video.scrub_sheet


@pytest.mark.parametrize("error", [DecoderLimitError, DecoderDiedError])
def test_what_the_pictures_need_too_much_of_costs_the_video_nothing(
    video: Video, fake: FakeBackend, sample_video: bytes, monkeypatch: pytest.MonkeyPatch, error
):
    fake.content = [sample_video]

    def fails(*args: object) -> None:
        raise error("Too much.", detail="out of memory")

    monkeypatch.setattr(storing, "inspect_with_pictures", fails)
    monkeypatch.setattr(storing, "make_pictures", fails)

    store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.poster) == (State.COMPLETED, "")
    assert video.byte_count == len(sample_video)


def test_a_video_and_its_pictures_take_one_decoder(
    video: Video, fake: FakeBackend, sample_video: bytes, monkeypatch: pytest.MonkeyPatch
):
    fake.content = [sample_video]
    run, tasks = sandbox.run, []

    def note(task: str, *args: object, **more: object) -> object:
        tasks.append(task)
        return run(task, *args, **more)

    monkeypatch.setattr(sandbox, "run", note)

    store(video.pk)

    video.refresh_from_db()
    assert video.poster
    assert video.scrub_sheet
    assert video.scrub_frames > 0
    assert tasks == ["inspect_with_pictures"]


def test_a_fault_of_our_own_is_tried_again_and_not_for_ever(
    video: Video, fake: FakeBackend, sample_video: bytes, monkeypatch: pytest.MonkeyPatch
):
    fake.content = [sample_video]

    def bug(path: Path, *args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(storing, "inspect_with_pictures", bug)

    store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.STORING, "storing_failed")
    Video.objects.filter(pk=video.pk).update(failed_downloads=LAST_TRY)
    store_again(video)
    assert (video.state, video.error_code) == (State.FAILED, "download_failed")
    assert files_of(video) == []


def test_a_disk_that_fills_up_midway_is_not_filled_by_each_attempt(
    video: Video, fake: FakeBackend, sample_video: bytes, monkeypatch: pytest.MonkeyPatch
):
    """Seen: each attempt left half a file, so that the space that was freed was gone at once."""
    fake.content = [sample_video]
    chunks = File.chunks

    def full_midway(file: File, chunk_size: int | None = None) -> Iterator[bytes]:
        if str(file.name).endswith("video.mp4"):
            yield sample_video[: len(sample_video) // 2]
            raise OSError(errno.ENOSPC, "No space left on device")
        yield from chunks(file, chunk_size)

    with monkeypatch.context() as patch:
        patch.setattr(File, "chunks", full_midway)
        for _ in range(3):
            store_again(video)
            assert (video.state, video.error_code) == (State.STORING, "disk_full")
            root = Path(settings.MEDIA_ROOT)
            assert [path for path in root.rglob("*") if path.is_file()] == []
            assert not list(Path(default_storage.path(folder_of(video))).iterdir())

    store_again(video)
    assert video.state == State.COMPLETED


def test_a_kept_reply_outlives_an_attempt_that_failed(video: Video, fake: FakeBackend, sample_video: bytes):
    job = Job(id=video.backend_job_id, status="completed", raw_status="completed", content=sample_video)
    inline_results.save_result(folder_of(video), job)
    Video.objects.filter(pk=video.pk).update(attempts=1)

    store(video.pk)

    video.refresh_from_db()
    assert video.state == State.COMPLETED
