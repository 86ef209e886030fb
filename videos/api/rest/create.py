"""Requests that create a video: read from JSON or a form, and carried out once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from accounts.models import User
from videos.api import idempotency
from videos.api.auth import Caller
from videos.api.bodies import FORM_TYPES, read_form, read_json_object, receive
from videos.api.errors import ApiError, unknown_parameter
from videos.api.images import numbered, open_image
from videos.api.rest.api import CONTRACT
from videos.api.rest.schemas import GenerateIn
from videos.capabilities import OfferCatalogue
from videos.models import ApprovalRequest, Character, Collection, Fit, ReferenceImage, Video
from videos.models.video_model import MAX_REFERENCES
from videos.parameter_texts import parse_object
from videos.services.approvals import create_or_ask
from videos.services.generation_requests import MAX_CHARACTERS, GenerationRequest
from videos.services.images import Image, NewImage, RequestImages, find_own_images
from videos.services.paid_requests import NewVideos, PaidRequest
from videos.services.sizes import resolve_size


@dataclass(frozen=True)
class Upload:
    """An image as it was sent: its bytes, of which one more than allowed are enough, and its file's name."""

    content: bytes
    name: str = ""


@dataclass(frozen=True)
class ParsedRequest:
    """A request for a new video: its fields, and the images that came as files, by the field's name."""

    fields: GenerateIn
    uploads: Mapping[str, Sequence[Upload]]

    @property
    def fingerprint(self) -> str:
        fields = self.fields.model_dump()
        # Left out where they are not given, as in the records from before there were any.
        fields = {name: value for name, value in fields.items() if name not in _ADDED_FIELDS or value}
        files: dict[str, bytes] = {}
        for name, uploads in self.uploads.items():
            contents = [each.content for each in uploads]
            files |= numbered(name, contents) if name == "references" else {name: contents[0]}
        return idempotency.compute_fingerprint("generate", fields, files)


_LISTS = ["characters", "references", "collections"]  # of ids; a form separates them by commas
_FILE_FIELDS = ("input_reference", "last_frame", "references")
_ADDED_FIELDS = (
    "reference",
    "last_frame",
    "references",
    "parameters",
    "ratio",
    "resolution",
    "backend",
    "collections",
)


def parse_request(request: HttpRequest) -> ParsedRequest:
    """Read a JSON object, or a form, whose images may be files.

    Raises `ApiError` or pydantic's ValidationError.
    """
    fields: dict[str, Any]
    uploads: dict[str, Sequence[Upload]] = {}
    if request.content_type in FORM_TYPES:
        texts, files = read_form(request, CONTRACT, lists=_LISTS)
        fields = {name: values[-1] for name, values in texts.items()}
        fields |= {name: each for name, each in files.items() if name not in _FILE_FIELDS}
        uploads = {name: _read_images(files[name]) for name in _FILE_FIELDS if files.get(name)}
        for name in _LISTS:
            listed = (each for text in texts.get(name, []) for each in text.split(","))
            fields[name] = [each.strip() for each in listed if each.strip()]
        fields["parameters"] = _parse_parameters(texts.get("parameters", [""])[-1])
    else:
        fields = read_json_object(request, CONTRACT)
    if fields.pop("input_reference", None):
        message = "Send the image as a file of a multipart form."
        raise ApiError(422, "invalid_value", message, param="input_reference")
    return ParsedRequest(GenerateIn.model_validate(fields), uploads)


def _parse_parameters(text: str) -> dict[str, Any]:
    try:
        return parse_object(text)
    except ValidationError as error:
        raise ApiError(422, "invalid_value", error.messages[0], param="parameters") from error


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


def create_from_request(
    caller: Caller, parsed: ParsedRequest, key: str
) -> tuple[Video | ApprovalRequest, bool]:
    """Create the video, or find the one that the same request created before; or what waits for approval.

    Returns it, and whether it is new. Raises what the image or the service finds wrong; then nothing is kept.
    """
    images = _open_images(caller.user, parsed)

    with images.stored(caller.user) as stored:

        def create() -> PaidRequest:
            return NewVideos([_generation_request(caller.user, parsed.fields)], stored)

        return create_or_ask_once(caller, parsed.fingerprint, create, key=key)


