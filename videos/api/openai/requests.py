"""What a request to the Videos API holds, in every way its clients send it: as JSON, or as a form.

A form's `video[id]` stands for `{"video": {"id": …}}`, `characters[][id]` for a list of such objects.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from videos.api.errors import ApiError
from videos.media.reference import BadReferenceError, Reference, open_reference
from videos.models import Character

PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_WHOLE = re.compile(r"[0-9]{1,6}", re.ASCII)
_CHARACTERS = 20  # looked up; how many a video may have is the catalogue's business


@dataclass(frozen=True)
class Fields:
    """What was sent: `values` are texts, and in JSON anything else; `files` are contents by name."""

    values: Mapping[str, object]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Return a text, None when it is not there. Raises `ApiError` for anything else."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise _wrong_type(name, "a string")
        if name in self.files:
            raise _wrong_type(name, "a string")
        return value

    def needed(self, name: str) -> str:
        """Return a text that must be there. Raises `ApiError`."""
        value = self.text(name)
        if value is None:
            raise missing(name)
        return value

    def whole(self, name: str) -> int | None:
        """Return a whole number, written as one or as the protocol's text. Raises `ApiError`."""
        value = self.values.get(name)
        if value is None and name not in self.files:
            return None
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not _WHOLE.fullmatch(text):
            raise _wrong_type(name, "a whole number")
        return int(text)


def check_length(request: HttpRequest) -> None:
    """Refuse a body that is too long, or of a length nobody knows, before any of it is read."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and "Transfer-Encoding" in request.headers:
        raise ApiError(411, "length_required", "Send the body with its Content-Length.")
    if length.isdecimal() and int(length[:18]) > _body_limit():
        raise too_large(f"The request is larger than {_body_limit() / 1048576:.3g} MB.")


def _body_limit() -> int:
    """Bytes: of one file, be it in base64, and of the text beside it."""
    return settings.MAX_FILE_SIZE * 4 // 3 + settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def read(request: HttpRequest) -> Fields:
    """Return what the body holds. Raises `ApiError`, or what Django raises for a form it cannot read."""
    if request.content_type not in _FORMS:
        return Fields(_json(request))
    # Of several texts or files with the same name the last one counts.
    files = {
        name: upload.read() for name, upload in request.FILES.items() if isinstance(upload, UploadedFile)
    }
    return Fields(_unfolded(request.POST.lists()), files)


def _json(request: HttpRequest) -> dict[str, object]:
    try:
        body = json.loads(request.read(_body_limit()))
    except UnreadablePostError as error:
        raise ApiError(400, "invalid_body", "The request broke off.") from error
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "invalid_json", "The body of the request is not JSON.") from error
    if not isinstance(body, dict):
        raise ApiError(400, "invalid_type", "The body of the request must be an object.")
    return body


def _unfolded(lists: Iterable[tuple[str, list[str]]]) -> dict[str, object]:
    plain: dict[str, object] = {}
    people: list[object] = []
    nested: dict[str, dict[str, object]] = {}
    for name, values in lists:
        head, _, tail = name.partition("[")
        if head == "characters" and tail:
            people += [{"id": value} for value in values]
        elif tail:
            nested.setdefault(head, {})[tail.partition("]")[0]] = values[-1]
        else:
            plain[name] = values[-1]
    return {**plain, **nested, **({"characters": people} if people else {})}


def reference(fields: Fields) -> tuple[bytes, Reference] | None:
    """Return the reference image as it was sent and as a clean picture; None without one."""
    content = _picture(fields)
    if content is None:
        return None
    try:
        return content, open_reference(content, max_bytes=settings.MAX_FILE_SIZE)
    except BadReferenceError as error:
        raise _wrong_picture(str(error), error.code) from error


def _picture(fields: Fields) -> bytes | None:
    name = "input_reference"
    if name in fields.files:
        return fields.files[name]
    value = fields.values.get(name)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _wrong_type(name, "a file, or an object with an image_url")
    address = value.get("image_url")
    if isinstance(address, Mapping):  # as chat completions write it
        address = address.get("url")
    if not isinstance(address, str):
        raise _wrong_picture("This studio keeps no files by id: send the picture itself, or a data: URL.")
    if not address.startswith("data:"):
        raise _wrong_picture("This studio fetches nothing from elsewhere: send a file, or a data: URL.")
    return _decoded(address)


def _decoded(address: str) -> bytes:
    head, comma, encoded = address.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise _wrong_picture("The data: URL must hold base64.")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong_picture("The data: URL does not hold valid base64.") from error


def characters(fields: Fields, mine: Mapping[str, Character]) -> tuple[Character, ...]:
    """Return the characters that `character_ids` named, in order. Raises `ApiError` for one not in `mine`."""
    wanted = character_ids(fields)
    for public_id in wanted:
        if public_id not in mine:
            message = f"There is no character '{public_id[:80]}'."
            raise ApiError(400, "invalid_value", message, param="characters")
    return tuple(mine[public_id] for public_id in wanted)


def character_ids(fields: Fields) -> list[str]:
    """Return the ids in `characters`, each once. Raises `ApiError` unless it is a list of {"id": …}."""
    given = fields.values.get("characters")
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > _CHARACTERS:
        raise _wrong_type("characters", "a short list of objects with an id")
    ids = [each.get("id") if isinstance(each, Mapping) else None for each in given]
    if not all(isinstance(each, str) and PUBLIC_ID.fullmatch(each) for each in ids):
        raise _wrong_type("characters", "a short list of objects with an id")
    return list(dict.fromkeys(str(each) for each in ids))


def source(fields: Fields) -> bytes | str:
    """Return which video a request is about: the content of an uploaded one, or the id of one's own."""
    if "video" in fields.files:
        return fields.files["video"]
    value = fields.values.get("video")
    if value is None:
        raise missing("video")
    public_id = value.get("id") if isinstance(value, Mapping) else None
    if not isinstance(public_id, str):
        raise _wrong_type("video", "a file, or an object with the id of a video")
    return public_id


def retries(request: HttpRequest) -> int:
    """How often the client says that it has asked this before; garbage is 0."""
    text = request.headers.get("X-Stainless-Retry-Count", "")
    return int(text) if _WHOLE.fullmatch(text) else 0


def idempotency_key(request: HttpRequest) -> str:
    """The request's own name, if it has one. Raises `ApiError` for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not (key.isascii() and (key.isprintable() or not key)):
        message = "An Idempotency-Key is printable ASCII."
        raise ApiError(400, "invalid_value", message, param="Idempotency-Key")
    return key


def missing(name: str) -> ApiError:
    return ApiError(400, "missing_required_parameter", f"Missing required parameter: '{name}'.", param=name)


def too_large(message: str) -> ApiError:
    return ApiError(413, "request_too_large", message)


def _wrong_type(name: str, expected: str) -> ApiError:
    return ApiError(400, "invalid_type", f"Invalid type for '{name}': expected {expected}.", param=name)


def _wrong_picture(message: str, code: str = "invalid_value") -> ApiError:
    return ApiError(400, code, message, param="input_reference")
