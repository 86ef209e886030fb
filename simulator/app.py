"""The routes: the Videos API, and the `/_simulator` ones that only tests and operators use."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from simulator import faults, protocol, spoiling, wire
from simulator.desk import Desk, Order, Settings
from simulator.faults import Rule
from simulator.protocol import Refusal
from simulator.render import SPRITESHEET, THUMBNAIL, VIDEO
from simulator.studio import RenderError

_VARIANTS = {
    "video": (VIDEO, "video/mp4"),
    "thumbnail": (THUMBNAIL, "image/webp"),
    "spritesheet": (SPRITESHEET, "image/jpeg"),
}
Endpoint = Callable[[Request], Awaitable[Response]]


class Api:
    """The endpoints of /v1. Each counts the request, checks the key and what was sent, then may go wrong."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All routes under /v1."""
        listed: list[tuple[str, str, str, Endpoint]] = [
            ("POST", "/videos", "create", self.create),
            ("GET", "/videos", "list", self.list),
            ("POST", "/videos/edits", "edit", self.edit),
            ("POST", "/videos/extensions", "extend", self.extend),
            ("POST", "/videos/characters", "create_character", self.create_character),
            ("GET", "/videos/characters/{id}", "retrieve_character", self.retrieve_character),
            ("GET", "/videos/{id}", "retrieve", self.retrieve),
            ("DELETE", "/videos/{id}", "delete", self.delete),
            ("GET", "/videos/{id}/content", "content", self.content),
            ("POST", "/videos/{id}/remix", "remix", self.remix),
            ("GET", "/models", "models", self.models),
            ("GET", "/models/{id}", "model", self.model),
        ]
        return [
            Route(path, self._guarded(call, endpoint), methods=[method])
            for method, path, call, endpoint in listed
        ]

    async def create(self, request: Request) -> Response:
        """POST /videos."""
        async with wire.fields(request) as given:
            order = await self._desk.creation(given)
        return await self._accept(order)

    async def remix(self, request: Request) -> Response:
        """POST /videos/{id}/remix."""
        async with wire.fields(request) as given:
            order = self._desk.remix(request.path_params["id"], given)
        return await self._accept(order)

    async def edit(self, request: Request) -> Response:
        """POST /videos/edits."""
        async with wire.fields(request) as given:
            order = await self._desk.edit(given)
        return await self._accept(order)

    async def extend(self, request: Request) -> Response:
        """POST /videos/extensions."""
        async with wire.fields(request) as given:
            order = await self._desk.extension(given)
        return await self._accept(order)

    async def retrieve(self, request: Request) -> Response:
        """GET /videos/{id}."""
        job = self._desk.job(request.path_params["id"])

        async def act(_: Rule | None) -> Response:
            view = job.view(time.time())
            return JSONResponse(view, headers=self._poll_hint(view))

        return await self._perform("retrieve", job.prompt, act)

    async def list(self, request: Request) -> Response:
        """GET /videos."""
        page = protocol.page(request.query_params)

        async def act(_: Rule | None) -> Response:
            jobs, more = self._desk.store.listing(page)
            now = time.time()
            ends = (jobs[0].id, jobs[-1].id) if jobs else (None, None)
            views = [job.view(now) for job in jobs]
            body = {
                "object": "list",
                "data": views,
                "first_id": ends[0],
                "last_id": ends[1],
                "has_more": more,
            }
            return JSONResponse(body)

        return await self._perform("list", None, act)

    async def content(self, request: Request) -> Response:
        """GET /videos/{id}/content: 404 until the job is completed; byte ranges."""
        job = self._desk.job(request.path_params["id"])
        variant = request.query_params.get("variant", "video")
        if variant not in _VARIANTS:
            sentence = f"Invalid value: '{variant[:80]}'. Supported values are: {', '.join(_VARIANTS)}."
            raise Refusal(sentence, param="variant", code="invalid_value")
        if job.status(time.time())[0] != "completed":
            raise Refusal(
                "Video is not ready yet, use GET /v1/videos/{video_id} to check status.", status=404
            )
        name, media_type = _VARIANTS[variant]

        async def act(_: Rule | None) -> Response:
            try:
                directory = await self._desk.studio.film(job)
            except RenderError as error:
                raise Refusal(f"This video could not be rendered: {error}", status=500) from error
            return FileResponse(directory / name, media_type=media_type)

        return await self._perform("content", job.prompt, act)

    async def delete(self, request: Request) -> Response:
        """DELETE /videos/{id}."""
        job = self._desk.job(request.path_params["id"])

        async def act(_: Rule | None) -> Response:
            return JSONResponse(self._desk.delete(job))

        return await self._perform("delete", job.prompt, act)

    async def create_character(self, request: Request) -> Response:
        """POST /videos/characters."""
        async with wire.fields(request) as given:
            return JSONResponse(await self._desk.character(given))

    async def retrieve_character(self, request: Request) -> Response:
        """GET /videos/characters/{id}."""
        found = self._desk.store.character(request.path_params["id"])
        if found is None:
            raise protocol.missing("Character", request.path_params["id"][:80])
        return JSONResponse(found)

    async def models(self, _: Request) -> Response:
        """GET /models."""
        return JSONResponse({"object": "list", "data": [_model(name) for name in protocol.MODELS]})

    async def model(self, request: Request) -> Response:
        """GET /models/{id}."""
        name = request.path_params["id"]
        if name not in protocol.MODELS:
            raise Refusal(f"The model '{name[:80]}' does not exist.", status=404, code="model_not_found")
        return JSONResponse(_model(name))

    async def _accept(self, order: Order) -> Response:
        async def act(rule: Rule | None) -> Response:
            view = self._desk.accept(order, rule)
            return JSONResponse(view, headers=self._poll_hint(view))

        return await self._perform(order.kind, order.prompt, act)

    def _poll_hint(self, view: dict[str, object]) -> dict[str, str]:
        """The header in which OpenAI's SDK reads how long to wait before the next look."""
        seconds = self._desk.settings.poll_after
        unfinished = view["status"] in {"queued", "in_progress"}
        return {"openai-poll-after-ms": str(round(seconds * 1000))} if seconds and unfinished else {}

    async def _perform(self, call: str, prompt: str | None, act: spoiling.Act) -> Response:
        return await spoiling.perform(self._desk.faults.strike(call, prompt), call, act)

    def _guarded(self, call: str, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            self._desk.requests[call] += 1
            self._check_key(request)
            return await endpoint(request)

        return guarded

    def _check_key(self, request: Request) -> None:
        key = self._desk.settings.api_key
        if key is None:
            return
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
            raise Refusal("Incorrect API key provided.", status=401, code="invalid_api_key")


class Backstage:
    """The endpoints of /_simulator: faults, books and settings. No key is asked for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All routes under /_simulator."""
        return [
            Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/books", self.books, methods=["GET"]),
            Route("/settings", self.settings, methods=["GET", "POST"]),
        ]

    async def faults(self, request: Request) -> Response:
        """Show, add to or clear the rules."""
        if request.method == "POST":
            self._desk.faults.add(faults.parse(await wire.json_body(request)))
        elif request.method == "DELETE":
            self._desk.faults.clear()
        return JSONResponse(self._desk.faults.show())

    async def books(self, _: Request) -> Response:
        """All that was accepted, ever, and the requests counted since the start."""
        accepted = self._desk.store.books()
        return JSONResponse(
            {"count": len(accepted), "accepted": accepted, "requests": dict(self._desk.requests)}
        )

    async def settings(self, request: Request) -> Response:
        """Show the settings, or change the duration of the jobs to come."""
        settings = self._desk.settings
        if request.method == "POST":
            body = await wire.json_body(request)
            settings.duration = _duration(body.get("duration") if isinstance(body, Mapping) else None)
        render = "on-demand" if settings.lazy else "eager"
        return JSONResponse({"duration": settings.duration, "fps": settings.fps, "render": render})


def build(settings: Settings, rules: list[Rule]) -> Starlette:
    """The ASGI application; it opens its store when it starts and ends its processes when it stops."""
    desk = Desk(settings)
    desk.faults.add(rules)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        desk.studio.resume()
        yield
        await desk.close()

    app = Starlette(
        routes=[
            Route("/health", _health),
            Mount("/v1", routes=Api(desk).routes()),
            Mount("/_simulator", routes=Backstage(desk).routes()),
        ],
        middleware=[Middleware(wire.BodyLimit)],
        exception_handlers={Refusal: _refused, HTTPException: _unrouted, ClientDisconnect: _gone},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "healthy", "service": "simulator"})


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers)


async def _unrouted(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    sentence = f"Invalid URL ({request.method} {request.url.path[:200]}): {error.detail}."
    refusal = Refusal(sentence, status=error.status_code, headers=error.headers)
    return await _refused(request, refusal)


async def _gone(_: Request, __: Exception) -> Response:
    """The client left while sending: nobody reads this."""
    return Response(status_code=400)


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "simulator"}


def _duration(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise Refusal("'duration' is a number of seconds, 0 or more.", param="duration")
    return float(value)
