"""A database that is older than the world holds the studio; a crash, a new start or an upgrade does not."""

import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage

from tests.engine.fake import FakeBackend
from tests.engine.restored import Dump, empty_storage, held_for, queue_videos
from videos.engine import dispatch, hold, submission_marks
from videos.engine.submit import submit_next
from videos.engine.sweep import sweep
from videos.models import Backend, HoldReason, State, StudioState

pytestmark = pytest.mark.django_db


def test_a_new_studio_submits(backend: Backend, fake: FakeBackend):
    queue_videos(backend, 1)

    assert submit_next(backend.pk)

    assert len(fake.created) == 1
    assert submission_marks.latest(StudioState.objects.load().installation) == 1


def test_the_mark_is_outside_before_the_request_is_sent(backend: Backend, fake: FakeBackend):
    kept: list[int | None] = []
    fake.during_create = lambda: kept.append(submission_marks.latest(StudioState.objects.load().installation))
    queue_videos(backend, 2)

    assert submit_next(backend.pk)
    assert submit_next(backend.pk)

    assert kept == [1, 2]


def test_a_database_that_is_one_submission_behind_is_held(backend: Backend, fake: FakeBackend, dump: Dump):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()

    assert not submit_next(backend.pk)

    assert held_for() == HoldReason.RESTORED
    assert len(fake.created) == 2


def test_one_from_before_the_first_submission_is_held(
    backend: Backend, fake: FakeBackend, dump: Dump, media_root: Path
):
    sweep()
    queue_videos(backend, 1)
    restore = dump()
    submit_next(backend.pk)
    restore()
    cache.clear()
    empty_storage(media_root)

    assert not submit_next(backend.pk)

    assert held_for() == HoldReason.MARKS_MISSING


def test_the_cache_alone_tells_of_it(backend: Backend, fake: FakeBackend, dump: Dump, media_root: Path):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()
    empty_storage(media_root)

    assert not submit_next(backend.pk)

    assert held_for() == HoldReason.RESTORED


def test_the_storage_alone_tells_of_it(backend: Backend, fake: FakeBackend, dump: Dump):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()
    cache.clear()

    assert not submit_next(backend.pk)

    assert held_for() == HoldReason.RESTORED


def test_one_that_was_restored_to_an_empty_place_is_held(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    cache.clear()
    empty_storage(media_root)

    assert not submit_next(backend.pk)

    assert held_for() == HoldReason.MARKS_MISSING
    assert len(fake.created) == 1


def test_one_from_before_the_upgrade_that_brought_the_marks_is_held(backend: Backend, fake: FakeBackend):
    submission_marks.keep(uuid4(), 12)
    queue_videos(backend, 1)

    assert not submit_next(backend.pk)

    assert held_for() == HoldReason.RESTORED


def test_a_new_studio_on_an_old_folder_is_not_held(backend: Backend, fake: FakeBackend):
    submission_marks.keep(uuid4(), 12)
    sweep()
    queue_videos(backend, 1)

    assert submit_next(backend.pk)


def test_the_sweep_notices_before_anything_is_to_be_submitted(backend: Backend, dump: Dump):
    sweep()
    queue_videos(backend, 1)
    restore = dump()
    assert dispatch.claim_next(backend.pk)
    restore()

    sweep()

    assert held_for() == HoldReason.RESTORED


def _copy_storage(media_root: Path) -> None:
    """Put the storage back from a copy of it, as `cp -a` does."""
    copied = media_root.with_name("copy")
    shutil.copytree(media_root, copied)
    shutil.rmtree(media_root)
    shutil.copytree(copied, media_root)


def test_one_that_was_put_back_together_with_its_storage_is_held(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    cache.clear()
    _copy_storage(media_root)

    assert not submit_next(backend.pk)

    assert held_for() == HoldReason.RESTORED


def test_it_is_held_once_for_a_copied_storage(backend: Backend, fake: FakeBackend, media_root: Path):
    sweep()
    cache.clear()
    _copy_storage(media_root)
    sweep()
    hold.release()
    queue_videos(backend, 1)
    cache.clear()

    assert submit_next(backend.pk)


def test_a_storage_that_moved_holds_nothing_while_the_cache_knows(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    _copy_storage(media_root)

    assert submit_next(backend.pk)


@pytest.mark.parametrize("part", [0, 1])
def test_a_changed_owner_or_another_mount_is_no_copy(backend: Backend, fake: FakeBackend, part: int):
    sweep()
    parts = StudioState.objects.get().storage_identity.split("-")
    parts[part] = "1"
    StudioState.objects.update(storage_identity="-".join(parts))
    queue_videos(backend, 1)
    cache.clear()

    assert submit_next(backend.pk)


def test_an_emptied_cache_holds_nothing(backend: Backend, fake: FakeBackend):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    cache.clear()

    assert submit_next(backend.pk)


def test_an_emptied_storage_holds_nothing_while_the_cache_knows(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    empty_storage(media_root)

    assert submit_next(backend.pk)

    cache.clear()
    assert submission_marks.latest(StudioState.objects.load().installation) == 2


def test_a_crash_between_the_claim_and_its_mark_holds_nothing(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    queue_videos(backend, 3)
    submit_next(backend.pk)
    with monkeypatch.context() as crash:
        crash.setattr(submission_marks, "keep", _crash)
        with pytest.raises(KeyboardInterrupt):
            submit_next(backend.pk)

    assert submit_next(backend.pk)
    assert held_for() == ""


def test_a_crash_between_the_first_mark_and_its_note_holds_nothing(backend: Backend, fake: FakeBackend):
    queue_videos(backend, 1)
    sweep()
    StudioState.objects.update(marked_at=None)

    assert submit_next(backend.pk)


def _crash(*args: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("call", ["listdir", "save"])
def test_without_a_storage_for_the_mark_nothing_is_sent(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch, call: str
):
    (video,) = queue_videos(backend, 1)
    sweep()

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("read-only file system")

    with monkeypatch.context() as broken:
        broken.setattr(FileSystemStorage, call, fail)
        assert not submit_next(backend.pk)

    assert fake.created == []
    video.refresh_from_db()
    backend.refresh_from_db()
    assert video.state == State.QUEUED
    assert backend.pause_reason == "The studio's storage is away. Nothing was submitted."
