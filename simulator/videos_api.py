"""The endpoints of the Videos API."""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from simulator import fault_injection, protocol
from simulator.fault_rules import FaultRule
from simulator.protocol import ApiError
from simulator.render_pool import RenderError
from simulator.renderer import SPRITESHEET, THUMBNAIL, VIDEO
from simulator.request_body import read_fields
from simulator.service import JobRequest, VideoService

_VARIANTS = {
    "video": (VIDEO, "video/mp4"),
    "thumbnail": (THUMBNAIL, "image/webp"),
    "spritesheet": (SPRITESHEET, "image/jpeg"),
}
Endpoint = Callable[[Request], Awaitable[Response]]


class VideosApi:
    """The endpoints under /v1.

    Each counts the request, then checks key and input, then applies the fault rules.
    """

    def __init__(self, service: VideoService) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Return all routes under /v1."""
        endpoints: list[tuple[str, str, str, Endpoint]] = [
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
            Route(path, self._count_and_authenticate(operation, endpoint), methods=[method])
            for method, path, operation, endpoint in endpoints
        ]

    async def create(self, request: Request) -> Response:
        """POST /videos."""
        async with read_fields(request) as fields:
            job_request = await self._service.validate_create(fields)
        return await self._accept(job_request)

    async def remix(self, request: Request) -> Response:
        """POST /videos/{id}/remix."""
        async with read_fields(request) as fields:
            job_request = self._service.validate_remix(request.path_params["id"], fields)
        return await self._accept(job_request)

    async def edit(self, request: Request) -> Response:
        """POST /videos/edits."""
        async with read_fields(request) as fields:
            job_request = await self._service.validate_edit(fields)
        return await self._accept(job_request)

    async def extend(self, request: Request) -> Response:
        """POST /videos/extensions."""
        async with read_fields(request) as fields:
            job_request = await self._service.validate_extension(fields)
        return await self._accept(job_request)

    async def retrieve(self, request: Request) -> Response:
        """GET /videos/{id}."""
        job = self._service.get_job(request.path_params["id"])

        async def action(_: FaultRule | None) -> Response:
            return self._video_response(job.to_video(time.time()))

        return await self._perform("retrieve", job.prompt, action)

    async def list(self, request: Request) -> Response:
        """GET /videos."""
        page = protocol.parse_page(request.query_params)

        async def action(_: FaultRule | None) -> Response:
            jobs, has_more = self._service.store.list_jobs(page)
            now = time.time()
            body = {
                "object": "list",
                "data": [job.to_video(now) for job in jobs],
                "first_id": jobs[0].id if jobs else None,
                "last_id": jobs[-1].id if jobs else None,
                "has_more": has_more,
            }
            return JSONResponse(body)

        return await self._perform("list", None, action)

    async def content(self, request: Request) -> Response:
        """GET /videos/{id}/content: 404 until the job is completed; supports byte ranges."""
        job = self._service.get_job(request.path_params["id"])
        variant = request.query_params.get("variant", "video")
        if variant not in _VARIANTS:
            message = f"Invalid value: '{variant[:80]}'. Supported values are: {', '.join(_VARIANTS)}."
            raise ApiError(message, param="variant", code="invalid_value")
        if job.status(time.time())[0] != "completed":
            raise ApiError(
                "Video is not ready yet, use GET /v1/videos/{video_id} to check status.", status=404
            )
        name, media_type = _VARIANTS[variant]

        async def action(_: FaultRule | None) -> Response:
            try:
                directory = await self._service.render_pool.ensure_rendered(job)
            except RenderError as error:
                raise ApiError(f"This video could not be rendered: {error}", status=500) from error
            return FileResponse(directory / name, media_type=media_type)

        return await self._perform("content", job.prompt, action)

    async def delete(self, request: Request) -> Response:
        """DELETE /videos/{id}."""
        job = self._service.get_job(request.path_params["id"])

        async def action(_: FaultRule | None) -> Response:
            return JSONResponse(self._service.delete(job))

        return await self._perform("delete", job.prompt, action)

    async def create_character(self, request: Request) -> Response:
        """POST /videos/characters."""
        async with read_fields(request) as fields:
            return JSONResponse(await self._service.create_character(fields))

    async def retrieve_character(self, request: Request) -> Response:
        """GET /videos/characters/{id}."""
        character = self._service.store.find_character(request.path_params["id"])
        if character is None:
            raise protocol.not_found("Character", request.path_params["id"][:80])
        return JSONResponse(character)

    async def models(self, _: Request) -> Response:
        """GET /models."""
        return JSONResponse({"object": "list", "data": [_model(name) for name in protocol.MODEL_SIZES]})

    async def model(self, request: Request) -> Response:
        """GET /models/{id}."""
        name = request.path_params["id"]
        if name not in protocol.MODEL_SIZES:
            raise ApiError(f"The model '{name[:80]}' does not exist.", status=404, code="model_not_found")
        return JSONResponse(_model(name))

    async def _accept(self, job_request: JobRequest) -> Response:
        async def action(rule: FaultRule | None) -> Response:
            return self._video_response(self._service.accept(job_request, rule))

        return await self._perform(job_request.kind, job_request.prompt, action)

    def _video_response(self, video: dict[str, object]) -> Response:
        """Return a Video, with the header that tells OpenAI's SDK how long to wait before it polls again."""
        seconds = self._service.settings.poll_after
        is_unfinished = video["status"] in {"queued", "in_progress"}
        headers = {"openai-poll-after-ms": str(round(seconds * 1000))} if seconds and is_unfinished else {}
        return JSONResponse(video, headers=headers)

    async def _perform(self, operation: str, prompt: str | None, action: fault_injection.Action) -> Response:
        rule = self._service.fault_rules.take(operation, prompt)
        return await fault_injection.perform(rule, operation, action)

    def _count_and_authenticate(self, operation: str, endpoint: Endpoint) -> Endpoint:
        async def wrapped(request: Request) -> Response:
            self._service.request_counts[operation] += 1
            self._authenticate(request)
            return await endpoint(request)

        return wrapped

    def _authenticate(self, request: Request) -> None:
        key = self._service.settings.api_key
        if key is None:
            return
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
            raise ApiError("Incorrect API key provided.", status=401, code="invalid_api_key")


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "simulator"}
