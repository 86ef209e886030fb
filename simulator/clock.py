"""The server's clock, as its responses show it."""

from __future__ import annotations

import time
from email.utils import formatdate

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.settings import Settings


class DateMiddleware:
    """Adds the `Date` header, by a clock that is off as the quirk `clock_offset` says."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and date the response."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = time.time() + self._settings.quirks.clock_offset
                MutableHeaders(scope=message)["date"] = formatdate(now, usegmt=True)
            await send(message)

        await self._app(scope, receive, send_dated)
