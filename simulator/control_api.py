"""The control API, for tests and operators: fault rules, the ledger and the settings."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.access import require_key
from simulator.fault_rules import parse_rules
from simulator.outages import Outage
from simulator.protocol import ApiError
from simulator.quirks import Quirks, parse_quirks
from simulator.request_body import read_json
from simulator.service import VideoService
from simulator.settings import MAX_FPS

Endpoint = Callable[[Request], Awaitable[Response]]


class ControlApi:
    """The endpoints under /_simulator. They need the API key too: the ledger holds everybody's prompts."""

    def __init__(self, service: VideoService, outage: Outage) -> None:
        self._service = service
        self._outage = outage

    def routes(self) -> list[Route]:
        """Return all routes under /_simulator."""
        endpoints: list[tuple[str, Endpoint, list[str]]] = [
            ("/faults", self.faults, ["GET", "POST", "DELETE"]),
            ("/quirks", self.quirks, ["GET", "POST", "DELETE"]),
            ("/outage", self.outage, ["POST"]),
            ("/ledger", self.ledger, ["GET"]),
            # The ledger's former address, for programs that still use it.
            ("/books", self.ledger, ["GET"]),
            ("/settings", self.settings, ["GET", "POST"]),
        ]
        return [Route(path, self._authenticate(each), methods=methods) for path, each, methods in endpoints]

    def _authenticate(self, endpoint: Endpoint) -> Endpoint:
        async def wrapped(request: Request) -> Response:
            require_key(request, self._service.settings.api_key)
            return await endpoint(request)

        return wrapped

    async def faults(self, request: Request) -> Response:
        """Return the fault rules, after adding to them (POST) or clearing them (DELETE)."""
        rules = self._service.fault_rules
        if request.method == "POST":
            rules.add(parse_rules(await read_json(request)))
        elif request.method == "DELETE":
            rules.clear()
        return JSONResponse(rules.to_response())

    async def quirks(self, request: Request) -> Response:
        """Return the quirks, after changing those that are named (POST) or removing all (DELETE)."""
        settings = self._service.settings
        if request.method == "POST":
            settings.quirks = parse_quirks(await read_json(request), settings.quirks)
        elif request.method == "DELETE":
            settings.quirks = Quirks()
        return JSONResponse(settings.quirks.to_response())

    async def outage(self, request: Request) -> Response:
        """Begin an outage (POST): right after this response it is silent, or refuses connections."""
        body = await read_json(request)
        fields = body if isinstance(body, Mapping) else {}
        kind, seconds = fields.get("kind"), _parse_seconds(fields.get("seconds"), "seconds")
        reply = {"kind": kind, "seconds": seconds}
        if kind == "silent":
            self._outage.begin_silence(seconds)
            return JSONResponse(reply)
        refuse = self._outage.refuse_connections
        if kind != "refused" or refuse is None:
            raise ApiError("'kind' is silent or refused.", param="kind")
        return JSONResponse(reply, background=BackgroundTask(refuse, seconds))

    async def ledger(self, _: Request) -> Response:
        """Return everything that was ever accepted, and the number of requests since the start."""
        accepted = self._service.store.ledger_entries()
        requests = dict(self._service.request_counts)
        charged = round(sum(entry["price"] or 0 for entry in accepted), 4)
        return JSONResponse(
            {"count": len(accepted), "charged": charged, "accepted": accepted, "requests": requests}
        )

    async def settings(self, request: Request) -> Response:
        """Return the settings, after changing the duration of future jobs, and their `fps` (POST)."""
        settings = self._service.settings
        if request.method == "POST":
            body = await read_json(request)
            fields = body if isinstance(body, Mapping) else {}
            duration = _parse_seconds(fields.get("duration"), "duration")
            settings.fps = _parse_fps(fields.get("fps", settings.fps))
            settings.duration = duration
        render = "on-demand" if settings.lazy else "eager"
        return JSONResponse({"duration": settings.duration, "fps": settings.fps, "render": render})


def _parse_fps(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_FPS:
        raise ApiError(f"'fps' is a whole number from 1 to {MAX_FPS}.", param="fps")
    return value


def _parse_seconds(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ApiError(f"'{name}' is a number of seconds, 0 or more.", param=name)
    return float(value)
