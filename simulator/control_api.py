"""The control API, for tests and operators: fault rules, the ledger and the settings."""

from __future__ import annotations

import math
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.fault_rules import parse_rules
from simulator.protocol import ApiError
from simulator.request_body import read_json
from simulator.service import VideoService


class ControlApi:
    """The endpoints under /_simulator. They need no API key."""

    def __init__(self, service: VideoService) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Return all routes under /_simulator."""
        return [
            Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/ledger", self.ledger, methods=["GET"]),
            # The ledger's former address, for programs that still use it.
            Route("/books", self.ledger, methods=["GET"]),
            Route("/settings", self.settings, methods=["GET", "POST"]),
        ]

    async def faults(self, request: Request) -> Response:
        """Return the fault rules, after adding to them (POST) or clearing them (DELETE)."""
        rules = self._service.fault_rules
        if request.method == "POST":
            rules.add(parse_rules(await read_json(request)))
        elif request.method == "DELETE":
            rules.clear()
        return JSONResponse(rules.to_response())

    async def ledger(self, _: Request) -> Response:
        """Return everything that was ever accepted, and the number of requests since the start."""
        accepted = self._service.store.ledger_entries()
        requests = dict(self._service.request_counts)
        return JSONResponse({"count": len(accepted), "accepted": accepted, "requests": requests})

    async def settings(self, request: Request) -> Response:
        """Return the settings, after changing the duration of future jobs (POST)."""
        settings = self._service.settings
        if request.method == "POST":
            body = await read_json(request)
            settings.duration = _parse_duration(body.get("duration") if isinstance(body, Mapping) else None)
        render = "on-demand" if settings.lazy else "eager"
        return JSONResponse({"duration": settings.duration, "fps": settings.fps, "render": render})


def _parse_duration(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ApiError("'duration' is a number of seconds, 0 or more.", param="duration")
    return float(value)
