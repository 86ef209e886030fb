"""Characters in the Videos API, whose answer means that the character exists: so we wait a little."""

import time
from hashlib import file_digest, sha256
from io import BytesIO

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from videos.api.access import get_own_video
from videos.api.auth import Caller
from videos.api.errors import ApiError, not_found
from videos.api.idempotency import RETRY_WINDOW
from videos.api.openai import requests, responses
from videos.api.openai.endpoint import json_response
from videos.api.openai.loops import read_hops
from videos.models import Character
from videos.services.characters import backends_with_characters, create_character, create_character_from_video
from videos.validation import clean_line, is_public_id

MAX_WAIT = 10.0  # seconds for a worker to hand the clip to the backend
POLL_INTERVAL = 0.25  # seconds


def create(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /videos/characters, from an uploaded clip or, as with edits, from the caller's own video.

    Answers once the backend has the character, or after `MAX_WAIT` seconds. A retry of a request whose answer
    was lost is answered with the character that the first request created.
    """
    fields = requests.parse_fields(request, "name", "video")
    name, source = fields.required_text("name"), requests.parse_source(fields)
    character = _find_earlier(caller, name, source) if requests.parse_retry_count(request) else None
    character = _wait_until_created(character or _create(caller, name, source, ", ".join(read_hops(request))))
    return json_response(responses.serialize_character(character))


def retrieve(_: HttpRequest, caller: Caller, character_id: str) -> HttpResponse:
    """GET /videos/characters/{id}."""
    own = Character.objects.filter(owner=caller.user, deleted_at=None, public_id=character_id)
    character = own.first() if is_public_id(character_id) else None
    if character is None:
        raise not_found("Character", character_id)
    return json_response(responses.serialize_character(character))


def _create(caller: Caller, name: str, source: bytes | str, hops: str) -> Character:
    if isinstance(source, str):
        return create_character_from_video(caller.user, name, get_own_video(caller, source), hops=hops)
    backends = backends_with_characters()
    if not backends:
        raise ApiError(400, "unsupported", "No enabled backend supports characters.")
    return create_character(caller.user, name, BytesIO(source), backends[0], hops=hops)


def _find_earlier(caller: Caller, name: str, source: bytes | str) -> Character | None:
    """Return the character that the first attempt of this request created, or None."""
    digest = get_own_video(caller, source).sha256 if isinstance(source, str) else sha256(source).hexdigest()
    since = timezone.now() - RETRY_WINDOW
    alike = Character.objects.filter(
        owner=caller.user, deleted_at=None, name=clean_line(name), created_at__gte=since
    )
    return next((character for character in alike if _digest(character) == digest), None)


def _digest(character: Character) -> str:
    with character.file.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _wait_until_created(character: Character) -> Character:
    """Wait until the backend has it or a worker has given up. Raises `ApiError` if it was refused."""
    deadline = time.monotonic() + MAX_WAIT
    while character.due_at is not None and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL)
        character.refresh_from_db()
    if character.due_at is None and not character.backend_character_id:
        raise ApiError(400, "character_refused", character.error_message, param="video")
    return character
