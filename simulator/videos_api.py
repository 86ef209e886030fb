"""The endpoints of the Videos API."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from simulator import chat, fault_injection, protocol
from simulator.access import require_key
from simulator.fault_rules import FaultRule
from simulator.jobs import Job
from simulator.misreports import misreport
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
_TIMES = ("created_at", "completed_at")
KEY_RETENTION = 604_800  # seconds; keys are kept for good, and this is what is promised
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
            ("POST", "/chat/completions", "chat", self.chat),
            ("GET", "/models", "models", self.models),
            ("GET", "/models/{id}", "model", self.model),
        ]
        return [
            Route(path, self._count_and_authenticate(operation, endpoint), methods=[method])
            for method, path, operation, endpoint in endpoints
        ]

    def file_routes(self) -> list[Route]:
        """Return the route of the addresses that misreports give finished videos; it asks for no key."""
        return [Route("/{id}.mp4", self.file, methods=["GET"])]

    async def create(self, request: Request) -> Response:
        """POST /videos."""
        async with read_fields(request) as fields:
            job_request = await self._service.validate_create(fields)
        return await self._accept(request, job_request)

    async def remix(self, request: Request) -> Response:
        """POST /videos/{id}/remix."""
        async with read_fields(request) as fields:
            job_request = self._service.validate_remix(request.path_params["id"], fields)
        return await self._accept(request, job_request)

    async def edit(self, request: Request) -> Response:
        """POST /videos/edits."""
        async with read_fields(request) as fields:
            job_request = await self._service.validate_edit(fields)
        return await self._accept(request, job_request)

    async def extend(self, request: Request) -> Response:
        """POST /videos/extensions."""
        async with read_fields(request) as fields:
            job_request = await self._service.validate_extension(fields)
        return await self._accept(request, job_request)

    async def retrieve(self, request: Request) -> Response:
        """GET /videos/{id}."""
        job = self._service.get_job(request.path_params["id"])

        async def action(_: FaultRule | None) -> Response:
            return self._video_response(request, "retrieve", job.to_video(time.time()))

        return await self._perform("retrieve", job, action)

    async def list(self, request: Request) -> Response:
        """GET /videos."""
        page = protocol.parse_page(request.query_params)
        quirks = self._service.settings.quirks
        if quirks.list_order is not None:
            page = replace(page, descending=quirks.list_order == "desc")

        async def action(_: FaultRule | None) -> Response:
            now = time.time()
            listed_until = now - quirks.list_delay if quirks.list_delay else math.inf
            jobs, has_more = self._service.store.list_jobs(page, listed_until)
            body = {
                "object": "list",
                "data": [self._describe(request, "list", job.to_video(now)) for job in jobs],
                "first_id": jobs[0].id if jobs else None,
                "last_id": jobs[-1].id if jobs else None,
                "has_more": has_more,
            }
            return JSONResponse(body)

        return await self._perform("list", None, action)

    async def content(self, request: Request) -> Response:
        """GET /videos/{id}/content: 404 until the job is completed; supports byte ranges.

        Also 404 when the file is at an address of its own.
        """
        job = self._service.get_job(request.path_params["id"])
        variant = request.query_params.get("variant", "video")
        if variant not in _VARIANTS:
            message = f"Invalid value: '{variant[:80]}'. Supported values are: {', '.join(_VARIANTS)}."
            raise ApiError(message, param="variant", code="invalid_value")
        if self._service.settings.quirks.moves_file(job.prompt):
            raise ApiError("This server has no content here.", status=404, code="not_found")
        return await self._file_response(job, variant)

    async def file(self, request: Request) -> Response:
        """GET /files/{id}.mp4: the video, where a misreport gives it this address."""
        self._service.request_counts["file"] += 1
        job = self._service.get_job(request.path_params["id"])
        if not self._service.settings.quirks.moves_file(job.prompt):
            raise protocol.not_found("File", job.id)
        return await self._file_response(job, "video")

    async def _file_response(self, job: Job, variant: str) -> Response:
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

        return await self._perform("content", job, action)

    async def delete(self, request: Request) -> Response:
        """DELETE /videos/{id}."""
        job = self._service.get_job(request.path_params["id"])

        async def action(_: FaultRule | None) -> Response:
            return JSONResponse(self._service.delete(job))

        return await self._perform("delete", job, action)

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

    async def chat(self, request: Request) -> Response:
        """POST /chat/completions: help with prompts, by rules."""
        async with read_fields(request) as fields:
            prompt = chat.question_of(fields)

            async def action(_: FaultRule | None) -> Response:
                return JSONResponse(await asyncio.to_thread(chat.complete, fields))

            rule = self._service.fault_rules.take("chat", prompt, str(fields.get("model")))
            return await fault_injection.perform(rule, "chat", action)

    async def models(self, _: Request) -> Response:
        """GET /models. Where keys are honoured, a header says so, as ContentGen's own /v1 does."""
        honours_keys = self._service.settings.quirks.honours_idempotency_key
        headers = {"Idempotency-Key-Retention": str(KEY_RETENTION)} if honours_keys else {}
        body = {"object": "list", "data": [_model(name) for name in protocol.MODEL_SIZES]}
        return JSONResponse(body, headers=headers)

    async def model(self, request: Request) -> Response:
        """GET /models/{id}."""
        name = request.path_params["id"]
        if name not in protocol.MODEL_SIZES:
            raise ApiError(f"The model '{name[:80]}' does not exist.", status=404, code="model_not_found")
        return JSONResponse(_model(name))

    async def _accept(self, request: Request, job_request: JobRequest) -> Response:
        job_request = replace(job_request, idempotency_key=request.headers.get("idempotency-key"))

        async def action(rule: FaultRule | None) -> Response:
            repeated = self._service.find_repeated(job_request)
            if repeated is None:
                return self._video_response(request, "create", self._service.accept(job_request, rule))
            response = self._video_response(request, "create", repeated.to_video(time.time()))
            response.headers["Idempotent-Replayed"] = "true"
            return response

        return await self._perform(job_request.kind, job_request, action)

    def _describe(self, request: Request, operation: str, video: dict[str, Any]) -> dict[str, Any]:
        """Return the Video as the quirks have it described in the reply to that operation."""
        offset = int(self._service.settings.quirks.clock_offset)
        video = {**video, **{name: video[name] + offset for name in _TIMES if video[name] is not None}}
        address = f"{request.url.scheme}://{request.url.netloc}/files/{video['id']}.mp4"
        return misreport(self._service.settings.quirks.misreports, operation, video, address)

    def _video_response(self, request: Request, operation: str, video: dict[str, Any]) -> Response:
        """Return a Video, with the header that tells OpenAI's SDK how long to wait before it polls again."""
        seconds = self._service.settings.poll_after
        is_unfinished = video["status"] in {"queued", "in_progress"}
        headers = {"openai-poll-after-ms": str(round(seconds * 1000))} if seconds and is_unfinished else {}
        return JSONResponse(self._describe(request, operation, video), headers=headers)

    async def _perform(
        self, operation: str, job: Job | JobRequest | None, action: fault_injection.Action
    ) -> Response:
        """Perform an operation, on one job or on none in particular, as the fault rules say."""
        prompt, model = (job.prompt, job.model) if job is not None else (None, None)
        rule = self._service.fault_rules.take(operation, prompt, model)
        return await fault_injection.perform(rule, operation, action)

    def _count_and_authenticate(self, operation: str, endpoint: Endpoint) -> Endpoint:
        async def wrapped(request: Request) -> Response:
            self._service.request_counts[operation] += 1
            require_key(request, self._service.settings.api_key)
            return await endpoint(request)

        return wrapped


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "simulator"}
