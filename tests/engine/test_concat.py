"""Extending where the backend cannot: the new clip begins with the source's last frame, and joins it here."""

import errno
import threading
import uuid
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import User
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from tests.media.conftest import write_video
from videos import lifecycle
from videos.engine import concat
from videos.engine import store as storing
from videos.engine.store import folder_of, store
from videos.engine.submit import submit_next
from videos.models import Backend, State, Video, VideoModel
from videos.services.derivations import extend_video
from videos.services.video_actions import delete_video

pytestmark = pytest.mark.django_db


def _clock(start: int) -> Callable[[int, int, int], np.ndarray]:
    return lambda index, width, height: np.full((height, width, 3), 20 + 4 * (start + index), np.uint8)


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of video, brighter with every frame."""
    return write_video(
        tmp_path_factory.mktemp("f") / "a.mp4", size=(64, 36), count=24, paint=_clock(0)
    ).read_bytes()


@pytest.fixture(scope="session")
def after(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of video that begins with the last frame of the other and goes on, without sound."""
    path = tmp_path_factory.mktemp("f") / "b.mp4"
    return write_video(path, size=(64, 36), count=24, paint=_clock(23), audio=False).read_bytes()


@pytest.fixture
def source(alice: User, backend: Backend, before: bytes) -> Video:
    model = VideoModel.objects.get(name="sora-2")
    model.backends.set([backend])
    VideoModel.objects.filter(pk=model.pk).update(sizes=["64x36"], seconds=[4])
    video = VideoFactory(owner=alice, backend=backend, state=State.COMPLETED, size="64x36", seconds=4)
    name = default_storage.save(f"{folder_of(video)}/{uuid.uuid4().hex}/video.mp4", ContentFile(before))
    Video.objects.filter(pk=video.pk).update(file=name)
    video.refresh_from_db()
    return video


@pytest.fixture
def video(alice: User, source: Video) -> Video:
    """An extension whose clip has been made."""
    video = extend_video(alice, source, "On it sails", 4)
    assert video.concat_with_source
    return _made(video)


def _made(video: Video) -> Video:
    now = timezone.now()
    Video.objects.filter(pk=video.pk).update(
        state=State.STORING, backend_job_id=f"job_{video.pk}", generated_at=now, due_at=now
    )
    video.refresh_from_db()
    return video


def _stored(video: Video) -> Video:
    Video.objects.filter(pk=video.pk).update(due_at=timezone.now())
    store(video.pk)
    return Video.objects.get(pk=video.pk)


def _greys(file: FieldFile) -> list[float]:
    with file.open("rb") as content, av.open(content) as container:
        return [float(frame.to_ndarray(format="rgb24").mean()) for frame in container.decode(video=0)]


def _files(video: Video) -> list[str]:
    root = Path(default_storage.path(folder_of(video)))
    return sorted(path.name for path in root.rglob("*") if path.is_file())


# --- Requesting ---------------------------------------------------------------------------------------------


def test_the_clip_begins_with_the_last_frame_of_the_source(
    alice: User, backend: Backend, fake: FakeBackend, source: Video
):
    extend_video(alice, source, "On it sails", 4)

    assert submit_next(backend.pk)

    (asked,) = fake.created
    assert (asked["prompt"], asked["seconds"], asked["size"]) == ("On it sails", 4, "64x36")
    reference = asked["reference"]
    assert (reference.name, reference.content_type) == ("reference.jpg", "image/jpeg")
    with Image.open(BytesIO(reference.content)) as image:
        assert image.size == (64, 36)
        assert np.asarray(image).mean() == pytest.approx(20 + 4 * 23, abs=2)
    assert not list((settings.DATA_DIR / "tmp").iterdir())


