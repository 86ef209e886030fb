"""Responses that break off on purpose, and the uvicorn protocol that lets them close the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT_KEY = "simulator.transport"


class TransportExposingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with the transport in the scope: ASGI itself has no way to drop a connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Add the transport to the scope of every request on this connection."""
        super().connection_made(transport)
        app = self.app

        async def app_with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_TRANSPORT_KEY] = transport
            await app(scope, receive, send)

        self.app = app_with_transport


class DroppedResponse(Response):
    """No response: after `delay` seconds the connection is closed."""

    def __init__(self, delay: float = 0.0) -> None:
        super().__init__()
        self._delay = delay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, unless the client leaves first, then close the connection."""
        await _wait_for_disconnect(receive, self._delay)
        await _close_connection(scope, receive)


class TruncatedResponse(Response):
    """A response that announces its full length, sends `fraction` of the body and closes the connection."""

    def __init__(self, content: bytes, media_type: str, fraction: float) -> None:
        super().__init__(content, media_type=media_type)
        self._sent_bytes = int(len(content) * min(max(fraction, 0.0), 0.999))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers and the first part of the body, then close the connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        part = bytes(self.body[: self._sent_bytes])
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await _close_connection(scope, receive)


async def throttle(content: bytes, bytes_per_second: int) -> AsyncIterator[bytes]:
    """Yield the content at that rate, in ten chunks a second."""
    chunk = max(1, bytes_per_second // 10)
    for start in range(0, len(content), chunk):
        if start:
            await asyncio.sleep(chunk / max(1, bytes_per_second))
        yield content[start : start + chunk]


async def _wait_for_disconnect(receive: Receive, seconds: float) -> None:
    """Return after `seconds`, or earlier when the client disconnects."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            while (await receive())["type"] != "http.disconnect":
                pass
    except (TimeoutError, ClientDisconnect):
        return


async def _close_connection(scope: Scope, receive: Receive) -> None:
    """Close the connection after sending what is buffered, and wait until the server has noticed."""
    scope[_TRANSPORT_KEY].close()
    while (await receive())["type"] != "http.disconnect":
        pass
