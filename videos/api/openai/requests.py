"""Read requests to the Videos API, in every way that clients send them: as JSON, or as a form.

A form's `video[id]` stands for `{"video": {"id": …}}`, `characters[][id]` for a list of such objects.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.http import HttpRequest

from videos.api.bodies import FORM_TYPES, read_form, read_json_object
from videos.api.contract import Contract
from videos.api.errors import ApiError
from videos.api.images import numbered, open_image
from videos.api.numbers import read_whole_number
from videos.api.openai import extensions
from videos.models import Character
from videos.models.video_model import MAX_REFERENCES
from videos.services.images import RequestImages, max_images_size
from videos.validation import is_public_id

_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_CHARACTER_FIELDS = ("characters[][id]", "characters[id]", "characters[]")
_REFERENCE_FIELDS = ("input_references", "input_references[]")
_MAX_CHARACTERS = 20  # that are looked up; how many a video may have is for the services to say

CONTRACT = Contract(
    name="Videos API",
    max_body_size=lambda: _in_base64(settings.MAX_FILE_SIZE),
    json_may_hold_files=True,
    invalid_status=400,
    wrong_type_code="invalid_type",
    body_param=None,
    too_large_code="request_too_large",
    unreadable_code="invalid_body",
    internal_error_code="server_error",
    cache_control={"no_store": True},
    parameters_are_fields=True,
    field_names={"reference": "input_reference", "references": "input_references"},
    # As the protocol has it; its clients retry a 429 unless they are told not to.
    budget_status=429,
    budget_code="insufficient_quota",
    budget_headers={"x-should-retry": "false"},
)
# Of a request for a video, which may bring several images.
IMAGES_CONTRACT = replace(CONTRACT, max_body_size=lambda: _in_base64(max_images_size()))


def _in_base64(size: int) -> int:
    """How many bytes a body may have that holds so many bytes of files, and text beside them."""
    return size * 4 // 3 + int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


@dataclass(frozen=True)
class Fields:
    """What was sent: `values` are strings, in JSON also of other types; `files` are contents by field, and
    `file_names` what the client calls those files; `references` are files of which there may be several.

    Those of the values that some model takes beyond the protocol are `parameters` too.
    """

    values: Mapping[str, object]
    files: Mapping[str, bytes] = field(default_factory=dict)
    file_names: Mapping[str, str] = field(default_factory=dict)
    references: Sequence[tuple[bytes, str]] = ()  # the contents and the name of each
    parameters: Mapping[str, object] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Return a string, or None if there is none. Raises `ApiError` for any other type."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise _wrong_type(name, "a string")
        if name in self.files:
            raise _wrong_type(name, "a string")
        return value

    def required_text(self, name: str) -> str:
        """Return a string. Raises `ApiError` if there is none."""
        value = self.text(name)
        if value is None:
            raise missing_parameter(name)
        return value

    def whole_number(self, name: str) -> int | None:
        """Return a whole number, sent as one or, as the protocol has it, as a string. Raises `ApiError`."""
        value = self.values.get(name)
        if value is None and name not in self.files:
            return None
        try:
            return read_whole_number(value)
        except ValueError as error:
            raise _wrong_type(name, "a whole number") from error


def parse_fields(
    request: HttpRequest, *known: str, find_parameters: Callable[[], Iterable[str]] = tuple
) -> Fields:
    """Return what the body holds. Raises `ApiError`, or what Django raises for a form that it cannot read.

    `known` are the names of the fields that the endpoint takes; `extensions` says what becomes of others.
    Those that `find_parameters` names, which is called when there is any other, become `parameters`.
    """
    if request.content_type in FORM_TYPES:
        lists = [*_CHARACTER_FIELDS, *_REFERENCE_FIELDS]
        texts, files = read_form(request, CONTRACT, lists=lists)
        single = {name: file for name, (file, *_) in files.items() if name not in _REFERENCE_FIELDS}
        references = [file for name in _REFERENCE_FIELDS for file in files.get(name, ())]
        fields = Fields(
            _unfold(texts.items()),
            {name: file.read() for name, file in single.items()},
            {name: file.name or "" for name, file in single.items()},
            [(file.read(), file.name or "") for file in references],
        )
    else:
        fields = Fields(read_json_object(request, IMAGES_CONTRACT))
    given = {name for name, value in fields.values.items() if value is not None} | set(fields.files)
    given |= {"input_references"} if fields.references else set()
    others = given - set(known)
    parameters = others & set(find_parameters()) if others else set()
    extensions.refuse_or_note(request, others - parameters)
    for name in parameters & set(fields.files):
        raise _wrong_type(name, "a value, not a file")
    return replace(fields, parameters={name: fields.values[name] for name in sorted(parameters)})


def _unfold(lists: Iterable[tuple[str, list[str]]]) -> dict[str, object]:
    plain: dict[str, object] = {}
    characters: list[object] = []
    nested: dict[str, dict[str, object]] = {}
    for name, values in lists:
        head, _, tail = name.partition("[")
        if head == "characters" and tail:
            characters += [{"id": value} for value in values]
        elif tail:
            nested.setdefault(head, {})[tail.partition("]")[0]] = values[-1]
        else:
            plain[name] = values[-1]
    return {**plain, **nested, **({"characters": characters} if characters else {})}


def parse_images(fields: Fields) -> tuple[RequestImages, dict[str, bytes]]:
    """Return the images, opened, and their bytes as they were sent, by name. Raises `ApiError`."""
    first, last = _read_image(fields, "input_reference"), _read_image(fields, "last_frame")
    frames = {"input_reference": first, "last_frame": last}
    sent = {name: content for name, content in frames.items() if content is not None}
    references = _read_references(fields)
    opened = {
        name: open_image(content, CONTRACT, param=name, file_name=fields.file_names.get(name, ""))
        for name, content in sent.items()
    }
    images = RequestImages(
        opened.get("input_reference"),
        opened.get("last_frame"),
        tuple(
            open_image(content, CONTRACT, param="input_references", file_name=file_name)
            for content, file_name in references
        ),
    )
    return images, sent | numbered("input_references", [content for content, _ in references])


def _read_references(fields: Fields) -> Sequence[tuple[bytes, str]]:
    """Return the further images and their names: files of a form, or a list of objects. Raises `ApiError`."""
    name = "input_references"
    listed = fields.values.get(name)
    if listed is None:
        listed = []
    expected = f"files, or a list of at most {MAX_REFERENCES} objects with an image_url"
    if not isinstance(listed, list) or len(listed) + len(fields.references) > MAX_REFERENCES:
        raise _wrong_type(name, expected)
    if not all(isinstance(each, Mapping) for each in listed):
        raise _wrong_type(name, expected)
    return [*((_read_image_object(each, name), "") for each in listed), *fields.references]


def _read_image(fields: Fields, name: str) -> bytes | None:
    if name in fields.files:
        return fields.files[name]
    value = fields.values.get(name)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _wrong_type(name, "a file, or an object with an image_url")
    return _read_image_object(value, name)


def _read_image_object(value: Mapping[str, object], name: str) -> bytes:
    url = value.get("image_url")
    if isinstance(url, Mapping):  # as chat completions write it
        url = url.get("url")
    if not isinstance(url, str):
        raise _invalid_image(name, "File ids are not supported: send the image itself or a data: URL.")
    if not url.startswith("data:"):
        raise _invalid_image(name, "Remote URLs are not supported: send a file or a data: URL.")
    return _decode_data_url(url, name)


def _decode_data_url(url: str, name: str) -> bytes:
    head, comma, encoded = url.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise _invalid_image(name, "The data: URL must contain base64.")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid_image(name, "The data: URL does not contain valid base64.") from error


def parse_characters(fields: Fields, own: Mapping[str, Character]) -> tuple[Character, ...]:
    """Return the requested characters, in order. Raises `ApiError` for one that is not in `own`."""
    wanted = parse_character_ids(fields)
    for public_id in wanted:
        if public_id not in own:
            message = f"There is no character '{public_id[:80]}'."
            raise ApiError(400, "invalid_value", message, param="characters")
    return tuple(own[public_id] for public_id in wanted)


def parse_character_ids(fields: Fields) -> list[str]:
    """Return the ids in `characters`, each once. Raises `ApiError` unless it is a list of {"id": …}."""
    given = fields.values.get("characters")
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > _MAX_CHARACTERS:
        raise _wrong_type("characters", "a short list of objects with an id")
    ids = [each.get("id") if isinstance(each, Mapping) else None for each in given]
    if not all(isinstance(each, str) and is_public_id(each) for each in ids):
        raise _wrong_type("characters", "a short list of objects with an id")
    return list(dict.fromkeys(str(each) for each in ids))


def parse_source(fields: Fields) -> bytes | str:
    """Return the source video: the content of an uploaded clip, or the id of the caller's own video."""
    if "video" in fields.files:
        return fields.files["video"]
    value = fields.values.get("video")
    if value is None:
        raise missing_parameter("video")
    public_id = value.get("id") if isinstance(value, Mapping) else None
    if not isinstance(public_id, str):
        raise _wrong_type("video", "a file, or an object with the id of a video")
    return public_id


def parse_retry_count(request: HttpRequest) -> int:
    """Return how often the client says that it has sent this request before; 0 for garbage."""
    text = request.headers.get("X-Stainless-Retry-Count", "")
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else 0


def parse_idempotency_key(request: HttpRequest) -> str:
    """Return the Idempotency-Key, or an empty string. Raises `ApiError` for one that cannot be stored."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not (key.isascii() and (key.isprintable() or not key)):
        message = "An Idempotency-Key is printable ASCII."
        raise ApiError(400, "invalid_value", message, param="Idempotency-Key")
    return key


def missing_parameter(name: str) -> ApiError:
    return ApiError(400, "missing_required_parameter", f"Missing required parameter: '{name}'.", param=name)


def _wrong_type(name: str, expected: str) -> ApiError:
    return ApiError(
        400, CONTRACT.wrong_type_code, f"Invalid type for '{name}': expected {expected}.", param=name
    )


def _invalid_image(name: str, message: str) -> ApiError:
    return ApiError(400, "invalid_value", message, param=name)
