"""The requests that ask for paid work, and what was answered, as an operator may read them.

While a request is under way only references are kept; nothing is read or computed, so that watching it can
neither delay nor fail a submission. `ExchangeLog.describe` does the work when all is over. Headers are never
described, because the key is among them.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import httpx2

from videos.backends.redaction import Redactor, file_facts

MAX_TEXT = 16 * 1024  # bytes that are kept of a request, and as many of an answer
MAX_PATH = 500  # characters
_READ_OF_OTHERS = 4 * MAX_TEXT  # bytes of an answer that is not JSON


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, without secrets.

    `sent_at` is when it left, `byte_count` how many bytes its body had, where that was known before. Of a
    file `request` tells the name and the type, and of one that was held in memory the size and the SHA-256.
    `status` is None where no answer came.
    """

    sent_at: datetime
    method: str
    path: str
    request: str
    byte_count: int | None
    status: int | None
    answer: str


@dataclass(slots=True)
class _Sent:
    request: httpx2.Request
    at: datetime
    response: httpx2.Response | None = None


class _FormFile(Protocol):
    filename: str | None
    file: object
    headers: dict[str, str]


@dataclass
class ExchangeLog:
    """What has been sent by POST. `note_request` and `note_response` are event hooks of an HTTP client."""

    _sent: list[_Sent] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was sent."""
        return not self._sent

    async def note_request(self, request: httpx2.Request) -> None:
        """Keep a request that is about to leave."""
        if request.method == "POST":
            self._sent.append(_Sent(request, datetime.now(UTC)))

    async def note_response(self, response: httpx2.Response) -> None:
        """Keep a response, of which nothing has been read yet."""
        for sent in self._sent:
            if sent.request is response.request:
                sent.response = response

    def describe(self, secrets: tuple[str, ...]) -> list[Exchange]:
        """Return what was sent and answered, in its order, without `secrets`.

        Call it when the client is no longer in use: it reads the bytes of images, for their checksums.
        """
        redactor = Redactor(secrets)
        return [_describe(sent, redactor) for sent in self._sent]


def _describe(sent: _Sent, redactor: Redactor) -> Exchange:
    request, response = sent.request, sent.response
    length = request.headers.get("content-length", "")
    return Exchange(
        sent_at=sent.at,
        method=request.method,
        path=redactor.text(request.url.path)[:MAX_PATH],
        request=_bounded(_describe_request(request, redactor)),
        byte_count=int(length) if length.isdecimal() else None,
        status=response.status_code if response else None,
        answer=_bounded(_describe_answer(response, redactor)) if response else "",
    )


def _describe_request(request: httpx2.Request, redactor: Redactor) -> str:
    form = getattr(request.stream, "fields", None)  # which is sent piece by piece, and has no content
    if form is None:
        return _describe_body(request.content, redactor)
    values: dict[str, list[object]] = {}
    for each in form:
        value = _describe_file(each) if hasattr(each, "filename") else each.value
        values.setdefault(each.name, []).append(value)
    return _dump(redactor.value({name: each[0] if len(each) == 1 else each for name, each in values.items()}))


def _describe_file(sent: _FormFile) -> dict[str, object]:
    facts = {"name": sent.filename, "type": sent.headers.get("Content-Type")}
    return facts | (file_facts(sent.file) if isinstance(sent.file, bytes) else {})


def _describe_answer(response: httpx2.Response, redactor: Redactor) -> str:
    try:
        return _describe_body(response.content, redactor)
    except httpx2.ResponseNotRead:
        return "[the rest of the answer did not arrive]"


def _describe_body(content: bytes, redactor: Redactor) -> str:
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        return redactor.text(content[:_READ_OF_OTHERS].decode(errors="replace"))
    return _dump(redactor.value(payload))


def _dump(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False, indent=2)


def _bounded(text: str) -> str:
    encoded = text.encode()
    if len(encoded) <= MAX_TEXT:
        return text
    return f"{encoded[:MAX_TEXT].decode(errors='ignore')}\n[cut: {len(encoded):,} bytes in all]"
