"""A database that is older than the world holds the studio; a crash, a new start or an upgrade does not."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.engine import dispatch, hold, submission_marks
from videos.engine.submission_marks import FOLDER
from videos.engine.submit import submit_next
from videos.engine.sweep import sweep
from videos.models import Backend, HoldReason, State, StudioState, Video

pytestmark = pytest.mark.django_db

Dump = Callable[[], Callable[[], None]]


@pytest.fixture
def dump() -> Dump:
    """Note what the database has now; the function that is returned brings it back."""

    def note() -> Callable[[], None]:
        rows: list[tuple[Any, dict[str, Any]]] = [
            (row, row.__class__.objects.filter(pk=row.pk).values().get())
            for row in [*StudioState.objects.all(), *Video.objects.all()]
        ]

        def restore() -> None:
            for row, values in rows:
                row.__class__.objects.filter(pk=row.pk).update(**values)

        return restore

    return note


def _empty_storage(media_root: Path) -> None:
    for mark in (media_root / FOLDER).iterdir():
        mark.unlink()


def _queue(backend: Backend, count: int) -> list[Video]:
    return [VideoFactory(backend=backend) for _ in range(count)]


def _held_for() -> str:
    return StudioState.objects.load().hold_reason


def test_a_new_studio_submits(backend: Backend, fake: FakeBackend):
    _queue(backend, 1)

    assert submit_next(backend.pk)

    assert len(fake.created) == 1
    assert submission_marks.latest(StudioState.objects.load().installation) == 1


def test_the_mark_is_outside_before_the_request_is_sent(backend: Backend, fake: FakeBackend):
    kept: list[int | None] = []
    fake.during_create = lambda: kept.append(submission_marks.latest(StudioState.objects.load().installation))
    _queue(backend, 2)

    assert submit_next(backend.pk)
    assert submit_next(backend.pk)

    assert kept == [1, 2]


def test_a_database_that_is_one_submission_behind_is_held(backend: Backend, fake: FakeBackend, dump: Dump):
    _queue(backend, 2)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()

    assert not submit_next(backend.pk)

    assert _held_for() == HoldReason.RESTORED
    assert len(fake.created) == 2


def test_one_from_before_the_first_submission_is_held(
    backend: Backend, fake: FakeBackend, dump: Dump, media_root: Path
):
    sweep()
    _queue(backend, 1)
    restore = dump()
    submit_next(backend.pk)
    restore()
    cache.clear()
    _empty_storage(media_root)

    assert not submit_next(backend.pk)

    assert _held_for() == HoldReason.MARKS_MISSING


def test_the_cache_alone_tells_of_it(backend: Backend, fake: FakeBackend, dump: Dump, media_root: Path):
    _queue(backend, 2)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()
    _empty_storage(media_root)

    assert not submit_next(backend.pk)

    assert _held_for() == HoldReason.RESTORED


def test_the_storage_alone_tells_of_it(backend: Backend, fake: FakeBackend, dump: Dump):
    _queue(backend, 2)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()
    cache.clear()

    assert not submit_next(backend.pk)

    assert _held_for() == HoldReason.RESTORED


def test_one_that_was_restored_to_an_empty_place_is_held(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    _queue(backend, 2)
    submit_next(backend.pk)
    cache.clear()
    _empty_storage(media_root)

    assert not submit_next(backend.pk)

    assert _held_for() == HoldReason.MARKS_MISSING
    assert len(fake.created) == 1


def test_one_from_before_the_upgrade_that_brought_the_marks_is_held(backend: Backend, fake: FakeBackend):
    submission_marks.keep(uuid4(), 12)
    _queue(backend, 1)

    assert not submit_next(backend.pk)

    assert _held_for() == HoldReason.RESTORED


def test_a_new_studio_on_an_old_folder_is_not_held(backend: Backend, fake: FakeBackend):
    submission_marks.keep(uuid4(), 12)
    sweep()
    _queue(backend, 1)

    assert submit_next(backend.pk)


def test_the_sweep_notices_before_anything_is_to_be_submitted(backend: Backend, dump: Dump):
    sweep()
    _queue(backend, 1)
    restore = dump()
    assert dispatch.claim_next(backend.pk)
    restore()

    sweep()

    assert _held_for() == HoldReason.RESTORED


def _copy_storage(media_root: Path) -> None:
    """Put the storage back from a copy of it, as `cp -a` does."""
    copied = media_root.with_name("copy")
    shutil.copytree(media_root, copied)
    shutil.rmtree(media_root)
    shutil.copytree(copied, media_root)


def test_one_that_was_put_back_together_with_its_storage_is_held(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    _queue(backend, 2)
    submit_next(backend.pk)
    cache.clear()
    _copy_storage(media_root)

    assert not submit_next(backend.pk)

    assert _held_for() == HoldReason.RESTORED


def test_it_is_held_once_for_a_copied_storage(backend: Backend, fake: FakeBackend, media_root: Path):
    sweep()
    cache.clear()
    _copy_storage(media_root)
    sweep()
    hold.release()
    _queue(backend, 1)
    cache.clear()

    assert submit_next(backend.pk)


def test_a_storage_that_moved_holds_nothing_while_the_cache_knows(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    _queue(backend, 2)
    submit_next(backend.pk)
    _copy_storage(media_root)

    assert submit_next(backend.pk)


@pytest.mark.parametrize("part", [0, 1])
def test_a_changed_owner_or_another_mount_is_no_copy(backend: Backend, fake: FakeBackend, part: int):
    sweep()
    parts = StudioState.objects.get().storage_identity.split("-")
    parts[part] = "1"
    StudioState.objects.update(storage_identity="-".join(parts))
    _queue(backend, 1)
    cache.clear()

    assert submit_next(backend.pk)


def test_an_emptied_cache_holds_nothing(backend: Backend, fake: FakeBackend):
    _queue(backend, 2)
    submit_next(backend.pk)
    cache.clear()

    assert submit_next(backend.pk)


def test_an_emptied_storage_holds_nothing_while_the_cache_knows(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    _queue(backend, 2)
    submit_next(backend.pk)
    _empty_storage(media_root)

    assert submit_next(backend.pk)

    cache.clear()
    assert submission_marks.latest(StudioState.objects.load().installation) == 2


def test_a_crash_between_the_claim_and_its_mark_holds_nothing(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    _queue(backend, 3)
    submit_next(backend.pk)
    with monkeypatch.context() as crash:
        crash.setattr(submission_marks, "keep", _crash)
        with pytest.raises(KeyboardInterrupt):
            submit_next(backend.pk)

    assert submit_next(backend.pk)
    assert _held_for() == ""


def test_a_crash_between_the_first_mark_and_its_note_holds_nothing(backend: Backend, fake: FakeBackend):
    _queue(backend, 1)
    sweep()
    StudioState.objects.update(marked_at=None)

    assert submit_next(backend.pk)


def _crash(*args: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("call", ["listdir", "save"])
def test_without_a_storage_for_the_mark_nothing_is_sent(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch, call: str
):
    (video,) = _queue(backend, 1)
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


def test_the_search_begins_where_the_databases_knowledge_ends(
    backend: Backend, fake: FakeBackend, dump: Dump
):
    _queue(backend, 2)
    submit_next(backend.pk)
    known = Video.objects.get(state=State.IN_PROGRESS).attempted_at
    restore = dump()
    submit_next(backend.pk)
    restore()

    submit_next(backend.pk)

    assert StudioState.objects.load().submitted_until == known


def test_it_goes_on_counting_behind_all_that_was_submitted(backend: Backend, fake: FakeBackend, dump: Dump):
    _queue(backend, 3)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()
    submit_next(backend.pk)
    Video.objects.exclude(state=State.IN_PROGRESS).delete()
    Backend.objects.update(search_due_at=None)

    assert hold.release()
    _queue(backend, 1)
    assert submit_next(backend.pk), "it was held again for the submission that is known by now"
    assert StudioState.objects.load().submissions == 3


def test_a_worker_that_slept_through_hold_and_release_holds_nothing(backend: Backend, fake: FakeBackend):
    _queue(backend, 1)
    sweep()
    seen = StudioState.objects.load()
    hold.hold()
    hold.release()

    hold._hold_restored(seen, HoldReason.MARKS_MISSING, latest=0)

    assert not StudioState.objects.load().is_held


def test_while_held_nothing_is_submitted_and_nobody_is_sent_for(
    backend: Backend, fake: FakeBackend, hints: list, carol
):
    _queue(backend, 1)

    assert hold.hold(note="New disks.", by=carol)
    assert not submit_next(backend.pk)
    dispatch.tick()

    assert (fake.created, hints) == ([], [])
    assert StudioState.objects.load().why_held == "Maintenance. New disks."
    assert not hold.hold(), "it was held before"


def test_after_maintenance_all_goes_on_at_once(backend: Backend, fake: FakeBackend):
    VideoFactory(backend=backend, state=State.UNCERTAIN)
    _queue(backend, 1)
    hold.hold()

    assert hold.release()

    assert submit_next(backend.pk)
    assert not hold.release(), "there was nothing to release"


def test_a_hold_for_maintenance_hides_no_restored_database(backend: Backend, fake: FakeBackend, dump: Dump):
    _queue(backend, 1)
    sweep()
    hold.hold()
    restore = dump()
    hold.release()
    submit_next(backend.pk)
    restore()

    hold.release()

    assert not submit_next(backend.pk)
    assert _held_for() == HoldReason.RESTORED


def test_a_release_after_maintenance_hides_no_missing_mark(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    _queue(backend, 2)
    submit_next(backend.pk)
    hold.hold()
    cache.clear()
    _empty_storage(media_root)

    hold.release()

    assert not submit_next(backend.pk)
    assert _held_for() == HoldReason.MARKS_MISSING


def test_by_hand_it_becomes_one_of_a_restored_database(backend: Backend):
    _queue(backend, 1)
    hold.hold()

    assert hold.hold(restored=True)

    backend.refresh_from_db()
    assert backend.search_due_at <= timezone.now()
    assert StudioState.objects.load().submitted_until is None, "nobody knows for how long it went on"


def test_a_restore_that_was_announced_is_not_noticed_again(backend: Backend, fake: FakeBackend, dump: Dump):
    _queue(backend, 3)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()

    hold.hold(restored=True)
    Video.objects.exclude(state=State.IN_PROGRESS).delete()
    Backend.objects.update(search_due_at=None)
    hold.release()

    _queue(backend, 1)
    assert submit_next(backend.pk)


@pytest.mark.parametrize(
    "row",
    [
        {"state": State.QUEUED},
        {"state": State.SUBMITTING, "lease_token": uuid4(), "lease_expires_at": timezone.now()},
        {"state": State.UNCERTAIN},
    ],
)
def test_a_restored_studio_is_not_released_before_the_search_has_ended(backend: Backend, row: dict):
    VideoFactory(backend=backend, **row)
    hold.hold(restored=True)

    with pytest.raises(hold.StillSearchingError, match="1 video"):
        hold.release()

    assert StudioState.objects.load().is_held


def test_what_awaits_its_owner_holds_no_release_up(backend: Backend):
    VideoFactory(backend=backend, state=State.UNCERTAIN, due_at=None)
    VideoFactory(backend=backend, state=State.IN_PROGRESS, attempted_at=timezone.now() - timedelta(hours=1))
    hold.hold(restored=True)
    Backend.objects.update(search_due_at=None)

    assert hold.release()
