"""A character's clip is sent once; whatever happens on the way, the row says what became of it."""

import errno
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from tests.engine.fake import FakeBackend
from videos.backends.errors import BackendError, RefusedError, UnavailableError, UnknownOutcomeError
from videos.engine import characters, sweep
from videos.media.sandbox import Budget
from videos.models import Backend, Character
from videos.services.characters import delete_character

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(backend: Backend, alice, sample_video: bytes) -> Character:
    return _character(backend, alice, sample_video)


def _character(backend: Backend, owner, content: bytes, **fields) -> Character:
    character = Character(owner=owner, backend=backend, name="Ada", **fields)
    character.file.save("clip.mp4", ContentFile(content), save=False)
    character.save()
    return character


def _created(character: Character) -> Character:
    characters.create_character(character.pk)
    character.refresh_from_db()
    return character


def _left() -> list[str]:
    return sorted(path.name for path in (Path(settings.DATA_DIR) / "tmp").glob("*"))


def test_it_sends_the_clip_and_keeps_the_id(ada: Character, fake: FakeBackend, sample_video: bytes):
    assert _created(ada).is_ready
    assert fake.characters == [("Ada", sample_video)]
    assert (ada.backend_character_id, ada.error_message) == ("char_1", "")
    assert (ada.lease_token, ada.due_at) == (None, None)
    assert _left() == []


def test_a_clip_from_a_phone_is_sent_under_its_own_kind(
    ada: Character, fake: FakeBackend, sample_video: bytes
):
    mov = b"\x00\x00\x00\x20ftypqt  " + sample_video[12:]
    ada.file.save("clip.mov", ContentFile(mov), save=True)

    assert _created(ada).is_ready
    assert fake.clip_names == ["clip.mov"]


def test_a_message_delivered_twice_sends_once(ada: Character, fake: FakeBackend):
    fake.during_create = lambda: characters.create_character(ada.pk)
    _created(ada)
    _created(ada)

    assert len(fake.characters) == 1


