"""Requests that create a video: read from JSON or a form, and carried out once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from accounts.models import User
from videos.api import idempotency
from videos.api.auth import Caller
from videos.api.bodies import FORM_TYPES, read_form, read_json_object, receive
from videos.api.errors import ApiError, unknown_parameter
from videos.api.rest.api import CONTRACT
from videos.api.rest.schemas import GenerateIn
from videos.media.reference import open_reference
from videos.models import Character, Fit, Video
from videos.services.videos import (
    MAX_CHARACTERS,
    GenerationRequest,
    create_video,
    create_video_from_image,
)


@dataclass(frozen=True)
class ParsedRequest:
    """A request for a new video: its fields, and the bytes of its reference image if there is one."""

    fields: GenerateIn
    image: bytes | None
    image_name: str = ""

    @property
    def fingerprint(self) -> str:
        files = {} if self.image is None else {"input_reference": self.image}
        # A field that earlier releases did not have counts only where it is used, so that their records hold.
        later = {"backend"} if not self.fields.backend else None
        return idempotency.compute_fingerprint("generate", self.fields.model_dump(exclude=later), files)


def parse_request(request: HttpRequest) -> ParsedRequest:
    """Read a JSON object, or a form with a file `input_reference`.

    Raises `ApiError` or pydantic's ValidationError.
    """
    fields: dict[str, Any]
    upload = None
    if request.content_type in FORM_TYPES:
        texts, files = read_form(request, CONTRACT, lists=["characters"])
        upload = files.pop("input_reference", None)
        fields = {name: values[-1] for name, values in texts.items()} | dict(files)
        listed = (each for text in texts.get("characters", []) for each in text.split(","))
        fields["characters"] = [each.strip() for each in listed if each.strip()]
    else:
        fields = read_json_object(request, CONTRACT)
    if fields.pop("input_reference", None):
        message = "Send the image as a file of a multipart form."
        raise ApiError(422, "invalid_value", message, param="input_reference")
    name = (upload.name or "") if upload else ""
    return ParsedRequest(GenerateIn.model_validate(fields), _read_image(upload), name)


def refuse_fields(request: HttpRequest) -> None:
    """Raise `ApiError` for a body with any field in it: the request takes none."""
    if request.content_type in FORM_TYPES:
        texts, files = read_form(request, CONTRACT)
        names = [*texts, *files]
    else:
        receive(request)
        names = list(read_json_object(request, CONTRACT)) if request.body.strip() else []
    if names:
        raise unknown_parameter(names[0])


def create_from_request(caller: Caller, parsed: ParsedRequest, key: str) -> tuple[Video, bool]:
    """Create the video, or find the one that the same request created before.

    Returns it, and whether it is new. Raises what the image or the service finds wrong; then nothing is kept.
    """
    image = None
    if parsed.image is not None:
        image = open_reference(parsed.image, max_bytes=settings.MAX_FILE_SIZE)

    def create() -> Video:
        generation = _generation_request(caller.user, parsed.fields)
        if image is None:
            return create_video(caller.user, generation)
        return create_video_from_image(caller.user, generation, image, file_name=parsed.image_name)

    return idempotency.create_once(caller, parsed.fingerprint, create, key=key)


def fingerprint_of_action(action: str, video: Video, **fields: object) -> str:
    """Return what two requests share that ask for the same to be done with the same video."""
    return idempotency.compute_fingerprint(action, {"video": video.public_id, **fields})


def _generation_request(owner: User, fields: GenerateIn) -> GenerationRequest:
    characters = tuple(_get_characters(owner, fields.characters))
    return GenerationRequest(
        fields.prompt,
        fields.model,
        fields.seconds,
        fields.size,
        fit=Fit(fields.fit),
        characters=characters,
        backend=fields.backend,
    )


def _get_characters(owner: User, ids: list[str]) -> list[Character]:
    wanted = list(dict.fromkeys(ids))[: MAX_CHARACTERS + 1]
    own = Character.objects.filter(owner=owner, deleted_at=None, public_id__in=wanted)
    found: Mapping[str, Character] = {character.public_id: character for character in own}
    for public_id in wanted:
        if public_id not in found:
            raise ApiError(
                422, "invalid_value", f"There is no character with id '{public_id}'.", param="characters"
            )
    return [found[public_id] for public_id in wanted]


def _read_image(upload: UploadedFile[bytes] | None) -> bytes | None:
    """Read at most one byte more than is allowed, which is enough to know that it is too large."""
    return None if upload is None else upload.read(settings.MAX_FILE_SIZE + 1)
