"""Sending a character's clip to its backend, once, and writing down what came of it."""

import logging
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from videos.backends.client import ClipFile
from videos.backends.errors import BackendError, Refused, Unavailable
from videos.engine import clients, enqueue, pacing, rate_limit
from videos.lifecycle import DETAIL_LIMIT, storable
from videos.media.inspect import NotAVideo, inspect_video
from videos.models import Character

logger = logging.getLogger(__name__)

PREPARING = timedelta(seconds=60)  # for copying and inspecting the clip, beside the call itself
TRIES = 15  # with these waits about an hour
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0  # seconds

_UNPLAYABLE = "The clip cannot be played, so nothing was sent: {}"
_CLIP_GONE = "The clip could not be read, so nothing was sent. Make the character again."
_REFUSED = "The backend refused this character: {}"
_GIVEN_UP = "This was tried for an hour, and nothing was made. Make the character again later: {}"
_UNKNOWN = (
    "The backend's answer never arrived, so the character may or may not exist there. Making it again is"
    " safe: a character is not a paid job."
)


class _NothingSentError(Exception):
    """The character will not do; says why, for people and for operators."""

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


def sweep() -> None:
    """Hint at the characters that are due, and remove what killed workers left among the temporary files."""
    for pk in _due().values_list("pk", flat=True)[:100]:
        enqueue.send("cast", pk)
    folders = list(_tmp().glob("cast-*"))
    if not folders:
        return
    # Asked after looking: a folder is made only after its lease.
    held = Character.objects.filter(lease_token__isnull=False).values_list("lease_token", flat=True)
    alive = {token.hex for token in held if token is not None}
    for folder in folders:
        if folder.name.split("-")[1] not in alive:
            shutil.rmtree(folder, ignore_errors=True)


def create_character(character_id: int) -> None:
    """Have the backend make a due character of its clip, if nobody else is doing so.

    The clip is sent once. It is sent again only after the backend provably did not take it; where nobody can
    tell, the row says so and is settled. A worker that lost its lease sends nothing; if it had sent the clip
    by then and the backend took it, that counts.
    """
    if _settle_interrupted(character_id):
        return
    character = _due().select_related("backend").filter(pk=character_id).first()
    if character is None or not rate_limit.acquire(character.backend_id, 1, now=timezone.now()):
        return
    token = _claim(character)
    if token is None:
        return
    try:
        backend_id = _sent(character, token)
    except _NothingSentError as error:
        _settle(character, token, error.message, error.detail)
    except OSError as error:  # our own disk: the client raises none
        trouble = Unavailable("The studio cannot read the clip.", code="storage", detail=repr(error))
        _put_off(character, token, trouble)
    except Unavailable as error:
        _put_off(character, token, error)
    except BackendError as error:
        if error.code == "invalid_key":
            _put_off(character, token, error)
        else:
            message = _REFUSED.format(error.message) if isinstance(error, Refused) else _UNKNOWN
            _settle(character, token, message, f"{error.message} {error.detail}")
    else:
        _keep(character, backend_id)


def _due() -> QuerySet[Character]:
    now = timezone.now()
    rests = Q(backend__paused_until__gt=now)
    return Character.objects.filter(due_at__lte=now, deleted_at=None).exclude(rests)


def _settle_interrupted(character_id: int) -> bool:
    """Settle one whose worker died: it is leased after its time, and the clip may have been sent."""
    left = Character.objects.filter(
        pk=character_id, lease_token__isnull=False, due_at__lte=timezone.now(), deleted_at=None
    )
    detail = "The lease ran out while the clip was being sent."
    return bool(left.update(due_at=None, lease_token=None, **_told(_UNKNOWN, detail)))


def _claim(character: Character) -> uuid.UUID | None:
    """Take the lease. Until `due_at`, which it moves ahead, nobody else touches the row."""
    token, now = uuid.uuid4(), timezone.now()
    lease = PREPARING + _deadline(character)
    free = Character.objects.filter(pk=character.pk, lease_token=None, due_at__lte=now, deleted_at=None)
    taken = free.update(lease_token=token, due_at=now + lease, attempts=F("attempts") + 1)
    return token if taken else None


def _deadline(character: Character) -> timedelta:
    return timedelta(seconds=clients.connection_for(character.backend).deadline)


def _held(character: Character, token: uuid.UUID) -> QuerySet[Character]:
    return Character.objects.filter(pk=character.pk, lease_token=token)


def _sent(character: Character, token: uuid.UUID) -> str:
    """Send the clip and return the backend's id.

    Raises `BackendError`, `Unavailable` also when the lease no longer lasts as long as a call may, and
    `_NothingSentError` when the clip will not do.
    """
    with _copied(character, token) as path, path.open("rb") as file:
        _inspect(path)
        with clients.client_for(character.backend) as client:
            # A worker that was frozen since the claim must not send what was settled meanwhile.
            still = _held(character, token).filter(due_at__gt=timezone.now() + _deadline(character))
            if not still.exists():
                raise Unavailable("The studio was too busy to send the clip in time.", code="late")
            return client.create_character(character.name, ClipFile("clip.mp4", file))


def _tmp() -> Path:
    folder: Path = settings.DATA_DIR / "tmp"
    return folder


@contextmanager
def _copied(character: Character, token: uuid.UUID) -> Iterator[Path]:
    """A copy of the clip on this machine's disk, for as long as the block runs."""
    _tmp().mkdir(parents=True, exist_ok=True)
    prefix = f"cast-{token.hex}-"
    with TemporaryDirectory(dir=_tmp(), prefix=prefix, ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "clip.mp4"
        try:
            with character.file.open("rb") as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy)
        except (FileNotFoundError, ValueError) as error:
            raise _NothingSentError(_CLIP_GONE, repr(error)) from error
        yield path


def _inspect(path: Path) -> None:
    try:
        inspect_video(path)
    except NotAVideo as error:
        raise _NothingSentError(_UNPLAYABLE.format(error), error.detail) from error


def _keep(character: Character, backend_id: str) -> None:
    """Write the id down, also after the lease ran out: who has it knows that the character exists."""
    without = Character.objects.filter(pk=character.pk, backend_character_id="")
    without.update(
        backend_character_id=backend_id, due_at=None, lease_token=None, error_message="", error_detail=""
    )


def _settle(character: Character, token: uuid.UUID, message: str, detail: str) -> None:
    logger.warning("Character %s was not made: %s", character.public_id, detail or message)
    _held(character, token).update(due_at=None, lease_token=None, **_told(message, detail))


def _put_off(character: Character, token: uuid.UUID, error: BackendError) -> None:
    """Nothing came of it, and it may the next time: try again, for about an hour."""
    tries = character.attempts + 1
    detail = f"{error.message} {error.detail}"
    if tries >= TRIES:
        _settle(character, token, _GIVEN_UP.format(error.message), detail)
        return
    asked = error.retry_after if isinstance(error, Unavailable) else None
    wait = asked or pacing.backoff(character.attempts, first=FIRST_WAIT, longest=LONGEST_WAIT)
    due_at = timezone.now() + timedelta(seconds=wait)
    held = _held(character, token).filter(deleted_at=None)
    held.update(due_at=due_at, lease_token=None, **_told("", detail))


def _told(message: str, detail: str) -> dict[str, str]:
    return {
        "error_message": storable(message, DETAIL_LIMIT),
        "error_detail": storable(detail, DETAIL_LIMIT),
    }