def test_a_clip_that_cannot_be_played_is_not_sent(
    backend: Backend, fake: FakeBackend, alice, sample_video: bytes
):
    half = _created(_character(backend, alice, sample_video[: len(sample_video) // 2]))

    assert "cannot be played" in half.error_message
    assert (half.is_ready, half.due_at, half.lease_token) == (False, None, None)
    assert fake.characters == []


def test_a_clip_that_is_gone_is_not_sent(ada: Character, fake: FakeBackend):
    ada.file.storage.delete(ada.file.name)

    assert "could not be read" in _created(ada).error_message
    assert ada.due_at is None
    assert fake.characters == []


def test_a_full_disk_is_waited_for(ada: Character, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(characters, "copy_from_storage", full)
    _created(ada)

    assert fake.characters == []
    assert (ada.error_message, ada.lease_token) == ("", None)
    assert "No space left" in ada.error_detail
    assert ada.due_at > timezone.now()
    assert _left() == []


def test_a_refusal_is_final(ada: Character, fake: FakeBackend):
    fake.create_error = RefusedError("No face in it.", code="bad_request", status=400, detail="HTTP 400")

    assert "No face in it." in _created(ada).error_message
    assert "HTTP 400" in ada.error_detail
    assert ada.due_at is None
    _created(ada)
    assert len(fake.characters) == 1


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("Away.", code="unreachable"),
        RefusedError("The key.", code="invalid_key", status=401),
    ],
)
def test_a_backend_that_is_away_is_tried_again_for_a_while(
    ada: Character, fake: FakeBackend, error: BackendError
):
    fake.create_error = error
    waits = []
    while _created(ada).due_at is not None:
        assert (ada.error_message, ada.lease_token) == ("", None)
        waits.append((ada.due_at - timezone.now()).total_seconds())
        Character.objects.update(due_at=timezone.now())

    assert len(fake.characters) == characters.MAX_ATTEMPTS
    assert waits[0] < 6
    assert 1200 < sum(waits) < 4800
    assert error.message in ada.error_message
    assert "again later" in ada.error_message


def test_it_waits_as_long_as_the_backend_asked(ada: Character, fake: FakeBackend):
    fake.create_error = UnavailableError("Slow down.", code="rate_limited", status=429, retry_after=77)

    assert 70 < (_created(ada).due_at - timezone.now()).total_seconds() <= 77
    fake.create_error = None
    _created(ada)
    assert len(fake.characters) == 1, "not before it is due"


def test_where_nobody_can_tell_it_says_so_and_sends_nothing_more(
    ada: Character, fake: FakeBackend, hints: list
):
    fake.create_error = UnknownOutcomeError("No reply.", code="timeout")

    assert "may or may not exist" in _created(ada).error_message
    assert "safe" in ada.error_message
    assert (ada.due_at, ada.lease_token) == (None, None)
    sweep.sweep()
    _created(ada)
    assert ("create_character", ada.pk) not in hints
    assert len(fake.characters) == 1


def test_a_worker_that_was_killed_leaves_the_same(ada: Character, fake: FakeBackend, hints: list):
    token = uuid.uuid4()
    Character.objects.filter(pk=ada.pk).update(
        lease_token=token, due_at=timezone.now() - timedelta(seconds=1), attempts=1
    )
    folder = Path(settings.DATA_DIR) / "tmp" / f"lease-{token.hex}-x"
    folder.mkdir(parents=True)

    sweep.sweep()
    assert hints == [("create_character", ada.pk)]
    assert folder.exists(), "the lease may still be used"
    assert "may or may not exist" in _created(ada).error_message
    sweep.sweep()

    assert fake.characters == []
    assert not folder.exists()


def test_a_worker_that_is_at_it_is_left_alone(ada: Character, fake: FakeBackend, hints: list):
    later = timezone.now() + timedelta(seconds=30)
    Character.objects.filter(pk=ada.pk).update(lease_token=uuid.uuid4(), due_at=later)

    sweep.sweep()
    _created(ada)

    assert hints == []
    assert fake.characters == []
    assert ada.error_message == ""


def test_a_late_answer_still_counts(ada: Character, fake: FakeBackend):
    def lease_runs_out() -> None:
        Character.objects.filter(pk=ada.pk).update(due_at=timezone.now())
        characters.create_character(ada.pk)

    fake.during_create = lease_runs_out

    assert _created(ada).is_ready
    assert ada.error_message == ""
    assert len(fake.characters) == 1


def test_a_late_refusal_changes_nothing(ada: Character, fake: FakeBackend):
    def settled_meanwhile() -> None:
        Character.objects.filter(pk=ada.pk).update(
            backend_character_id="char_0", lease_token=None, due_at=None
        )

    fake.during_create = settled_meanwhile
    fake.create_error = RefusedError("No.", code="bad_request", status=400)

    assert _created(ada).is_ready
    assert ada.error_message == ""


@pytest.mark.parametrize("left", [timedelta(seconds=1), timedelta(seconds=-1)])
def test_a_worker_that_was_frozen_since_its_claim_sends_nothing(
    ada: Character, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch, left: timedelta
):
    def frozen(_: Path, __: Budget) -> None:
        Character.objects.filter(pk=ada.pk).update(due_at=timezone.now() + left)

    monkeypatch.setattr(characters, "inspect_video", frozen)
    _created(ada)

    assert fake.characters == []
    assert ada.due_at is not None


def test_one_that_was_deleted_meanwhile_is_not_sent(
    ada: Character, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(characters, "inspect_video", lambda *_: delete_character(ada))
    _created(ada)

    assert fake.characters == []
    assert ada.due_at is None


def test_one_that_was_deleted_before_is_not_sent(ada: Character, fake: FakeBackend, hints: list):
    delete_character(ada)

    sweep.sweep()
    _created(ada)

    assert hints == []
    assert fake.characters == []


def test_a_backend_that_rests_is_sent_nothing(
    ada: Character, backend: Backend, fake: FakeBackend, hints: list
):
    Backend.objects.filter(pk=backend.pk).update(paused_until=timezone.now() + timedelta(minutes=1))

    sweep.sweep()
    _created(ada)

    assert hints == []
    assert fake.characters == []
    assert ada.due_at is not None


def test_a_backend_that_may_be_asked_no_more_now_is_asked_later(
    ada: Character, backend: Backend, fake: FakeBackend
):
    Backend.objects.filter(pk=backend.pk).update(
        requests_per_minute=1, request_allowance=0, request_allowance_at=timezone.now()
    )
    _created(ada)

    assert fake.characters == []
    assert (ada.attempts, ada.lease_token) == (0, None)
    assert ada.due_at <= timezone.now()
