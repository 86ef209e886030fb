"""Who may use the simulator: programs that know its key, and no page of another site."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.protocol import ApiError


def require_key(request: Request, key: str | None) -> None:
    """Raise ApiError, a 401, unless the request has the key; None accepts any."""
    given = request.headers.get("authorization", "")
    if key is not None and not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
        raise ApiError("Incorrect API key provided.", status=401, code="invalid_api_key")


class AccessMiddleware:
    """Refuses what a page in a browser on this machine could send.

    A page of another site gives itself away by its Origin, or by Sec-Fetch-Site where it only loads an image.
    One that lets its own name lead here (DNS rebinding) is of the same origin to the browser, but has that
    name in the Host. Numeric addresses and localhost cannot be rebound; others are accepted when `allowed`.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = {"localhost", *(name.lower() for name in allowed)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] == "http" and (refusal := self._refusal(Headers(scope=scope))):
            response = JSONResponse(refusal.body(), status_code=refusal.status)
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> ApiError | None:
        host = headers.get("host", "")
        if not self._is_allowed(host):
            message = f"This server does not answer to the host '{host[:80]}'. Name it with --allow-host."
            return ApiError(message, status=403, code="host_not_allowed")
        is_foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        origin = headers.get("origin")
        if is_foreign or (origin is not None and urlsplit(origin).netloc.lower() != host.lower()):
            return ApiError("Pages of other origins are refused.", status=403, code="origin_not_allowed")
        return None

    def _is_allowed(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._allowed or _is_ip(name)


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
