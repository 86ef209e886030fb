"""What backends answer, read with suspicion.

Servers that speak the Videos API differ in nearly every field, and the SDK validates none of them. Here any
JSON value becomes a `Job` with known types, or a `BackendError`; never another exception.
"""

import json
import math
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Literal

from videos.backends.errors import Unknown

Status = Literal["queued", "in_progress", "completed", "failed"]

ID_LIMIT = 512  # LiteLLM's ids are base64 of 200 characters and more
HINT_LIMIT = 86_400.0  # seconds; a backend that says "in a month" is asked again tomorrow
LAST_SECOND = 253_402_300_799  # the end of the year 9999, the last moment a datetime can hold

# The protocol's four, the words for "no longer there", and two synonyms that widely used servers have for
# completed (Azure: succeeded, new-api gateways: success). Every other word (processing, generating,
# postprocessing …) means that the job is still being worked on, and our own deadline decides when we stop
# believing it.
STATUSES: dict[str, Status] = {
    "queued": "queued",
    "in_progress": "in_progress",
    "completed": "completed",
    "succeeded": "completed",
    "success": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "canceled": "failed",
    "expired": "failed",
    "deleted": "failed",
}


@dataclass(frozen=True, slots=True)
class Job:
    """A backend's job, in our types. Texts are storable: no NUL, no lone surrogates, bounded in length.

    `progress` is 0 to 100, `seconds` the clip's length, `created_at` a Unix time, `poll_after` the seconds
    the backend asks us to wait before looking again, `remixed_from_video_id` the job it is a variation of.
    `url` is where the file is when it stores in a cloud (SGLang) or delivers at once (Dynamo), `content` the
    file itself when the reply held it, as yet unchecked. `None` means that the backend did not say, or said
    something unreadable. `raw_status` is the backend's own word.
    """

    id: str
    status: Status
    raw_status: str
    progress: int | None = None
    model: str | None = None
    prompt: str | None = None
    size: str | None = None
    seconds: int | None = None
    created_at: int | None = None
    remixed_from_video_id: str | None = None
    error_code: str = ""
    error_message: str = ""
    poll_after: float | None = None
    url: str | None = None
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of a list. `last_id` is the next page's cursor, the last job's id if the backend gave none.

    Servers without a cursor (SGLang) answer every page with the same jobs: stop when a page brings nothing
    new.
    """

    jobs: tuple[Job, ...]
    has_more: bool
    last_id: str | None


def parse_json(content: bytes) -> object:
    """The JSON value in `content`; None when it is not JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def parse_job(payload: object, headers: Mapping[str, str], *, but_not: str = "") -> Job:
    """Read a job from a decoded reply and the reply's headers.

    Raises `Unknown` (code `bad_reply`) when the payload is no object with a usable id: 1 to 512 printable
    characters, and not those of the job `but_not`, which this one was to be made from. Unknown, because a
    create may have been accepted; a read that meets it turns it into `Unavailable`.
    """
    if not isinstance(payload, dict) or not _is_id(payload.get("id")) or payload["id"] == but_not:
        raise Unknown(
            "The backend sent a reply that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    raw_status = _text(payload.get("status"), 100) or ""
    word = raw_status.strip().lower()
    content = _content(payload)
    # Who hands out the file and does not say how far the job is, is done.
    status = STATUSES.get(word, "completed" if content and not word else "in_progress")
    code, message = parse_error(payload.get("error"))
    if status == "failed" and word != "failed":
        code = code or word
    return Job(
        id=payload["id"],
        status=status,
        raw_status=raw_status,
        progress=_percent(payload.get("progress")),
        model=_text(payload.get("model"), 200),
        prompt=_text(payload.get("prompt"), 32_000),
        size=_text(payload.get("size"), 32),
        seconds=_whole(payload.get("seconds"), most=86_400),
        created_at=_whole(payload.get("created_at", payload.get("created")), most=LAST_SECOND),
        remixed_from_video_id=_text(payload.get("remixed_from_video_id"), ID_LIMIT),
        error_code=code,
        error_message=message,
        poll_after=poll_after(headers),
        url=next(filter(None, (_link(place.get("url")) for place in _places(payload))), None),
        content=content,
    )


def parse_character_id(payload: object, _: Mapping[str, str]) -> str:
    """Read a character's id from a decoded reply. Raises `Unknown` (`bad_reply`) when there is none."""
    identifier = payload.get("id") if isinstance(payload, dict) else None
    if not isinstance(identifier, str) or not _is_id(identifier):
        raise Unknown(
            "The backend sent a reply that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    return identifier


def parse_page(payload: object, _: Mapping[str, str], *, limit: int) -> JobPage:
    """Read one page of a list that was asked for at most `limit` jobs. Raises `Unknown` when it, or any job
    on it, cannot be read.

    Servers without a cursor leave `has_more` out: then a page that is exactly full may have been cut off.
    One unreadable entry spoils the page on purpose: leaving it out could prove a paid job "not there".
    """
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(data, list):
        raise Unknown(
            "The backend sent a list that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    jobs = tuple(parse_job(entry, {}) for entry in data)  # a page's headers speak of no single job
    last_id = payload.get("last_id")
    if not _is_id(last_id):
        last_id = jobs[-1].id if jobs else None
    has_more = payload.get("has_more")
    if has_more is None:
        has_more = len(jobs) == limit
    return JobPage(jobs=jobs, has_more=bool(has_more), last_id=last_id)


def is_answer(payload: object, *, but_not: str = "") -> bool:
    """Whether an HTTP error's body is a job nonetheless: vLLM-Omni reports failed jobs with a 4xx or 5xx.

    The status must be one we know by name, so that `{"id": "req_1", "status": "error"}` stays an error. So
    does the job `but_not`, which a new one is to be made from: to show it says why that will not do.
    """
    if not isinstance(payload, dict) or not _is_id(payload.get("id")) or payload["id"] == but_not:
        return False
    status = payload.get("status")
    return isinstance(status, str) and status.strip().lower() in STATUSES


def parse_error(error: object) -> tuple[str, str]:
    """The code and the sentence in an error of any shape: object, text, number, FastAPI's list; else ""."""
    for _ in range(3):  # {"detail": [{"error": …}]} is as deep as any server goes
        error = _inner(error)
    if isinstance(error, dict):
        message = error.get("message") or error.get("msg")
        return _code(error.get("code") or error.get("type")), _text(message, 2000) or ""
    if isinstance(error, str):
        return "", _text(error, 2000) or ""
    return _code(error), ""


def refuses_key(status: int, payload: object) -> bool:
    """Whether an HTTP error is about our key. A LiteLLM proxy (1.106) that has no database to look unknown
    keys up in says so with a 400 of the type `no_db_connection`.
    """
    error = payload.get("error") if isinstance(payload, dict) else None
    unknown = isinstance(error, dict) and error.get("type") == "no_db_connection"
    return status in {401, 403} or (status == 400 and unknown)


def poll_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the backend wants us to wait: `openai-poll-after-ms`, else `Retry-After`; at most a day."""
    lowered = {name.lower(): value for name, value in headers.items()}
    milliseconds = _number(lowered.get("openai-poll-after-ms"))
    if milliseconds is not None:
        return _hint(milliseconds / 1000)
    return retry_after(headers)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in `Retry-After`, a number or an HTTP date; at most a day, None if missing or unreadable."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return _hint(seconds)
    try:
        return _hint(parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, OverflowError, OSError):
        return None


def dump(payload: object) -> str:
    """A payload as an operator may read it; what is too deep to write down is named by its type."""
    try:
        return json.dumps(payload, ensure_ascii=True, default=repr)
    except (ValueError, RecursionError):
        return f"<{type(payload).__name__}>"


def _is_id(value: object) -> bool:
    # Dots alone would be a step up the URL's path; unprintable characters (and lone surrogates) cannot travel
    # in it.
    return (
        isinstance(value, str)
        and 0 < len(value) <= ID_LIMIT
        and value.isprintable()
        and value.strip() not in {"", ".", ".."}
    )


def _inner(error: object) -> object:
    if isinstance(error, list):
        return error[0] if error else None
    if isinstance(error, dict) and not error.get("message"):
        return error.get("error") or error.get("detail") or error
    return error


def _text(value: object, limit: int) -> str | None:
    if not isinstance(value, str):
        return None
    storable = value[:limit].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return storable or None


def _code(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**9 else ""
    return _text(value, 100) or ""


def _link(value: object) -> str | None:
    link = _text(value, 4096)
    return link if link is not None and link.startswith(("https://", "http://")) else None


def _places(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Where a file may be: in the job itself, or as Dynamo has it in the first of its `data`."""
    yield payload
    data = payload.get("data")
    if isinstance(data, list) and data and isinstance(data[0], dict):
        yield data[0]


def _content(payload: dict[str, Any]) -> bytes:
    """The file inside a reply: base64 in `b64_json`, or a data URL in `url`; else b""."""
    texts = (_text_of_file(place) for place in _places(payload))
    return next(filter(None, map(_from_base64, texts)), b"")


def _text_of_file(place: dict[str, Any]) -> object:
    url = place.get("url")
    if isinstance(url, str) and url.startswith("data:"):
        return url.partition(",")[2]
    return place.get("b64_json")


def _from_base64(text: object) -> bytes:
    try:
        return b64decode(text) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: object, *, most: int) -> int | None:
    number = _number(value)
    return round(number) if number is not None and 0 <= number <= most else None


def _percent(value: object) -> int | None:
    number = _number(value)
    return None if number is None else round(min(max(number, 0.0), 100.0))


def _hint(seconds: float) -> float:
    return min(max(seconds, 0.0), HINT_LIMIT)
