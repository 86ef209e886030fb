"""Switched off means off: nothing is sent for a deactivated account, nor to a disabled backend."""

import pytest
from django.core.files.base import ContentFile

from accounts.models import User
from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, VideoFactory
from videos.engine import characters, dispatch, fair_queue, poll, submit
from videos.models import Backend, Character, State, Video

pytestmark = pytest.mark.django_db


def _switch(thing: User | Backend, *, on: bool) -> None:
    column = "is_active" if isinstance(thing, User) else "enabled"
    type(thing)._default_manager.filter(pk=thing.pk).update(**{column: on})


@pytest.mark.parametrize("switched_off", ["owner", "backend"])
def test_a_queued_video_is_held_and_goes_on_when_both_are_on_again(backend, alice, fake, hints, switched_off):
    video = VideoFactory(owner=alice, backend=backend)
    _switch(getattr(video, switched_off), on=False)

    dispatch.tick()
    assert not submit.submit_next(backend.pk)
    assert hints == []
    video.refresh_from_db()
    assert (video.state, video.attempted_at) == (State.QUEUED, None)

    _switch(getattr(video, switched_off), on=True)
    dispatch.tick()
    assert hints == [("submit", backend.pk)]
    assert submit.submit_next(backend.pk)


def test_a_deactivated_accounts_videos_hold_up_nobody_elses(backend, alice, bob):
    VideoFactory(owner=alice, backend=backend)
    mine = VideoFactory(owner=bob, backend=backend)
    assert fair_queue.queue_positions([mine]) == {mine.pk: 2}
    _switch(alice, on=False)
    assert fair_queue.queue_positions([mine]) == {mine.pk: 1}
    claim = dispatch.claim_next(backend.pk)
    assert claim is not None
    assert claim.video_id == mine.pk
    assert dispatch.claim_next(backend.pk) is None


def test_held_videos_have_no_position(backend, alice):
    video = VideoFactory(owner=alice, backend=backend)
    assert fair_queue.queue_positions([video]) == {video.pk: 1}
    _switch(backend, on=False)
    assert fair_queue.queue_positions([video]) == {}
    _switch(backend, on=True)
    assert fair_queue.queue_positions([video]) == {video.pk: 1}


def test_a_backend_switched_off_after_the_hint_claims_nothing(backend, monkeypatch):
    video = VideoFactory(backend=backend)
    _switch(backend, on=False)
    monkeypatch.setattr(fair_queue, "next_video", lambda *_: video.pk)
    assert dispatch.claim_next(backend.pk) is None


def test_what_a_disabled_backend_has_accepted_is_followed_to_its_end(backend, fake: FakeBackend, hints):
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS)
    _switch(backend, on=False)
    poll.tick()
    assert hints == [("poll_backend", backend.pk)]
    assert Video.objects.get(pk=video.pk).state == State.IN_PROGRESS


@pytest.mark.parametrize("switched_off", ["owner", "backend"])
def test_no_character_is_created(alice, hints, switched_off):
    backend = BackendFactory(can_characters=True)
    character = Character(owner=alice, name="Ada", backend=backend)
    character.file.save("clip.mp4", ContentFile(b"clip"), save=False)
    character.save()
    _switch(getattr(character, switched_off), on=False)
    characters.sweep()
    assert hints == []
    characters.create_character(character.pk)
    character.refresh_from_db()
    assert (character.attempts, character.error_message) == (0, "")
    _switch(getattr(character, switched_off), on=True)
    characters.sweep()
    assert hints == [("create_character", character.pk)]
