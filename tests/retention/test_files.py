"""Backends' jobs whose files are stored, and the two files of a video that browsers do not play."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from simulator.transcoder import transcode
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from tests.retention.conftest import DAY, reload
from videos import lifecycle
from videos.capabilities import capabilities_for
from videos.engine import ageing, cleanup, file_ages, playable_copies, stored_bytes
from videos.engine.cleanup import clean_up_video
from videos.engine.store import store
from videos.models import Backend, DiscardedFile, JobCandidate, Kind, State, Video
from videos.models.backend import JobRetention
from videos.services.library import set_favourite

pytestmark = pytest.mark.django_db
Stored = Callable[..., Video]


@pytest.fixture
def stored(alice: User, backend: Backend, fake: FakeBackend, sample_video: bytes) -> Stored:
    """Store a finished video, as a worker does, which was finished so many days ago."""

    def make(days: float = 0, content: bytes = sample_video, **fields: object) -> Video:
        given = {"owner": alice, "backend": backend, "size": "64x36", "due_at": timezone.now(), **fields}
        video = VideoFactory(state=State.STORING, **given)
        fake.content = [content]
        store(video.pk)
        Video.objects.filter(pk=video.pk).update(finished_at=timezone.now() - timedelta(days=days))
        return reload(video)

    return make


@pytest.fixture(scope="session")
def hevc(tmp_path_factory: pytest.TempPathFactory, sample_video: bytes) -> bytes:
    path = tmp_path_factory.mktemp("hevc") / "video.mp4"
    path.write_bytes(sample_video)
    return transcode(path, "hevc").read_bytes()


def files_of(*videos: Video) -> list[Path]:
    roots = [Path(default_storage.path(cleanup.folder_of(video))) for video in videos]
    return sorted(path for root in roots for path in root.rglob("*") if path.is_file())


def deleting(backend: Backend, **fields: object) -> None:
    given = {"can_delete": True, "can_remix": True, "job_retention": JobRetention.DELETE, **fields}
    Backend.objects.filter(pk=backend.pk).update(**given)
    backend.refresh_from_db()


# --- Jobs at backends --------------------------------------------------------------------------------------


def test_a_job_goes_once_its_file_is_stored_and_there_are_no_remixes_any_more(
    stored: Stored, backend: Backend, fake: FakeBackend
):
    deleting(backend, job_retention_days=3)
    young, video = stored(2), stored(4)

    ageing.run()
    assert not capabilities_for(reload(video)).remix
    clean_up_video(video.pk)
    clean_up_video(young.pk)

    assert fake.deleted == [video.backend_job_id]
    assert reload(video).delete_job_at is None
    assert video.file.storage.exists(video.file.name)
    assert (video.backend_job_id, video.job_deleted_at is None) == (video.backend_job_id, False)
    ageing.run()
    assert reload(video).delete_job_at is None, "it is asked for once"


@pytest.mark.parametrize("days", [None, 0, 5])
def test_the_studio_has_a_default_that_a_backend_need_not_follow(backend: Backend, settings, days):
    settings.BACKEND_JOB_DAYS = days
    deleting(backend, job_retention=JobRetention.STUDIO)
    assert backend.days_until_job_goes == days
    backend.job_retention = JobRetention.KEEP
    assert backend.days_until_job_goes is None
    backend.job_retention, backend.job_retention_days = JobRetention.DELETE, None
    assert backend.days_until_job_goes == 0
    backend.can_delete = None
    assert backend.days_until_job_goes is None


def test_a_job_stays_that_is_doubtful_needed_or_whose_file_is_damaged(
    stored: Stored, backend: Backend, fake: FakeBackend
):
    deleting(backend)
    chosen, unaccounted, adopted, needed, damaged, fine = (stored(1) for _ in range(6))
    JobCandidate.objects.create(video=chosen, backend_job_id=chosen.backend_job_id)
    Video.objects.filter(pk=unaccounted.pk).update(unaccounted_since=timezone.now())
    Video.objects.filter(pk=adopted.pk).update(attempted_at=None)
    VideoFactory(owner=needed.owner, backend=backend, state=State.QUEUED, kind=Kind.REMIX, source=needed)
    path = Path(default_storage.path(damaged.file.name))
    path.write_bytes(bytes(path.stat().st_size))

    ageing.run()

    assert list(Video.objects.filter(job_deleted_at__isnull=False)) == [fine]
    assert list(Video.objects.filter(delete_job_at__isnull=False)) == [fine]


# --- Original and copy for browsers ------------------------------------------------------------------------


def test_an_old_original_goes_and_the_copy_takes_its_place(stored: Stored, hevc: bytes, settings, as_alice):
    settings.ORIGINAL_DAYS = 30
    video, young, favourite, plain = stored(31, hevc), stored(29, hevc), stored(31, hevc), stored(31)
    set_favourite([favourite], on=True)
    original, copy = Path(video.file.path), Path(video.browser_file.path)
    before = files_of(young, favourite, plain)

    ageing.run()

    assert not original.exists()
    assert Path(reload(video).file.path) == copy
    assert (video.codec, video.container, video.original_codec) == ("H.264", "MP4", "HEVC")
    assert stored_bytes.is_intact(video.file.name, video.byte_count, video.sha256)
    assert (video.browser_file.name, video.may_not_play) == ("", False)
    assert files_of(young, favourite, plain) == before
    assert "HEVC" in Entry.objects.get(action="removed").note
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert "The original is gone" in page
    assert "Download original" not in page
    saved = as_alice.get(reverse("videos:file", args=[video.public_id]), {"download": "1"})
    assert b"".join(saved.streaming_content) == copy.read_bytes()


def test_nothing_goes_whose_other_file_cannot_be_read(stored: Stored, hevc: bytes, settings):
    settings.ORIGINAL_DAYS = 30
    video = stored(31, hevc)
    Path(video.browser_file.path).write_bytes(b"torn")
    before = files_of(video)
    ageing.run()
    assert files_of(video) == before
    assert reload(video).original_dropped_at is None


def test_a_worker_killed_after_the_row_changed_leaves_no_file_behind(
    stored: Stored, hevc: bytes, settings, monkeypatch
):
    settings.ORIGINAL_DAYS = 30
    video = stored(31, hevc)
    original = Path(video.file.path)
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", lambda name: (_ for _ in ()).throw(OSError("away")))
        ageing.run()
    assert original.exists()
    assert reload(video).original_dropped_at
    DiscardedFile.objects.update(due_at=timezone.now())

    ageing.run()

    assert not original.exists()
    assert not DiscardedFile.objects.exists()


def test_a_favourite_set_after_it_was_found_keeps_both_files(stored: Stored, hevc: bytes, settings):
    settings.ORIGINAL_DAYS = 30
    video = stored(31, hevc)
    found = file_ages.with_old_original(timezone.now()).get()
    set_favourite([video], on=True)
    assert not file_ages.drop_original(found, timezone.now())
    assert reload(video).browser_file


def test_an_old_copy_goes_and_is_made_again_on_demand(
    stored: Stored, hevc: bytes, settings, as_alice, as_bob, clock, hints
):
    settings.BROWSER_COPY_DAYS = 30
    video = stored(31, hevc)
    copy = Path(video.browser_file.path)
    ageing.run()
    assert not copy.exists()
    assert reload(video).may_not_play
    address = reverse("videos:make_playable", args=[video.public_id])
    assert "Make it playable" in as_alice.get(video.get_absolute_url()).content.decode()
    assert as_bob.post(address).status_code == 404

    as_alice.post(address)
    as_alice.post(address)
    assert hints.count((playable_copies.TASK, video.pk)) <= 1
    assert "is being made" in as_alice.get(video.get_absolute_url()).content.decode()
    assert playable_copies.make(video.pk)
    assert not playable_copies.make(video.pk), "a second worker finds nothing to do"

    assert stored_bytes.is_intact(
        reload(video).browser_file.name, video.browser_byte_count, video.browser_sha256
    )
    clock.advance(2 * DAY)
    ageing.run()
    assert reload(video).browser_file, "its age counts anew"
    assert not DiscardedFile.objects.exists()


def test_a_copy_of_a_video_that_is_deleted_meanwhile_is_removed(stored: Stored, hevc: bytes, clock):
    video = stored(1, hevc)
    Video.objects.filter(pk=video.pk).update(browser_file="", browser_byte_count=None, copy_due_at=clock.now)
    before = files_of(video)
    lifecycle.delete(video.pk)
    assert not playable_copies.make(video.pk)
    assert files_of(video) == before
