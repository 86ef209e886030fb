"""While something is paused nothing of it is submitted, what is in flight goes on, and nothing fails."""

from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile

from accounts.models import User
from audit.models import Entry
from audit.vocabulary import Action
from tests.engine.conftest import Clock
from tests.engine.fake import FakeBackend
from tests.engine.restored import held_for
from tests.factories import VideoFactory
from videos.engine import characters, dispatch, fair_queue, hold, poll, reconcile
from videos.engine.submit import submit_next
from videos.engine.sweep import sweep
from videos.models import Backend, Character, HoldReason, OwnerQueue, State, StudioState, Video
from videos.services.backend_pauses import pause_backends, resume_backends
from videos.services.queue import pause_queue, pause_videos, resume_queue, resume_videos
from videos.services.queue_pauses import pause_person, resume_person

pytestmark = pytest.mark.django_db

Switch = Callable[[User, Backend], object]


def _pause_backend(backend: Backend) -> bool:
    was_paused = Backend.objects.get(pk=backend.pk).is_paused
    pause_backends([backend], by=None, reason="New card.")
    return not was_paused


PAUSES: dict[str, tuple[Switch, Switch]] = {
    "queue": (lambda alice, backend: pause_queue(alice), lambda alice, backend: resume_queue(alice)),
    "videos": (
        lambda alice, backend: pause_videos(alice, None),
        lambda alice, backend: resume_videos(alice, None),
    ),
    "person": (
        lambda alice, backend: pause_person(alice, "Over budget."),
        lambda alice, backend: resume_person(alice),
    ),
    "backend": (
        lambda alice, backend: _pause_backend(backend),
        lambda alice, backend: resume_backends([Backend.objects.get(pk=backend.pk)]),
    ),
    "maintenance": (
        lambda alice, backend: hold.hold(message="Back at 18:00."),
        lambda alice, backend: hold.end_maintenance(),
    ),
}


@pytest.fixture(params=PAUSES)
def pause(request: pytest.FixtureRequest) -> tuple[Switch, Switch]:
    """How something is paused, and how it is resumed."""
    return PAUSES[request.param]


def test_nothing_is_submitted_until_it_is_resumed(
    alice: User, backend: Backend, fake: FakeBackend, hints: list, pause
):
    begin, end = pause
    VideoFactory(owner=alice, backend=backend)

    assert begin(alice, backend)
    dispatch.tick()
    assert not submit_next(backend.pk)
    assert (fake.created, hints) == ([], [])
    assert not begin(alice, backend), "it was paused before"

    assert end(alice, backend)
    assert not end(alice, backend), "it goes on already"
    assert submit_next(backend.pk)
    assert len(fake.created) == 1


def test_what_is_in_flight_is_followed_to_its_end(
    alice: User, backend: Backend, hints: list, pause, fake: FakeBackend
):
    VideoFactory(owner=alice, backend=backend, state=State.IN_PROGRESS)
    storing = VideoFactory(owner=alice, backend=backend, state=State.STORING)
    pause[0](alice, backend)

    poll.tick()
    dispatch.tick()

    assert set(hints) == {("poll_backend", backend.pk), ("store", storing.pk)}


def test_after_weeks_of_a_pause_nothing_has_failed(
    alice: User, backend: Backend, fake: FakeBackend, clock: Clock, pause
):
    video = VideoFactory(owner=alice, backend=backend)
    pause[0](alice, backend)

    for _ in range(3):
        clock.advance(20 * 24 * 3600)
        sweep()
        dispatch.tick()

    video.refresh_from_db()
    assert (video.state, video.error_code, video.attempts) == (State.QUEUED, "", 0)
    pause[1](alice, backend)
    assert submit_next(backend.pk)


