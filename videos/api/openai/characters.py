"""Characters in the Videos API. The protocol's reply means that a character is there, so we wait a little."""

import time
from hashlib import file_digest, sha256
from io import BytesIO

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from videos.api.auth import Caller
from videos.api.errors import ApiError, not_found
from videos.api.idempotency import RETRY_WINDOW
from videos.api.openai import requests, responses
from videos.api.openai.endpoint import own_video, reply
from videos.api.openai.requests import PUBLIC_ID
from videos.models import Character
from videos.services.characters import backends_with_characters, create_character, create_character_from_video

WAIT = 10.0  # seconds for a worker to hand the clip to the backend
LOOK_EVERY = 0.25  # seconds


def create(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /videos/characters, from an uploaded clip or, as with edits, from a video of one's own.

    Answers once the backend has the character; after `WAIT` seconds also without that. A retry of a request
    whose reply was lost is answered with the character that the first one made.
    """
    fields = requests.read(request)
    name, source = fields.needed("name"), requests.source(fields)
    character = _earlier(caller, name, source) if requests.retries(request) else None
    return reply(responses.character(_settled(character or _made(caller, name, source))))


def retrieve(_: HttpRequest, caller: Caller, character_id: str) -> HttpResponse:
    """GET /videos/characters/{id}."""
    mine = Character.objects.filter(owner=caller.user, deleted_at=None, public_id=character_id)
    character = mine.first() if PUBLIC_ID.fullmatch(character_id) else None
    if character is None:
        raise not_found("Character", character_id)
    return reply(responses.character(character))


def _made(caller: Caller, name: str, source: bytes | str) -> Character:
    if isinstance(source, str):
        return create_character_from_video(caller.user, name, own_video(caller, source))
    backends = backends_with_characters()
    if not backends:
        raise ApiError(400, "unsupported", "No backend that is in use has characters.")
    return create_character(caller.user, name, BytesIO(source), backends[0])


def _earlier(caller: Caller, name: str, source: bytes | str) -> Character | None:
    """The character that the first sending of this request made."""
    digest = own_video(caller, source).sha256 if isinstance(source, str) else sha256(source).hexdigest()
    since = timezone.now() - RETRY_WINDOW
    alike = Character.objects.filter(
        owner=caller.user, deleted_at=None, name=name.strip(), created_at__gte=since
    )
    return next((character for character in alike if _digest(character) == digest), None)


def _digest(character: Character) -> str:
    with character.file.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _settled(character: Character) -> Character:
    """Wait until the backend has it or a worker has given up. Raises `ApiError` when it never will."""
    deadline = time.monotonic() + WAIT
    while character.due_at is not None and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
        character.refresh_from_db()
    if character.due_at is None and not character.backend_character_id:
        raise ApiError(400, "character_refused", character.error_message, param="video")
    return character