@pytest.mark.parametrize("trouble", ["row", "file", "content"])
def test_without_a_source_nothing_is_submitted_and_it_says_why(
    alice: User, backend: Backend, fake: FakeBackend, source: Video, trouble: str
):
    video = extend_video(alice, source, "On it sails", 4)
    if trouble == "row":
        Video.objects.filter(pk=source.pk).delete()
    elif trouble == "file":
        default_storage.delete(source.file.name)
    else:
        Path(source.file.path).write_bytes(b"no video")

    submit_next(backend.pk)

    video.refresh_from_db()
    code = "bad_reference" if trouble == "content" else "source_gone"
    assert (video.state, video.error_code) == (State.FAILED, code)
    assert "othing was submitted" in video.error_message
    assert fake.created == []


# --- Joining -----------------------------------------------------------------------------------------------


def test_the_file_is_the_whole_film(video: Video, source: Video, fake: FakeBackend, after: bytes):
    fake.content = [after]

    video = _stored(video)

    assert (video.state, video.error_code, video.error_message) == (State.COMPLETED, "", "")
    # 24 frames of the source, and what the clip adds to its last one.
    assert _greys(video.file) == pytest.approx([20 + 4 * n for n in range(47)], abs=2)
    assert video.duration == pytest.approx(47 / 24, abs=0.001)
    assert (video.width, video.height, video.byte_count) == (64, 36, video.file.size)
    assert (video.source_seconds, video.seconds, video.total_seconds) == (4, 4, 8)
    assert _files(video) == ["poster.webp", "scrub.jpg", "video.mp4"]
    assert video.scrub_frames == 20
    assert _files(source) == ["video.mp4"], "the source stays as it was"
    assert not list((settings.DATA_DIR / "tmp").iterdir())
    assert fake.created == []


def test_only_an_extension_that_the_backend_could_not_make_is_joined(
    video: Video, fake: FakeBackend, after: bytes
):
    Video.objects.filter(pk=video.pk).update(concat_with_source=False)
    fake.content = [after]

    video = _stored(video)

    assert video.state == State.COMPLETED
    assert video.byte_count == len(after)


def test_storage_need_not_be_a_disk(
    video: Video,
    source: Video,
    before: bytes,
    after: bytes,
    fake: FakeBackend,
    monkeypatch: pytest.MonkeyPatch,
):
    far = InMemoryStorage()
    far.save(source.file.name, ContentFile(before))
    monkeypatch.setattr(storing, "default_storage", far)
    monkeypatch.setattr("videos.engine.inline_results.default_storage", far)
    monkeypatch.setattr(Video._meta.get_field("file"), "storage", far)
    default_storage.delete(source.file.name)
    fake.content = [after]

    video = _stored(video)

    assert (video.state, video.error_code) == (State.COMPLETED, "")
    assert len(_greys(video.file)) == 47


@pytest.mark.parametrize("trouble", ["row", "file", "content"])
def test_without_its_source_the_paid_clip_is_kept_alone(
    as_alice, video: Video, source: Video, fake: FakeBackend, after: bytes, trouble: str
):
    if trouble == "row":
        Video.objects.filter(pk=source.pk).delete()
    elif trouble == "file":
        default_storage.delete(source.file.name)
    else:
        Path(source.file.path).write_bytes(b"no video")
    fake.content = [after]

    video = _stored(video)

    code = "not_joined" if trouble == "content" else "source_gone"
    assert (video.state, video.error_code) == (State.COMPLETED, code)
    assert "only the new part" in video.error_message
    with video.file.open("rb") as file:
        assert file.read() == after
    assert (video.source_seconds, video.total_seconds) == (0, 4), "it is no longer than that"
    page = as_alice.get(reverse("videos:detail", args=[video.public_id])).content.decode()
    assert "Only the new part" in page
    assert video.error_message in page


def test_a_source_on_its_way_out_is_still_joined(
    video: Video, source: Video, fake: FakeBackend, after: bytes
):
    delete_video(source)
    fake.content = [after]

    assert _stored(video).error_code == ""
    assert len(_greys(Video.objects.get(pk=video.pk).file)) == 47


