"""The hold, set by the studio or by hand, and its release."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.engine.restored import Dump, empty_storage, held_for, queue_videos
from tests.factories import VideoFactory
from videos.engine import dispatch, hold
from videos.engine.submit import submit_next
from videos.engine.sweep import sweep
from videos.models import Backend, HoldReason, State, StudioState, Video

pytestmark = pytest.mark.django_db


def test_the_search_begins_where_the_databases_knowledge_ends(
    backend: Backend, fake: FakeBackend, dump: Dump
):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    known = Video.objects.get(state=State.IN_PROGRESS).attempted_at
    restore = dump()
    submit_next(backend.pk)
    restore()

    submit_next(backend.pk)

    assert StudioState.objects.load().submitted_until == known


def test_it_goes_on_counting_behind_all_that_was_submitted(backend: Backend, fake: FakeBackend, dump: Dump):
    queue_videos(backend, 3)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()
    submit_next(backend.pk)
    Video.objects.exclude(state=State.IN_PROGRESS).delete()
    Backend.objects.update(search_due_at=None)

    assert hold.release()
    queue_videos(backend, 1)
    assert submit_next(backend.pk), "it was held again for the submission that is known by now"
    assert StudioState.objects.load().submissions == 3


def test_a_worker_that_slept_through_hold_and_release_holds_nothing(backend: Backend, fake: FakeBackend):
    queue_videos(backend, 1)
    sweep()
    seen = StudioState.objects.load()
    hold.hold()
    hold.release()

    hold._hold_restored(seen, HoldReason.MARKS_MISSING, latest=0)

    assert not StudioState.objects.load().is_held


def test_while_held_nothing_is_submitted_and_nobody_is_sent_for(
    backend: Backend, fake: FakeBackend, hints: list, carol
):
    queue_videos(backend, 1)

    assert hold.hold(note="New disks.", by=carol)
    assert not submit_next(backend.pk)
    dispatch.tick()

    assert (fake.created, hints) == ([], [])
    assert StudioState.objects.load().why_held == "Maintenance. New disks."
    StudioState.objects.update(hold_note="until 18:00")
    assert StudioState.objects.load().why_held == "Maintenance. until 18:00."
    assert not hold.hold(), "it was held before"


def test_after_maintenance_all_goes_on_at_once(backend: Backend, fake: FakeBackend):
    VideoFactory(backend=backend, state=State.UNCERTAIN)
    queue_videos(backend, 1)
    hold.hold()

    assert hold.release()

    assert submit_next(backend.pk)
    assert not hold.release(), "there was nothing to release"


def test_a_hold_for_maintenance_hides_no_restored_database(backend: Backend, fake: FakeBackend, dump: Dump):
    queue_videos(backend, 1)
    sweep()
    hold.hold()
    restore = dump()
    hold.release()
    submit_next(backend.pk)
    restore()

    hold.release()

    assert not submit_next(backend.pk)
    assert held_for() == HoldReason.RESTORED


def test_a_release_after_maintenance_hides_no_missing_mark(
    backend: Backend, fake: FakeBackend, media_root: Path
):
    queue_videos(backend, 2)
    submit_next(backend.pk)
    hold.hold()
    cache.clear()
    empty_storage(media_root)

    hold.release()

    assert not submit_next(backend.pk)
    assert held_for() == HoldReason.MARKS_MISSING


def test_by_hand_it_becomes_one_of_a_restored_database(backend: Backend):
    queue_videos(backend, 1)
    hold.hold()

    assert hold.hold(restored=True)

    backend.refresh_from_db()
    assert backend.search_due_at <= timezone.now()
    assert StudioState.objects.load().submitted_until is None, "nobody knows for how long it went on"


def test_a_restore_that_was_announced_is_not_noticed_again(backend: Backend, fake: FakeBackend, dump: Dump):
    queue_videos(backend, 3)
    submit_next(backend.pk)
    restore = dump()
    submit_next(backend.pk)
    restore()

    hold.hold(restored=True)
    Video.objects.exclude(state=State.IN_PROGRESS).delete()
    Backend.objects.update(search_due_at=None)
    hold.release()

    queue_videos(backend, 1)
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
