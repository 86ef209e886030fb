"""What the Videos API says: catalogue, checks of what a client sends, and the shape of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PRO = "sora-2-pro"
_SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024")
MODELS: dict[str, tuple[str, ...]] = {"sora-2": _SIZES, PRO: (*_SIZES, "1920x1080", "1080x1920")}
LENGTHS = (4, 8, 12, 16, 20)
MAX_PROMPT = 32_000
MAX_NAME = 80
MAX_CHARACTERS = 2
MAX_EXTENSIONS = 6
MAX_TOTAL_SECONDS = 120
MAX_PAGE = 100
DEFAULT_PAGE = 20


class Refusal(Exception):  # noqa: N818 - not a fault of ours: an answer the protocol provides for
    """A request is answered with an error body in the protocol's shape. Nothing has been accepted."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The JSON body: {error: {type, message, param, code}}."""
        kind = _TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"type": kind, "message": self.message, "param": self.param, "code": self.code}}


_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


@dataclass(frozen=True)
class Page:
    """One page of a listing: at most `limit` jobs after the job `after`."""

    after: str | None
    limit: int
    descending: bool


def missing(what: str, identifier: str) -> Refusal:
    """The 404 for an unknown id."""
    return Refusal(f"{what} with id '{identifier}' not found.", status=404, code="not_found")


def text(fields: Mapping[str, Any], name: str, longest: int) -> str:
    """A required, non-blank text of at most `longest` characters; otherwise a Refusal."""
    value = fields.get(name)
    if value is None:
        raise Refusal(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    if not isinstance(value, str):
        raise Refusal(f"Invalid type for '{name}': expected a string.", param=name, code="invalid_type")
    if not value.strip():
        raise Refusal(f"Invalid '{name}': it must not be empty.", param=name, code="invalid_value")
    if len(value) > longest:
        sentence = f"Invalid '{name}': string too long. Expected at most {longest} characters."
        raise Refusal(sentence, param=name, code="string_above_max_length")
    # A lone surrogate is legal JSON, but no text: neither the store nor UTF-8 can hold it.
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Refusal(f"Invalid '{name}': it is not valid Unicode.", param=name, code="invalid_value")
    return value


def prompt(fields: Mapping[str, Any]) -> str:
    """The prompt of any request that has one."""
    return text(fields, "prompt", MAX_PROMPT)


def model_and_size(fields: Mapping[str, Any]) -> tuple[str, str]:
    """The model and the size, each the protocol's default when absent, checked against the catalogue."""
    model = _choice(fields, "model", "sora-2", tuple(MODELS))
    return model, _choice(fields, "size", "720x1280", MODELS[model])


def seconds(fields: Mapping[str, Any], *, required: bool = False) -> int:
    """The length, which travels as a string."""
    if required and fields.get("seconds") is None:
        raise Refusal(
            "Missing required parameter: 'seconds'.", param="seconds", code="missing_required_parameter"
        )
    return int(_choice(fields, "seconds", "4", tuple(str(length) for length in LENGTHS)))


def page(query: Mapping[str, str]) -> Page:
    """The page a listing asks for."""
    asked = query.get("limit", str(DEFAULT_PAGE))
    if not (asked.isascii() and asked.isdigit() and int(asked[:4]) <= MAX_PAGE):
        sentence = f"Invalid 'limit': expected an integer from 0 to {MAX_PAGE}."
        raise Refusal(sentence, param="limit", code="invalid_value")
    order = _choice(query, "order", "desc", ("asc", "desc"))
    return Page(query.get("after") or None, int(asked), order == "desc")


def check_extension(total: int, extensions: int) -> None:
    """Refuse an extension that would be one too many or make the whole too long (`total` in seconds)."""
    if extensions > MAX_EXTENSIONS:
        raise Refusal(
            f"A video can be extended at most {MAX_EXTENSIONS} times.", param="video", code="invalid_value"
        )
    if total > MAX_TOTAL_SECONDS:
        sentence = f"An extended video can be at most {MAX_TOTAL_SECONDS} seconds long."
        raise Refusal(sentence, param="seconds", code="invalid_value")


def video_error(code: str, message: str) -> dict[str, str]:
    """The error inside a failed job."""
    return {"code": code, "message": message}


def _choice(fields: Mapping[str, Any], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise Refusal(f"Invalid type for '{name}': expected a string.", param=name, code="invalid_type")
    if value not in allowed:
        listed = ", ".join(f"'{one}'" for one in allowed)
        sentence = f"Invalid value: '{value[:80]}'. Supported values are: {listed}."
        raise Refusal(sentence, param=name, code="invalid_value")
    return value
