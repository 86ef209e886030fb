"""Requests that make a video: read from JSON or a form, and carried out once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from accounts.models import User
from videos.api import idempotency
from videos.api.auth import Caller
from videos.api.errors import ApiError, from_validation
from videos.api.http import unparsable
from videos.api.rest.schemas import GenerateIn
from videos.capabilities import available_offers
from videos.media.reference import BadReferenceError, Reference, open_reference
from videos.models import Character, Fit, Video
from videos.services.references import keep_reference
from videos.services.videos import (
    MAX_CHARACTERS,
    GenerationRequest,
    create_video,
    reference_unsupported,
    validate_request,
)

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_NAMES = {"reference": "input_reference"}


@dataclass(frozen=True)
class Asked:
    """A request for a new video: its fields, and the bytes of its reference image if there is one."""

    fields: GenerateIn
    image: bytes | None

    @property
    def fingerprint(self) -> str:
        files = {} if self.image is None else {"input_reference": self.image}
        return idempotency.fingerprint("generate", self.fields.model_dump(), files)


def read(request: HttpRequest) -> Asked:
    """Read a JSON object, or a form with a file `input_reference`.

    Raises `ApiError` or pydantic's ValidationError.
    """
    fields: dict[str, Any]
    if request.content_type in _FORMS:
        fields = {name: request.POST[name] for name in request.POST}
        listed = (each for text in request.POST.getlist("characters") for each in text.split(","))
        fields["characters"] = [each.strip() for each in listed if each.strip()]
    else:
        fields = _object(request)
    if fields.pop("input_reference", None):
        message = "Send the image as a file of a multipart form."
        raise ApiError(422, "invalid_value", message, param="input_reference")
    asked = GenerateIn.model_validate({name: value for name, value in fields.items() if value is not None})
    return Asked(asked, _image(request.FILES.get("input_reference")))


def generate(caller: Caller, asked: Asked, key: str) -> tuple[Video, bool]:
    """Create the video, or find the one that the same request made before. Returns it, and whether it is new.

    Raises `ApiError`; then nothing is kept.
    """
    picture = _opened(asked.image)

    def make() -> Video:
        wish = _wish(caller.user, asked.fields)
        if picture is None:
            return create_video(caller.user, wish)
        validate_request(wish)
        offer = available_offers()[wish.model]
        if not offer.takes_reference:  # asked before the file is kept, which no rollback would remove
            raise ValidationError({"reference": reference_unsupported(offer)})
        image = keep_reference(caller.user, picture)
        with_image = GenerationRequest(
            wish.prompt, wish.model, wish.seconds, wish.size, image, wish.fit, wish.characters
        )
        return create_video(caller.user, with_image)

    return carried_out_once(caller, asked.fingerprint, make, key)


def carried_out_once(
    caller: Caller, fingerprint: str, make: Callable[[], Video], key: str
) -> tuple[Video, bool]:
    """As `idempotency.once`, with what a service finds wrong told as an `ApiError`.

    409 when it is about the video that another is made from, 422 for the other fields.
    """
    try:
        return idempotency.once(caller, fingerprint, make, key=key)
    except ValidationError as error:
        status = 409 if "video" in error.message_dict else 422
        raise from_validation(error, status=status, names=_NAMES) from error


def fingerprint(action: str, video: Video, **fields: object) -> str:
    """What two requests share that want the same done to the same video."""
    return idempotency.fingerprint(action, {"video": video.public_id, **fields})


def _wish(owner: User, fields: GenerateIn) -> GenerationRequest:
    characters = _characters(owner, fields.characters)
    return GenerationRequest(
        fields.prompt, fields.model, fields.seconds, fields.size, None, Fit(fields.fit), tuple(characters)
    )


def _characters(owner: User, ids: list[str]) -> list[Character]:
    wanted = list(dict.fromkeys(ids))[: MAX_CHARACTERS + 1]
    own = Character.objects.filter(owner=owner, deleted_at=None, public_id__in=wanted)
    found: Mapping[str, Character] = {character.public_id: character for character in own}
    for public_id in wanted:
        if public_id not in found:
            raise ApiError(
                422, "invalid_value", f"There is no character with id '{public_id}'.", param="characters"
            )
    return [found[public_id] for public_id in wanted]


def _object(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise unparsable() from error
    if not isinstance(body, dict):
        raise ApiError(422, "invalid_value", "The body must be a JSON object.", param="body")
    return body


def _image(upload: UploadedFile[bytes] | None) -> bytes | None:
    """One byte more than is allowed is enough to know."""
    return None if upload is None else upload.read(settings.MAX_FILE_SIZE + 1)


def _opened(image: bytes | None) -> Reference | None:
    if image is None:
        return None
    try:
        return open_reference(image, max_bytes=settings.MAX_FILE_SIZE)
    except BadReferenceError as error:
        status = 413 if error.code == "too_large" else 422
        raise ApiError(status, error.code, str(error), param="input_reference") from error