def create_or_ask_once(
    caller: Caller, fingerprint: str, wanted: Callable[[], PaidRequest], *, key: str
) -> tuple[Video | ApprovalRequest, bool]:
    """Carry out what is `wanted`, or have it wait for approval, once for the same request.

    Returns the first video, or what waits, and whether it is new. Raises what `wanted` and the service raise.
    """

    def create() -> Video | ApprovalRequest:
        made = create_or_ask(caller.user, wanted())
        return made if isinstance(made, ApprovalRequest) else made[0]

    return idempotency.create_once(caller, fingerprint, create, key=key)


def _open_images(owner: User, parsed: ParsedRequest) -> RequestImages:
    """Return the images: files that came along, and the caller's own by their ids. Raises `ApiError`."""

    if len(parsed.fields.references) + len(parsed.uploads.get("references", ())) > MAX_REFERENCES:
        message = f"A video can have at most {MAX_REFERENCES} references."  # each takes time to decode
        raise ApiError(422, "invalid_value", message, param="references")

    def opened(name: str) -> list[NewImage]:
        uploads = parsed.uploads.get(name, ())
        return [open_image(each.content, CONTRACT, param=name, file_name=each.name) for each in uploads]

    def frame(name: str, file_field: str) -> Image | None:
        public_id, files = getattr(parsed.fields, name), opened(file_field)
        if public_id and files:
            raise ApiError(422, "invalid_value", "Send a file or an id, not both.", param=file_field)
        own = _own_images(owner, [public_id] if public_id else [], name)
        found: list[Image] = [*files, *own]
        return found[0] if found else None

    listed = _own_images(owner, parsed.fields.references, "references")
    return RequestImages(
        frame("reference", "input_reference"),
        frame("last_frame", "last_frame"),
        (*listed, *opened("references")),
    )


def _own_images(owner: User, public_ids: list[str], field: str) -> tuple[ReferenceImage, ...]:
    try:
        return find_own_images(owner, public_ids, field=field)
    except ValidationError as error:
        message = "There is no image of yours with this id."
        raise ApiError(422, "invalid_value", message, param=field) from error


def fingerprint_of_action(action: str, video: Video, **fields: object) -> str:
    """Return what two requests share that ask for the same to be done with the same video."""
    return idempotency.compute_fingerprint(action, {"video": video.public_id, **fields})


def _generation_request(owner: User, fields: GenerateIn) -> GenerationRequest:
    characters = tuple(_get_characters(owner, fields.characters))
    size = _choose_size(fields)
    return GenerationRequest(
        fields.prompt,
        fields.model,
        fields.seconds,
        size,
        fit=Fit(fields.fit),
        characters=characters,
        parameters=fields.parameters,
        backend=fields.backend,
        collections=_get_collections(owner, fields.collections),
    )


def _get_collections(owner: User, ids: list[str]) -> tuple[Collection, ...]:
    editable = Collection.objects.editable_by(owner).filter(public_id__in=ids)
    found = {collection.public_id: collection for collection in editable} if ids else {}
    for public_id in ids:
        if public_id not in found:
            message = f"There is no collection with id '{public_id}' that you can add videos to."
            raise ApiError(422, "invalid_value", message, param="collections")
    return tuple(found[public_id] for public_id in dict.fromkeys(ids))


def _choose_size(fields: GenerateIn) -> str:
    """Return the size, or the one that ratio and resolution name. Raises `ApiError`, or `ValidationError`."""
    if not (fields.ratio or fields.resolution):
        return fields.size
    if "size" in fields.model_fields_set:
        message = "Give either size, or ratio and resolution."
        raise ApiError(422, "invalid_value", message, param="size")
    offer = OfferCatalogue().get(fields.model)
    # Without its model the request is refused for that, whatever its size.
    return fields.size if offer is None else resolve_size(offer.model, fields.ratio, fields.resolution)


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


def _read_images(uploads: Sequence[UploadedFile[bytes]]) -> list[Upload]:
    """Read of each at most one byte more than is allowed, which is enough to know that it is too large."""
    return [Upload(each.read(settings.MAX_FILE_SIZE + 1), each.name or "") for each in uploads]
