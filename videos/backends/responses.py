"""Parses the responses of Videos API servers, trusting nothing in them.

Servers that speak the Videos API differ in nearly every field, and the SDK validates none of them. Here any
JSON value becomes a `Job` with known types, or a `BackendError`; no other exception is ever raised.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, TypeGuard

from videos.backends.charges import NO_CHARGE_TOLD, Charge
from videos.backends.errors import UnknownOutcomeError
from videos.backends.result_files import find_address, find_content
from videos.backends.status_words import (
    PROTOCOL_WORDS,
    STATUS_BY_WORD,
    WORKING_WORDS,
    Status,
    failure_code,
    normalize_word,
)

MAX_ID_LENGTH = 512  # LiteLLM's ids are base64, of 200 characters and more
MAX_HINT_SECONDS = 86_400.0  # a backend that says "in a month" is asked again tomorrow
MAX_STORED_SEED = 2**63 - 1
MAX_TIMESTAMP = 253_402_300_799  # the end of the year 9999, the last moment a datetime can hold

_SEED = re.compile(r"[0-9]{1,19}", re.ASCII)

# Of an `error` that says that there is none.
_NO_ERROR_CODES = frozenset({"", "0", "200", "ok", "none", "success"})

# Where servers say why a job failed when it is not in `error`.
_FAILURE_TEXTS = ("error_message", "fail_reason", "failure_reason", "reason", "detail", "message")


@dataclass(frozen=True, slots=True)
class Job:
    """A backend's job, in our types. Texts can be stored: no NUL, no lone surrogates, limited in length.

    `progress` is 0 to 100, `size` WIDTHxHEIGHT in pixels, `seconds` the video's length, `created_at` and
    `completed_at` Unix times, `poll_after` the seconds that the backend asks us to wait before polling again,
    `remixed_from_video_id` the job it is a variation of. `url` is where the file is when the server stores in
    a cloud (SGLang) or delivers at once (Dynamo), `content` the file itself when the response held it, as yet
    unchecked. `charge` is what the backend says it charged, `seed` the seed that it says it uses. `None`
    means that the backend did not say, or said something unreadable. `raw_status` is the backend's own word.
    `may_be_completed` is set for a job in progress whose word we do not know and that shows an address or
    100 %: whether its file can be had decides.
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
    completed_at: int | None = None
    remixed_from_video_id: str | None = None
    error_code: str = ""
    error_message: str = ""
    poll_after: float | None = None
    url: str | None = None
    content: bytes = field(default=b"", repr=False)
    may_be_completed: bool = False
    charge: Charge = NO_CHARGE_TOLD
    seed: int | None = None

    @property
    def reports_failure(self) -> bool:
        """Whether it failed, or is called completed with an error inside, as LiteLLM does with Veo's jobs."""
        has_error = bool(self.error_message) or self.error_code.lower() not in _NO_ERROR_CODES
        return self.status == "failed" or (self.status == "completed" and has_error)


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of a list. `last_id` is the next page's cursor: the last job's id if the backend gave none.

    Servers without a cursor (SGLang before 0.5.23) answer every page with the same jobs, so stop when a page
    brings nothing new.

    `sent_at` is when it was sent by the backend's own clock (its `Date`), in Unix seconds; None if unknown.
    """

    jobs: tuple[Job, ...]
    has_more: bool
    last_id: str | None
    sent_at: float | None = None


def parse_json(content: bytes) -> object:
    """Return the JSON value in `content`, or None when it is not JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def parse_job(payload: object, headers: Mapping[str, str], *, excluded_id: str = "") -> Job:
    """Return the job in a decoded response and the response's headers.

    Raises `UnknownOutcomeError` (`bad_reply`) when the payload is not an object with a usable id: 1 to 512
    printable characters, and not `excluded_id`, the job that this one was to be made from. The outcome is
    unknown because a create may have been accepted; a read turns the error into `UnavailableError`.
    """
    if not isinstance(payload, dict) or not is_id(payload.get("id")) or payload["id"] == excluded_id:
        raise UnknownOutcomeError(
            "The backend sent a reply that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    raw_status = parse_text(payload.get("status"), 100) or ""
    word = normalize_word(raw_status)
    url, content = find_address(payload), find_content(payload)
    progress = _parse_percent(payload.get("progress"))
    status = STATUS_BY_WORD.get(word, "completed" if _is_delivery(word, content) else "in_progress")
    code, message = parse_error(payload.get("error"))
    if status == "failed":
        code = code or failure_code(raw_status)
        message = message or _parse_failure_text(payload)
    return Job(
        id=payload["id"],
        status=status,
        raw_status=raw_status,
        progress=progress,
        model=parse_text(payload.get("model"), 200),
        prompt=parse_text(payload.get("prompt"), 32_000),
        size=parse_text(payload.get("size"), 32),
        seconds=parse_int(payload.get("seconds"), maximum=86_400),
        created_at=parse_int(payload.get("created_at", payload.get("created")), maximum=MAX_TIMESTAMP),
        completed_at=parse_int(payload.get("completed_at"), maximum=MAX_TIMESTAMP),
        remixed_from_video_id=parse_text(payload.get("remixed_from_video_id"), MAX_ID_LENGTH),
        error_code=code,
        error_message=message,
        poll_after=parse_poll_after(headers),
        url=url,
        content=content,
        may_be_completed=status == "in_progress"
        and word not in WORKING_WORDS
        and (url is not None or progress == 100),
        seed=parse_seed(payload.get("seed")),
    )


def parse_seed(value: object) -> int | None:
    """Return the seed that a job was made with; None when it is none that a column can hold.

    Rounding would name another picture, so only whole numbers and their texts count.
    """
    if isinstance(value, str) and _SEED.fullmatch(value):
        value = int(value)
    return value if type(value) is int and 0 <= value <= MAX_STORED_SEED else None


def parse_character_id(payload: object, _: Mapping[str, str]) -> str:
    """Return the character's id in a decoded response.

    Raises `UnknownOutcomeError` (`bad_reply`) when there is none.
    """
    identifier = payload.get("id") if isinstance(payload, dict) else None
    if not is_id(identifier):
        raise UnknownOutcomeError(
            "The backend sent a reply that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    return identifier


def parse_page(payload: object, headers: Mapping[str, str], *, limit: int) -> JobPage:
    """Return one page of a list that was asked for with at most `limit` jobs.

    Raises `UnknownOutcomeError` (`bad_reply`) when it, or any job on it, cannot be read. One unreadable entry
    fails the whole page on purpose: leaving it out could prove a paid job "not there". Servers without a
    cursor leave `has_more` out: then a page that is exactly full may have been cut off.
    """
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(data, list):
        raise UnknownOutcomeError(
            "The backend sent a list that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    jobs = tuple(parse_job(entry, {}) for entry in data)  # a page's headers speak of no single job
    last_id = payload.get("last_id")
    if not is_id(last_id):
        last_id = jobs[-1].id if jobs else None
    has_more = payload.get("has_more")
    if has_more is None:
        has_more = len(jobs) == limit
    return JobPage(jobs=jobs, has_more=bool(has_more), last_id=last_id, sent_at=_parse_date(headers))


def is_job(payload: object, *, excluded_id: str = "", expected_id: str = "") -> bool:
    """Whether an HTTP error's body is a job nonetheless: vLLM-Omni reports failed jobs with a 4xx or 5xx.

    The status must be one of the protocol's words, so that `{"id": "req_1", "status": "error"}` stays an
    error; any word that we know will do for the job `expected_id`, which was asked for. So does the job
    `excluded_id`, which a new one is to be made from, stay an error: a server shows it to say why that is
    not possible.
    """
    if not isinstance(payload, dict) or not is_id(payload.get("id")) or payload["id"] == excluded_id:
        return False
    status = payload.get("status")
    words = STATUS_BY_WORD if payload["id"] == expected_id else PROTOCOL_WORDS
    return isinstance(status, str) and normalize_word(status) in words


def parse_error(error: object) -> tuple[str, str]:
    """Return the code and the message in an error of any shape: object, text, number or FastAPI's list.

    Each is empty when there is none.
    """
    for _ in range(3):  # {"detail": [{"error": …}]} is as deep as any server goes
        error = _unwrap_error(error)
    if isinstance(error, dict):
        message = error.get("message") or error.get("msg")
        return _parse_code(error.get("code") or error.get("type")), parse_text(message, 2000) or ""
    if isinstance(error, str):
        return "", parse_text(error, 2000) or ""
    return _parse_code(error), ""


def is_key_refusal(status: int, payload: object) -> bool:
    """Whether an HTTP error with this status and decoded body is about our key.

    A LiteLLM proxy (1.106) that has no database to look unknown keys up in answers with a 400 of the type
    `no_db_connection`.
    """
    error = payload.get("error") if isinstance(payload, dict) else None
    unknown = isinstance(error, dict) and error.get("type") == "no_db_connection"
    return status in {401, 403} or (status == 400 and unknown)


def parse_poll_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the backend asks us to wait before polling again; at most a day.

    They are in `openai-poll-after-ms`, else in `Retry-After`. None if both are missing or unreadable.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    milliseconds = _parse_number(lowered.get("openai-poll-after-ms"))
    if milliseconds is not None:
        return _clamp_hint(milliseconds / 1000)
    return parse_retry_after(headers)


def _parse_date(headers: Mapping[str, str]) -> float | None:
    value = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in `Retry-After`, a number or an HTTP date; at most a day.

    None if the header is missing or unreadable.
    """
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if value is None:
        return None
    seconds = _parse_number(value)
    if seconds is not None:
        return _clamp_hint(seconds)
    try:
        return _clamp_hint(parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, OverflowError, OSError):
        return None


def parse_key_retention(headers: Mapping[str, str]) -> float:
    """Return for how many seconds the backend says that it honors an Idempotency-Key; 0 when it does not.

    The header `Idempotency-Key-Retention` is our own: this studio's /v1 sends it, and the simulator where it
    honors keys. The Internet-Draft for the key (draft-ietf-httpapi-idempotency-key-header) has none.
    """
    value = next(
        (value for name, value in headers.items() if name.lower() == "idempotency-key-retention"), None
    )
    return max(_parse_number(value) or 0.0, 0.0)


def dump(payload: object) -> str:
    """Return a payload as JSON for an operator to read; one that is nested too deeply as its type's name."""
    try:
        return json.dumps(payload, ensure_ascii=True, default=repr)
    except (ValueError, RecursionError):
        return f"<{type(payload).__name__}>"


def is_id(value: object) -> TypeGuard[str]:
    """Whether this can be the id of a job: 1 to 512 printable characters that make a segment of a path."""
    # Dots alone would climb up the URL's path; unprintable characters (and lone surrogates) cannot be sent.
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_ID_LENGTH
        and value.isprintable()
        and value.strip() not in {"", ".", ".."}
    )


def _unwrap_error(error: object) -> object:
    if isinstance(error, list):
        return error[0] if error else None
    if isinstance(error, dict) and not error.get("message"):
        return error.get("error") or error.get("detail") or error
    return error


def parse_text(value: object, limit: int) -> str | None:
    """Return the text as it can be stored, at most `limit` characters; None when it is none, or empty."""
    if not isinstance(value, str):
        return None
    storable = value[:limit].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return storable or None


def _parse_code(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**9 else ""
    return parse_text(value, 100) or ""


def _is_delivery(word: str, content: bytes) -> bool:
    """Whether the file that came with a job of this unknown word finishes it.

    A server that delivers the file without naming a status has finished; one with a word that we do not know
    has if it is an MP4.
    """
    return bool(content) and (not word or (word not in WORKING_WORDS and content[4:8] == b"ftyp"))


def _parse_failure_text(payload: dict[str, Any]) -> str:
    texts = (parse_text(payload.get(key), 2000) for key in _FAILURE_TEXTS)
    return next((text for text in texts if text), "")


def _parse_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def parse_int(value: object, *, maximum: int) -> int | None:
    """Return a number of any notation, rounded; None when it is none, negative or above `maximum`."""
    number = _parse_number(value)
    return round(number) if number is not None and 0 <= number <= maximum else None


def _parse_percent(value: object) -> int | None:
    number = _parse_number(value)
    return None if number is None else round(min(max(number, 0.0), 100.0))


def _clamp_hint(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_HINT_SECONDS)
