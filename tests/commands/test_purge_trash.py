"""purge_trash: what is in the trash goes for good, with its files; nothing else does."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from tests.engine.conftest import backend as backend  # fixtures here too
from tests.engine.conftest import fake as fake
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.backends.errors import UnavailableError
from videos.engine import cleanup
from videos.engine.store import folder_of
from videos.models import Backend, Kind, RetentionState, State, Video
from videos.services import library, purge

pytestmark = pytest.mark.django_db


def _trashed(owner: User, backend: Backend, *, days: int = 0, **fields: object) -> Video:
    video = VideoFactory(owner=owner, backend=backend, state=State.COMPLETED, byte_count=5_000_000, **fields)
    name = default_storage.save(f"{folder_of(video)}/token/video.mp4", ContentFile(b"x"))
    library.move_to_trash([video])
    moment = timezone.now() - timedelta(days=days)
    Video.objects.filter(pk=video.pk).update(file=name, trashed_at=moment)
    video.refresh_from_db()
    return video


def _has_files(video: Video) -> bool:
    return Path(default_storage.path(folder_of(video))).exists()


def test_a_dry_run_says_whose_it_is_and_how_large_and_deletes_nothing(
    run, alice: User, bob: User, backend: Backend, fake: FakeBackend
):
    videos = [_trashed(alice, backend), _trashed(bob, backend), _trashed(bob, backend)]
    VideoFactory(owner=alice, backend=backend, state=State.COMPLETED)

    out = run("purge_trash", "--dry-run").out.replace("\xa0", " ")

    assert "bob: 2 videos, 9.5 MB\nalice: 1 video, 4.8 MB\nIn all: 3 videos, 14.3 MB." in out
    assert "nothing was deleted" in out
    assert all(_has_files(each) for each in videos)
    assert Video.objects.filter(deleted_at=None).count() == 4


def test_it_deletes_the_trash_with_files_and_jobs_and_nothing_else(
    run, alice: User, backend: Backend, fake: FakeBackend
):
    video, kept = _trashed(alice, backend), VideoFactory(owner=alice, backend=backend, state=State.COMPLETED)

    out = run("purge_trash", "--yes").out

    assert "1 video deleted; files and rows of 1 video removed." in out
    assert list(Video.objects.all()) == [kept]
    assert not _has_files(video)
    assert fake.deleted == [video.backend_job_id]
    entry = Entry.objects.filter(action="deleted").get()
    assert entry.object_id == video.public_id


def test_only_of_one_person_and_of_some_age(run, alice: User, bob: User, backend: Backend, fake: FakeBackend):
    old, young = _trashed(alice, backend, days=8), _trashed(alice, backend, days=6)
    others = _trashed(bob, backend, days=8)

    run("purge_trash", "--yes", "--older-than", "7", "--owner", "alice")

    assert set(Video.objects.all()) == {young, others}
    assert not _has_files(old)


def test_nothing_goes_by_an_age_that_cannot_be_believed(
    run, alice: User, backend: Backend, fake: FakeBackend
):
    video = _trashed(alice, backend, days=8)
    long_ago = timezone.now() - timedelta(days=4)
    state = RetentionState.objects.create(pk=RetentionState.ONLY, seen_at=long_ago)

    with pytest.raises(CommandError, match=r"off for long.*Nothing was deleted"):
        run("purge_trash", "--yes", "--older-than", "7")
    state.refresh_from_db()
    assert (list(Video.objects.all()), state.seen_at) == ([video], long_ago)

    run("purge_trash", "--yes")  # which is no matter of age
    assert not Video.objects.exists()


def test_it_asks_and_no_is_no(run, alice: User, backend: Backend, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "")
    video = _trashed(alice, backend)

    with pytest.raises(CommandError, match="Nothing was deleted"):
        run("purge_trash")

    assert "Permanently delete 1 video" in asked[0]
    assert Video.objects.get(deleted_at=None) == video


def test_what_is_restored_meanwhile_stays(alice: User, backend: Backend, fake: FakeBackend):
    video, other = _trashed(alice, backend), _trashed(alice, backend)
    trash = purge.find_trash()
    assert trash.count() == 2
    library.restore_from_trash([video])

    assert sum(purge.delete_trash(trash)) == 1
    purge.clean_up()
    assert list(Video.objects.all()) == [video]
    assert _has_files(video)
    assert not _has_files(other)


def test_the_source_of_a_video_in_flight_keeps_its_files_until_that_has_ended(
    run, alice: User, backend: Backend, fake: FakeBackend
):
    source, other = _trashed(alice, backend), _trashed(alice, backend)
    remix = VideoFactory(
        owner=alice, backend=backend, source=source, kind=Kind.REMIX, state=State.IN_PROGRESS
    )

    out = run("purge_trash", "--yes").out

    assert "1 video left to the workers" in out
    assert _has_files(source)
    assert not _has_files(other)
    Video.objects.filter(pk=remix.pk).update(state=State.CANCELED)
    run("purge_trash", "--yes")  # which also ends what an earlier run began
    assert not _has_files(source)


def test_a_backend_that_is_away_is_asked_a_few_times_and_the_workers_go_on(
    run, alice: User, backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    videos = [_trashed(alice, backend) for _ in range(5)]
    asked: list[str] = []

    def away(job_id: str) -> None:
        asked.append(job_id)
        raise UnavailableError("It does not answer.", code="unreachable")

    monkeypatch.setattr(fake, "delete", away)

    out = run("purge_trash", "--yes").out

    assert "5 videos deleted; files and rows of 0 videos removed.\n5 videos left to the workers" in out
    assert len(asked) == 3
    assert all(_has_files(each) for each in videos)
    assert not Video.objects.filter(deleted_at=None).exists()


def test_one_that_is_killed_half_way_is_run_again(
    run, alice: User, backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    videos = [_trashed(alice, backend) for _ in range(3)]
    real, removed = cleanup.remove_folder, []

    def killed(name: str) -> None:
        real(name)
        removed.append(name)
        if len(removed) == 2:
            raise KeyboardInterrupt  # the files are gone, the row is not

    monkeypatch.setattr(cleanup, "remove_folder", killed)
    with pytest.raises(KeyboardInterrupt):
        run("purge_trash", "--yes")
    monkeypatch.setattr(cleanup, "remove_folder", real)
    assert not Video.objects.filter(deleted_at=None).exists()  # nobody sees half of one
    Video.objects.update(delete_job_at=timezone.now())  # the minute until it is tried again is over

    run("purge_trash", "--yes")

    assert not Video.objects.exists()
    assert not any(_has_files(each) for each in videos)


def test_another_run_at_the_same_time_does_no_harm(
    run, alice: User, backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(3):
        _trashed(alice, backend)
    real, second = purge.delete_video, []

    def delete(video: Video) -> bool:
        if not second:
            second.append(True)
            sum(purge.delete_trash(purge.find_trash()))
        return real(video)

    monkeypatch.setattr(purge, "delete_video", delete)

    run("purge_trash", "--yes")

    assert not Video.objects.exists()
    assert len(fake.deleted) == 3
    assert Entry.objects.filter(action="deleted").count() == 3


@pytest.mark.parametrize("arguments", [["--owner", "nobody"], ["--older-than", "-1"], ["--older-than", "x"]])
def test_it_refuses_what_it_cannot_read(run, db, arguments: list[str]):
    with pytest.raises(CommandError):
        run("purge_trash", *arguments)
