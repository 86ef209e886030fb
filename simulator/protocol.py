"""The Videos API protocol: its catalogue, the validation of requests, and the shape of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_MODEL = "sora-2"
PRO_MODEL = "sora-2-pro"
_SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024")
MODEL_SIZES: dict[str, tuple[str, ...]] = {
    DEFAULT_MODEL: _SIZES,
    PRO_MODEL: (*_SIZES, "1920x1080", "1080x1920"),
}
ALLOWED_SECONDS = (4, 8, 12, 16, 20)
MAX_PROMPT_LENGTH = 32_000
MAX_NAME_LENGTH = 80
MAX_SEED = 2**31 - 1
MAX_NEGATIVE_PROMPT_LENGTH = 2000
MAX_CHARACTERS = 2
MAX_REFERENCES = 3  # beside the first and the last frame, beyond the protocol
MAX_EXTENSIONS = 6
MAX_TOTAL_SECONDS = 120
MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 20


class ApiError(Exception):
    """An error response in the protocol's shape."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        error_type: str | None = None,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.error_type = error_type
        self.status = status
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the JSON body: {error: {type, message, param, code}}."""
        default = "server_error" if self.status >= 500 else "invalid_request_error"
        error_type = self.error_type or _ERROR_TYPES.get(self.status, default)
        return {
            "error": {"type": error_type, "message": self.message, "param": self.param, "code": self.code}
        }


_ERROR_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


@dataclass(frozen=True)
class PageRequest:
    """One page of a list: at most `limit` jobs, starting behind the job with the id `after`."""

    after: str | None
    limit: int
    descending: bool


def not_found(what: str, identifier: str) -> ApiError:
    """Return the 404 for an unknown id."""
    return ApiError(f"{what} with id '{identifier}' not found.", status=404, code="not_found")


def parse_text(fields: Mapping[str, Any], name: str, max_length: int) -> str:
    """Return a required, non-blank text of at most `max_length` characters. Raises ApiError."""
    value = fields.get(name)
    if value is None:
        raise _missing_parameter(name)
    if not isinstance(value, str):
        raise ApiError(f"Invalid type for '{name}': expected a string.", param=name, code="invalid_type")
    if not value.strip():
        raise ApiError(f"Invalid '{name}': it must not be empty.", param=name, code="invalid_value")
    if len(value) > max_length:
        message = f"Invalid '{name}': string too long. Expected at most {max_length} characters."
        raise ApiError(message, param=name, code="string_above_max_length")
    # A lone surrogate is legal in JSON but is not text: neither SQLite nor UTF-8 can hold it.
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ApiError(f"Invalid '{name}': it is not valid Unicode.", param=name, code="invalid_value")
    return value


def parse_prompt(fields: Mapping[str, Any]) -> str:
    """Return the prompt of any request that has one. Raises ApiError."""
    return parse_text(fields, "prompt", MAX_PROMPT_LENGTH)


def parse_model_and_size(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Return model and size, checked against the catalogue; an absent one is the protocol's default."""
    model = _parse_choice(fields, "model", DEFAULT_MODEL, tuple(MODEL_SIZES))
    return model, _parse_choice(fields, "size", "720x1280", MODEL_SIZES[model])


def parse_seconds(fields: Mapping[str, Any], *, required: bool = False) -> int:
    """Return the length in seconds, which the protocol sends as a string. Raises ApiError."""
    if required and fields.get("seconds") is None:
        raise _missing_parameter("seconds")
    return int(_parse_choice(fields, "seconds", "4", tuple(str(length) for length in ALLOWED_SECONDS)))


def parse_seed(fields: Mapping[str, Any]) -> int | None:
    """Return the seed, a whole number from 0 to MAX_SEED, also as text; None without one. Raises ApiError."""
    value = fields.get("seed")
    if value is None:
        return None
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_SEED)) and int(text) <= MAX_SEED):
        message = f"Invalid 'seed': expected an integer from 0 to {MAX_SEED}."
        raise ApiError(message, param="seed", code="invalid_value")
    return int(text)


def parse_negative_prompt(fields: Mapping[str, Any]) -> str:
    """Return what the video should not show; empty without it. Raises ApiError."""
    value = fields.get("negative_prompt")
    is_blank = value is None or (isinstance(value, str) and not value.strip())
    return "" if is_blank else parse_text(fields, "negative_prompt", MAX_NEGATIVE_PROMPT_LENGTH)


def parse_sound(fields: Mapping[str, Any]) -> bool:
    """Return whether the video has sound, which it has unless `generate_audio` is false. Raises ApiError."""
    value = fields.get("generate_audio")
    if value is None:
        return True
    word = str(value).lower() if isinstance(value, (bool, str)) else ""
    if word not in ("true", "false"):
        message = "Invalid 'generate_audio': expected true or false."
        raise ApiError(message, param="generate_audio", code="invalid_value")
    return word == "true"


def parse_page(query: Mapping[str, str]) -> PageRequest:
    """Return the page that a list request asks for. Raises ApiError."""
    limit = query.get("limit", str(DEFAULT_PAGE_SIZE))
    if not (limit.isascii() and limit.isdigit() and int(limit[:4]) <= MAX_PAGE_SIZE):
        message = f"Invalid 'limit': expected an integer from 0 to {MAX_PAGE_SIZE}."
        raise ApiError(message, param="limit", code="invalid_value")
    order = _parse_choice(query, "order", "desc", ("asc", "desc"))
    return PageRequest(query.get("after") or None, int(limit), order == "desc")


def validate_extension(total_seconds: int, extensions: int) -> None:
    """Raise ApiError when this is one extension too many or the whole video would be too long."""
    if extensions > MAX_EXTENSIONS:
        raise ApiError(
            f"A video can be extended at most {MAX_EXTENSIONS} times.", param="video", code="invalid_value"
        )
    if total_seconds > MAX_TOTAL_SECONDS:
        message = f"An extended video can be at most {MAX_TOTAL_SECONDS} seconds long."
        raise ApiError(message, param="seconds", code="invalid_value")


def _missing_parameter(name: str) -> ApiError:
    message = f"Missing required parameter: '{name}'."
    return ApiError(message, param=name, code="missing_required_parameter")


def _parse_choice(fields: Mapping[str, Any], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ApiError(f"Invalid type for '{name}': expected a string.", param=name, code="invalid_type")
    if value not in allowed:
        supported = ", ".join(f"'{choice}'" for choice in allowed)
        message = f"Invalid value: '{value[:80]}'. Supported values are: {supported}."
        raise ApiError(message, param=name, code="invalid_value")
    return value