def test_storage_that_fails_is_tried_again_and_joined_then(
    video: Video, fake: FakeBackend, after: bytes, monkeypatch: pytest.MonkeyPatch
):
    fake.content = [after]

    def down(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(FieldFile, "open", down)
        waiting = _stored(video)

    assert (waiting.state, waiting.error_code) == (State.STORING, "storage_down")
    assert not waiting.file
    done = _stored(video)
    assert (done.state, done.error_code) == (State.COMPLETED, "")
    assert len(_greys(done.file)) == 47
    assert fake.created == []


class KilledError(BaseException):
    """As if the process ended here."""


@pytest.mark.parametrize("step", ["_copy_source", "concat_videos", "inspect_video"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_worker_leaves_it_to_be_joined_again(
    video: Video, fake: FakeBackend, after: bytes, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
):
    fake.content = [after]
    original = getattr(concat, step)

    def killed(*args: object, **kwargs: object) -> None:
        if moment == "after":
            original(*args, **kwargs)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(concat, step, killed)
        with pytest.raises(KilledError):
            _stored(video)
    Video.objects.filter(pk=video.pk).update(lease_expires_at=timezone.now())

    done = _stored(video)

    assert (done.state, done.error_code) == (State.COMPLETED, "")
    assert _greys(done.file) == pytest.approx([20 + 4 * n for n in range(47)], abs=2)
    assert _files(video) == ["poster.webp", "scrub.jpg", "video.mp4"]


def test_a_killed_worker_before_the_row_was_written_joins_again_and_not_twice(
    video: Video, fake: FakeBackend, after: bytes, monkeypatch: pytest.MonkeyPatch
):
    fake.content = [after]

    def killed(*args: object, **kwargs: object) -> bool:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "complete", killed)
        with pytest.raises(KilledError):
            _stored(video)
    Video.objects.filter(pk=video.pk).update(lease_expires_at=timezone.now())

    assert len(_greys(_stored(video).file)) == 47


@pytest.mark.parametrize("how", ["canceled", "taken over"])
def test_joining_stops_when_the_lease_is_lost(
    video: Video, fake: FakeBackend, after: bytes, monkeypatch: pytest.MonkeyPatch, how: str
):
    fake.content = [after]
    checks = 0
    lost, noticed = threading.Event(), threading.Event()
    join = concat.concat_videos

    def renewed(*args: object, **kwargs: object) -> bool:
        """Without the database, which on SQLite is this test's alone."""
        if lost.is_set():
            noticed.set()
        return not lost.is_set()

    def interrupted(*args: Any, check: Callable[[], None]) -> None:
        lost.set()
        if how == "canceled":
            lifecycle.cancel(video.pk)
        else:
            Video.objects.filter(pk=video.pk).update(lease_token=uuid.uuid4())

        def step() -> None:
            nonlocal checks
            checks += 1
            assert noticed.wait(timeout=10)
            check()

        join(*args, check=step)

    monkeypatch.setattr(storing, "RENEW_EVERY", 0.001)
    monkeypatch.setattr(lifecycle, "renew_lease", renewed)
    monkeypatch.setattr(concat, "concat_videos", interrupted)

    ended = _stored(video)

    assert checks == 1, "it went on joining"
    assert ended.state == (State.CANCELED if how == "canceled" else State.STORING)
    assert not ended.file
    assert not Path(default_storage.path(folder_of(video))).exists()
    assert not list((settings.DATA_DIR / "tmp").iterdir())


def test_copying_the_source_stops_when_the_lease_is_lost(
    video: Video, fake: FakeBackend, after: bytes, monkeypatch: pytest.MonkeyPatch
):
    fake.content = [after]
    joins: list[object] = []
    monkeypatch.setattr(concat, "concat_videos", lambda *args, **kwargs: joins.append(args))
    lost = threading.Event()
    monkeypatch.setattr(storing, "RENEW_EVERY", 0.001)
    monkeypatch.setattr(lifecycle, "renew_lease", lambda *args, **kwargs: bool(lost.set()))

    def chunks(self: FieldFile, size: int) -> Iterator[bytes]:
        yield b"some"
        assert lost.wait(timeout=10)
        for _ in range(100_000):
            yield b"more"
        raise AssertionError("it went on copying")

    monkeypatch.setattr(FieldFile, "chunks", chunks)

    ended = _stored(video)

    assert joins == []
    assert not ended.file
