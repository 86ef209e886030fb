"""The ASGI application: the Videos API under /v1, files under /files, the control API under /_simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from simulator.access import AccessMiddleware
from simulator.clock import DateMiddleware
from simulator.control_api import ControlApi
from simulator.fault_rules import FaultRule
from simulator.outages import CONTROL_PATH, Outage, SilenceMiddleware
from simulator.protocol import ApiError
from simulator.request_body import BodySizeLimitMiddleware
from simulator.service import VideoService
from simulator.settings import Settings
from simulator.videos_api import VideosApi


def create_app(settings: Settings, rules: list[FaultRule]) -> Starlette:
    """Return the application. It opens its store now, and ends its processes when it shuts down.

    `state.outage` is its Outage, for the server that it runs in.
    """
    service = VideoService(settings)
    service.fault_rules.add(rules)
    videos_api = VideosApi(service)
    outage = Outage()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        service.render_pool.resume()
        yield
        await service.close()

    app = Starlette(
        routes=[
            Route("/health", _health),
            Mount("/v1", routes=videos_api.routes()),
            Mount("/files", routes=videos_api.file_routes()),
            Mount(CONTROL_PATH, routes=ControlApi(service, outage).routes()),
        ],
        middleware=[
            Middleware(DateMiddleware, settings),
            Middleware(AccessMiddleware, settings.hosts),
            Middleware(SilenceMiddleware, outage),
            Middleware(BodySizeLimitMiddleware),
        ],
        exception_handlers={
            ApiError: _handle_api_error,
            HTTPException: _handle_http_exception,
            ClientDisconnect: _handle_disconnect,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.outage = outage
    return app


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "healthy", "service": "simulator"})


async def _handle_api_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers)


async def _handle_http_exception(request: Request, error: Exception) -> Response:
    """Answer unknown URLs and methods in the protocol's shape."""
    if not isinstance(error, HTTPException):
        raise error
    message = f"Invalid URL ({request.method} {request.url.path[:200]}): {error.detail}."
    return await _handle_api_error(
        request, ApiError(message, status=error.status_code, headers=error.headers)
    )


async def _handle_disconnect(_: Request, __: Exception) -> Response:
    """Return a response that nobody reads: the client left while sending."""
    return Response(status_code=400)