@pytest.mark.parametrize("name", ["queue", "person", "backend", "maintenance"])
def test_no_character_is_created_meanwhile(
    alice: User, backend: Backend, fake: FakeBackend, hints, name: str
):
    begin, end = PAUSES[name]
    backend.can_characters = True
    backend.save()
    character = Character(owner=alice, name="Ada", backend=backend)
    character.file.save("clip.mp4", ContentFile(b"clip"), save=False)
    character.save()
    begin(alice, backend)

    characters.sweep()
    characters.create_character(character.pk)

    character.refresh_from_db()
    assert (hints, fake.characters, character.attempts) == ([], [], 0)
    end(alice, backend)
    characters.sweep()
    assert ("create_character", character.pk) in hints


@pytest.mark.parametrize("name", ["queue", "person", "backend", "maintenance"])
def test_no_lost_request_is_repeated_meanwhile(
    alice: User, backend: Backend, fake: FakeBackend, clock: Clock, name: str
):
    """A repeat may be the first that arrives. The job is looked for in the backend's list instead."""
    backend.honours_idempotency_key, backend.can_list = True, True
    backend.save()
    fake.key_retention = 7 * 24 * 3600.0
    VideoFactory(owner=alice, backend=backend, state=State.UNCERTAIN, idempotency_key="k", due_at=clock.now)
    PAUSES[name][0](alice, backend)

    reconcile.reconcile(backend.pk)

    assert fake.created == []


def test_only_what_was_paused_waits(alice: User, bob: User, backend: Backend, fake: FakeBackend):
    paused, other = VideoFactory.create_batch(2, owner=alice, backend=backend)
    bobs = VideoFactory(owner=bob, backend=backend)
    assert pause_videos(alice, [paused.public_id, bobs.public_id]) == 1

    assert fair_queue.queue_positions([paused, other, bobs]) == {other.pk: 1, bobs.pk: 2}
    assert submit_next(backend.pk)
    assert submit_next(backend.pk)
    assert not submit_next(backend.pk)
    assert Video.objects.get(state=State.QUEUED) == paused


def test_a_pause_of_staff_outlasts_what_its_owner_does(alice: User, backend: Backend, fake: FakeBackend):
    VideoFactory(owner=alice, backend=backend)
    pause_queue(alice)
    pause_person(alice, "")

    assert resume_queue(alice)
    assert not submit_next(backend.pk)
    assert resume_person(alice)
    assert submit_next(backend.pk)


def test_a_pause_of_staff_does_not_end_with_one_that_the_backend_asks_for(
    backend: Backend, alice: User, fake
):
    VideoFactory(owner=alice, backend=backend)
    pause_backends([backend], by=None)

    dispatch.pause(backend.pk, seconds=-1, reason="It is busy.")

    assert not submit_next(backend.pk)


def test_the_end_of_a_maintenance_releases_no_restored_database(backend: Backend, alice: User, fake):
    VideoFactory(owner=alice, backend=backend)
    hold.hold(message="New disks.")
    hold.hold(restored=True)

    assert not hold.end_maintenance()

    assert held_for() == HoldReason.RESTORED
    assert not submit_next(backend.pk)
    assert not hold.hold(), "nor does a maintenance take its place"
    assert held_for() == HoldReason.RESTORED
    assert not StudioState.objects.load().hold_message


def test_each_is_written_down_with_its_reason(alice: User, backend: Backend, carol: User):
    begin, end = PAUSES["person"]
    begin(alice, backend)
    end(alice, backend)
    PAUSES["backend"][0](alice, backend)
    pause_queue(alice)

    written = list(Entry.objects.order_by("pk").values_list("action", "label", "note"))
    assert written == [
        (Action.PAUSED, "Queue of alice", "Over budget."),
        (Action.RESUMED, "Queue of alice", ""),
        (Action.PAUSED, "GPU box", "Until somebody resumes it. New card."),
        (Action.PAUSED, "Queue of alice", ""),
    ]


def test_a_deleted_account_takes_its_pause_along(alice: User):
    pause_person(alice, "")
    alice.delete()
    assert not OwnerQueue.objects.exists()
