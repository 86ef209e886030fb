"""Outages: for a time the server answers nothing, or refuses connections."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.faulty_responses import DroppedResponse

CONTROL_PATH = "/_simulator"


class Outage:
    """The state of the outage. `refuse_connections` is set by the server that holds the listening socket."""

    def __init__(self) -> None:
        self._silent_until = 0.0
        self.refuse_connections: Callable[[float], Awaitable[None]] | None = None

    def begin_silence(self, seconds: float) -> None:
        """Answer nothing but the control API for so many seconds; 0 ends a silence."""
        self._silent_until = time.monotonic() + seconds

    @property
    def silent_seconds(self) -> float:
        """How long the silence still lasts; 0 when there is none."""
        return max(0.0, self._silent_until - time.monotonic())


class SilenceMiddleware:
    """Accepts connections during a silence and reads what they send, but neither acts on it nor answers."""

    def __init__(self, app: ASGIApp, outage: Outage) -> None:
        self._app = app
        self._outage = outage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or hold it until the silence ends and then close the connection."""
        seconds = self._outage.silent_seconds
        if scope["type"] != "http" or not seconds or scope["path"].startswith(CONTROL_PATH):
            await self._app(scope, receive, send)
        else:
            await DroppedResponse(seconds)(scope, receive, send)
