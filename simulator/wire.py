"""HTTP below the protocol: reading bodies safely, and replies that break off on purpose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from simulator.protocol import Refusal

MAX_BODY = 100 * 1024 * 1024
_MAX_JSON = 32 * 1024 * 1024
_TRANSPORT = "simulator.transport"


class Protocol(H11Protocol):
    """uvicorn's HTTP, which also lets a reply hang up: ASGI itself has no word for that."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give every request of the connection its transport."""
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport


class BodyLimit:
    """Answers 413 as soon as a body turns out to be longer than MAX_BODY, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through, counting what is received."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY:
                raise too_large()
            return message

        await self._app(scope, counted, send)


class Dropped(Response):
    """No reply: after `delay` seconds the connection is closed."""

    def __init__(self, delay: float = 0.0) -> None:
        super().__init__()
        self._delay = delay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, unless the client leaves first, then hang up."""
        await _until_gone(receive, self._delay)
        await _hang_up(scope, receive)


class Truncated(Response):
    """Announces all of a body, sends `fraction` of it and hangs up."""

    def __init__(self, content: bytes, media_type: str, fraction: float) -> None:
        super().__init__(content, media_type=media_type)
        self._sent = int(len(content) * min(max(fraction, 0.0), 0.999))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and the first part."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        part = bytes(self.body[: self._sent])
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await _hang_up(scope, receive)


async def trickle(content: bytes, bytes_per_second: int) -> AsyncIterator[bytes]:
    """The content in ten pieces a second."""
    piece = max(1, bytes_per_second // 10)
    for start in range(0, len(content), piece):
        if start:
            await asyncio.sleep(piece / max(1, bytes_per_second))
        yield content[start : start + piece]


async def json_body(request: Request) -> object:
    """The body as JSON, whatever its content type; a Refusal when it is none."""
    if int(request.headers.get("content-length", "0")) > _MAX_JSON:
        raise too_large()
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise Refusal("We could not parse the JSON body of your request.", code="invalid_json") from error


@asynccontextmanager
async def fields(request: Request) -> AsyncIterator[dict[str, Any]]:
    """The fields of a request, sent as JSON or as a form; uploaded files are UploadFile, open in the block.

    A form's `video[id]` becomes {"video": {"id": …}}, `characters[…][id]` a list of such objects.
    """
    if not request.headers.get("content-type", "").lower().startswith(_FORMS):
        body = await json_body(request)
        if not isinstance(body, dict):
            raise Refusal("The request body must be an object.", code="invalid_type")
        yield body
        return
    try:
        async with request.form(max_files=10, max_fields=100) as form:
            yield _unfolded(list(form.multi_items()))
    except HTTPException as error:
        raise Refusal(f"We could not parse the form: {error.detail}", code="invalid_form") from error


_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


async def upload(value: object, name: str) -> bytes:
    """The bytes of an uploaded file; a Refusal when the field holds something else."""
    if not isinstance(value, UploadFile):
        raise Refusal(f"Invalid type for '{name}': expected a file.", param=name, code="invalid_type")
    return await value.read()


def too_large() -> Refusal:
    """The answer to a body over the limit."""
    return Refusal("The request is too large.", status=413, code="request_too_large")


def _unfolded(items: list[tuple[str, str | UploadFile]]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in items:
        head, _, tail = name.partition("[")
        if not tail:
            plain[name] = value
        elif head == "characters":
            plain.setdefault(head, []).append({"id": value})
        else:
            plain[head] = {**_mapping(plain.get(head)), tail.rstrip("]"): value}
    return plain


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


async def _until_gone(receive: Receive, seconds: float) -> None:
    """Return after that time, or when the client has left."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            while (await receive())["type"] != "http.disconnect":
                pass
    except (TimeoutError, ClientDisconnect):
        return


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection once what was sent is out, and wait until the server has noticed."""
    scope[_TRANSPORT].close()
    while (await receive())["type"] != "http.disconnect":
        pass
