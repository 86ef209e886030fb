"""Creating characters: sending a clip to its backend, once, and recording what came of it."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from contentgen.stored_texts import sentence
from videos.backends.errors import BackendError, RefusedError, UnavailableError
from videos.backends.requests import ClipFile
from videos.containers import container_of
from videos.engine import bulkhead, clients, enqueue, fair_queue, pacing, rate_limit
from videos.engine.workspace import copy_from_storage, workspace
from videos.media.errors import DecoderBusyError
from videos.media.inspect import NotAVideoError, inspect_video
from videos.media.sandbox import worker_budget
from videos.models import Character, StudioState
from videos.models.values import DETAIL_LIMIT
from videos.validation import storable_text

logger = logging.getLogger(__name__)

PREPARATION = timedelta(seconds=60)  # for copying and inspecting the clip, beside the call itself
DECODER_PATIENCE = 20.0  # seconds of that to wait for a decoder
HINTS_PER_BACKEND = 20  # in one sweep
MAX_ATTEMPTS = 15  # with these delays about an hour
FIRST_DELAY, MAX_DELAY = 5.0, 300.0  # seconds

_UNPLAYABLE = sentence(gettext_noop("The clip cannot be played, so nothing was sent: %(sentence)s"))
_CLIP_GONE = gettext_noop("The clip could not be read, so nothing was sent. Create the character again.")
_REFUSED = sentence(gettext_noop("The backend refused this character: %(sentence)s"))
_EXHAUSTED = sentence(
    gettext_noop("We tried for an hour without success. Create the character again later: %(sentence)s")
)
_UNREADABLE = sentence(gettext_noop("The studio cannot read the clip."))
_TOO_BUSY_TO_LOOK = sentence(gettext_noop("The studio was too busy to look at the clip."))
_TOO_BUSY_TO_SEND = sentence(gettext_noop("The studio was too busy to send the clip in time."))
_LEASE_RAN_OUT = gettext_noop("The lease ran out while the clip was being sent.")
_UNKNOWN = gettext_noop(
    "The backend never replied, so the character may or may not exist there. Creating it again is"
    " safe: characters are not charged."
)


class _UnusableClipError(Exception):
    """The clip cannot be sent; holds the reason for people and the detail for operators."""

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


def sweep() -> None:
    """Hint at the characters that are due, at each backend at those that have waited longest."""
    if StudioState.objects.load().is_held:
        return
    for backend_id in _due().order_by().values_list("backend", flat=True).distinct():
        waiting = _due().filter(backend=backend_id).order_by("due_at", "pk")
        for pk in waiting.values_list("pk", flat=True)[:HINTS_PER_BACKEND]:
            enqueue.send("create_character", pk)


def create_character(character_id: int) -> None:
    """Have the backend make a due character from its clip, unless another worker is doing so.

    The clip is sent once. It is sent again only after the backend provably did not accept it; where that is
    unknown, the row says so and is final. A worker that lost its lease sends nothing; if it had sent the clip
    by then and the backend accepted it, that counts.
    """
    if _settle_interrupted(character_id):
        return
    character = _due().select_related("backend").filter(pk=character_id).first()
    if character is None:
        return
    with bulkhead.call(character.backend_id) as is_admitted:
        if not is_admitted or not rate_limit.acquire(character.backend_id, 1, now=timezone.now()):
            return
        token = _claim(character)
        if token is not None:
            _create(character, token)


def _create(character: Character, token: uuid.UUID) -> None:
    try:
        backend_id = _send_clip(character, token)
    except _UnusableClipError as error:
        _fail(character, token, error.message, error.detail)
    except OSError as error:  # our own disk: the client raises none
        unavailable = UnavailableError(_UNREADABLE, code="storage", detail=repr(error))
        _retry_or_fail(character, token, unavailable)
    except UnavailableError as error:
        _retry_or_fail(character, token, error)
    except BackendError as error:
        if isinstance(error, RefusedError) and error.concerns_account:
            _retry_or_fail(character, token, error)
        else:
            message = _REFUSED % {"sentence": error.message} if isinstance(error, RefusedError) else _UNKNOWN
            _fail(character, token, message, f"{error.message} {error.detail}")
    else:
        _complete(character, backend_id)


def _due() -> QuerySet[Character]:
    now = timezone.now()
    is_paused = Q(backend__paused_until__gt=now)
    not_held = fair_queue.BACKEND_NOT_HELD & fair_queue.OWNER_NOT_HELD
    return Character.objects.filter(not_held, due_at__lte=now, deleted_at=None).exclude(is_paused)


def _settle_interrupted(character_id: int) -> bool:
    """Fail a character whose worker died: its lease has run out, and the clip may have been sent."""
    interrupted = Character.objects.filter(
        pk=character_id, lease_token__isnull=False, due_at__lte=timezone.now(), deleted_at=None
    )
    return bool(interrupted.update(due_at=None, lease_token=None, **_error_fields(_UNKNOWN, _LEASE_RAN_OUT)))


def _claim(character: Character) -> uuid.UUID | None:
    """Take the lease. Until `due_at`, which it moves ahead, nobody else touches the row.

    Nothing is taken while submissions are held, nor what was paused by then: whoever pauses locks that row.
    """
    token, now = uuid.uuid4(), timezone.now()
    lease = PREPARATION + _deadline(character)
    with transaction.atomic():
        if StudioState.objects.lock_submissions().is_held or not _due().filter(pk=character.pk).exists():
            return None
        free = Character.objects.filter(pk=character.pk, lease_token=None, due_at__lte=now)
        taken = free.update(lease_token=token, due_at=now + lease, attempts=F("attempts") + 1)
    return token if taken else None


def _deadline(character: Character) -> timedelta:
    """How long the call may take."""
    return timedelta(seconds=clients.connection_for(character.backend).deadline)


def _leased(character: Character, token: uuid.UUID) -> QuerySet[Character]:
    return Character.objects.filter(pk=character.pk, lease_token=token)


def _send_clip(character: Character, token: uuid.UUID) -> str:
    """Send the clip and return the backend's id for the character.

    Raises `BackendError`; `UnavailableError` also when the lease no longer lasts as long as the call may; and
    `_UnusableClipError` when the clip cannot be sent.
    """
    with _local_copy(character, token) as path, path.open("rb") as file:
        _inspect(path)
        with clients.client_for(character.backend, character.hops) as client:
            # A worker that was frozen since the claim must not send what was settled meanwhile.
            lasting = _leased(character, token).filter(due_at__gt=timezone.now() + _deadline(character))
            if not lasting.exists():
                raise UnavailableError(_TOO_BUSY_TO_SEND, code="late")
            return client.create_character(character.name, ClipFile(path.name, file))


@contextmanager
def _local_copy(character: Character, token: uuid.UUID) -> Iterator[Path]:
    """Yield a copy of the clip on the local disk. Raises `_UnusableClipError` when there is no clip."""
    with workspace(token) as folder:
        path = folder / f"clip{container_of(character.file.name).suffix}"
        try:
            copy_from_storage(character.file, path)
        except (FileNotFoundError, ValueError) as error:
            raise _UnusableClipError(_CLIP_GONE, repr(error)) from error
        yield path


def _inspect(path: Path) -> None:
    try:
        inspect_video(path, worker_budget(patience=DECODER_PATIENCE))
    except DecoderBusyError as error:
        raise UnavailableError(_TOO_BUSY_TO_LOOK, code="late") from error
    except NotAVideoError as error:
        raise _UnusableClipError(_UNPLAYABLE % {"sentence": error}, error.detail) from error


def _complete(character: Character, backend_id: str) -> None:
    """Store the backend's id, also after the lease ran out: it proves that the character exists there."""
    without_id = Character.objects.filter(pk=character.pk, backend_character_id="")
    without_id.update(
        backend_character_id=backend_id, due_at=None, lease_token=None, error_message="", error_detail=""
    )


def _fail(character: Character, token: uuid.UUID, message: str, detail: str) -> None:
    logger.warning("Character %s was not made: %s", character.public_id, detail or message)
    _leased(character, token).update(due_at=None, lease_token=None, **_error_fields(message, detail))


def _retry_or_fail(character: Character, token: uuid.UUID, error: BackendError) -> None:
    """Try again later, for about an hour: the backend did not accept the clip, and may do so then."""
    attempts = character.attempts + 1
    detail = f"{error.message} {error.detail}"
    if attempts >= MAX_ATTEMPTS:
        _fail(character, token, _EXHAUSTED % {"sentence": error.message}, detail)
        return
    requested = error.retry_after if isinstance(error, UnavailableError) else None
    delay = requested or pacing.backoff(character.attempts, first=FIRST_DELAY, longest=MAX_DELAY)
    due_at = timezone.now() + timedelta(seconds=delay)
    leased = _leased(character, token).filter(deleted_at=None)
    leased.update(due_at=due_at, lease_token=None, **_error_fields("", detail))


def _error_fields(message: str, detail: str) -> dict[str, str]:
    return {
        "error_message": storable_text(message, DETAIL_LIMIT),
        "error_detail": storable_text(detail, DETAIL_LIMIT),
    }
