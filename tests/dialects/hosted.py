"""Fakes of the hosted services, written from their documentation and judged by their own packages.

`make interop` runs each vendor's client, unchanged, against the fake here. They serve the catalogues, too.
"""

import json
from time import time
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx2

from tests.dialects.server import KEY, Dialect, FakeJob, RecordedRequest, Reply
from tests.webhook_signatures import sign_openrouter


class HostedDialect(Dialect):
    """A service that looks at the key of every request, and has neither list nor delete."""

    can_list = False
    can_delete = False
    reported_progress = None
    version = "v1"
    key_header: ClassVar[tuple[str, str]] = ("authorization", f"Bearer {KEY}")
    refused_key = False
    cost: object = 0.42  # US dollars, of every finished job
    models: ClassVar[list[dict[str, Any]]] = []
    safety_words = ""  # of the filter, as the sentence of a job that it stopped

    @property
    def url(self) -> str:
        return f"{self.origin}/{self.version}"

    def answer(self, request: RecordedRequest) -> Reply | None:
        name, value = self.key_header
        if self.refused_key or request.headers[name] != value:
            self.requests.append(request)
            return self.key_reply()
        return super().answer(request)

    def key_reply(self) -> Reply:
        return self.error_reply(401, "No auth credentials found")

    def credit_reply(self) -> Reply:
        return self.error_reply(402, "Insufficient credits. Add more to your account.")

    def unknown_model_reply(self) -> Reply:
        raise NotImplementedError

    def filter(self) -> None:
        """Have the safety filter stop the only job."""
        self.failure = ("moderation_blocked", self.safety_words)
        self.set("failed")


class OpenRouter(HostedDialect):
    """Jobs without a list; the cost is in the job, the file at a content call."""

    service = "openrouter"
    failure = ("generation_failed", "no cats today")
    safety_words = "The request was rejected by the content moderation of the provider."
    models = [
        {
            "id": "google/veo-3.1",
            "canonical_slug": "google/veo-3.1",
            "name": "Google: Veo 3.1",
            "description": "Video with sound.",
            "created": 1_760_000_000,
            "supported_sizes": ["1280x720", "720x1280", "1920x1080"],
            "supported_resolutions": ["720p", "1080p"],
            "supported_aspect_ratios": ["16:9", "9:16"],
            "supported_durations": [4, 6, 8],
            "supported_frame_images": ["first_frame", "last_frame"],
            "generate_audio": True,
            "seed": True,
            "allowed_passthrough_parameters": [],
            "upscale_factor": None,
            "creativity": None,
            "pricing_skus": {"duration_seconds_with_audio": "0.40", "duration_seconds_without_audio": "0.20"},
        },
        {
            "id": "runway/gen-4.5",
            "canonical_slug": "runway/gen-4.5",
            "name": "Runway: Gen-4.5",
            "created": 1_760_000_000,
            "supported_sizes": None,
            "supported_resolutions": ["720p"],
            "supported_aspect_ratios": ["16:9", "9:16", "1:1"],
            "supported_durations": [2, 5, 10],
            "supported_frame_images": [],
            "generate_audio": False,
            "seed": None,
            "allowed_passthrough_parameters": ["contentModeration"],
            "upscale_factor": None,
            "creativity": None,
            "pricing_skus": {"cents_per_second_output": "12"},
        },
        {
            "id": "black-forest-labs/upscaler",
            "canonical_slug": "black-forest-labs/upscaler",
            "name": "An upscaler",
            "created": 1_760_000_000,
            "supported_sizes": None,
            "supported_resolutions": None,
            "supported_aspect_ratios": None,
            "supported_durations": None,
            "supported_frame_images": None,
            "generate_audio": None,
            "seed": None,
            "allowed_passthrough_parameters": [],
            "upscale_factor": {"min": 1.0, "max": 4.0},
            "creativity": [1, 2],
            "pricing_skus": {"cents_per_megapixel_second": "1"},
        },
    ]  # fmt: skip

    @staticmethod
    def asked(**fields: Any) -> dict[str, Any]:
        return {
            "model": fields["model"],
            "prompt": fields["prompt"],
            "duration": fields["seconds"],
            "size": fields["size"],
        }

    def new_id(self, number: int) -> str:
        return f"gen-vid-1764000000-{number:020d}"

    def status(self, job: FakeJob) -> str:
        words = {"queued": "pending", "running": "in_progress", "done": "completed", "failed": "failed"}
        return words[job.state]

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        content = f"{self.url}/videos/{job.id}/content?index=0"
        body = {"id": job.id, "polling_url": f"/api/v1/videos/{job.id}", "status": self.status(job)}
        if job.state == "failed":
            return body | {"error": self.failure[1]}
        if job.state == "done":
            usage = {"cost": self.cost, "is_byok": False}
            return body | {"generation_id": job.id, "unsigned_urls": [content], "usage": usage}
        return body

    def create_reply(self, job: FakeJob) -> Reply:
        return Reply(202, self.job_body(job))

    def call_back(self, job: FakeJob, origin: str, secret: str = "") -> int:
        """Send the webhook of a job that has ended, as the create asked for, and return the status of the
        answer. `origin` stands for the one of the job's `callback_url`, which needs TLS. Without a secret of
        the workspace, it is not signed.
        """
        path = urlsplit(job.fields["callback_url"]).path
        event = {
            "type": f"video.generation.{self.status(job)}",
            "created_at": "2026-11-26T12:00:00Z",
            "data": self.job_body(job),
        }
        body = json.dumps(event).encode()
        headers = sign_openrouter(secret, body, at=time()) if secret else {}
        with httpx2.Client(trust_env=False, timeout=30) as http:
            return http.post(origin + path, content=body, headers=headers).status_code

    def error_reply(self, status: int, message: str) -> Reply:
        return Reply(status, {"error": {"code": status, "message": message}})

    def unknown_model_reply(self) -> Reply:
        return self.error_reply(400, "google/veo-9 is not a valid model ID")

    def _call(self, method: str, parts: list[str]) -> str:
        call = super()._call(method, parts)
        return "other" if call in {"list", "delete"} or parts == ["videos", "models"] else call

    def other_reply(self, request: RecordedRequest) -> Reply:
        if request.path == "/v1/videos/models":
            return Reply(200, {"data": self.models})
        if request.path == "/v1/key":
            return Reply(200, {"data": {"label": "sk-or-…", "usage": 0, "limit": None}})
        return self.error_reply(404, "Not Found")


class Together(HostedDialect):
    """The job has the protocol's shape; cost and address are in `outputs`."""

    service = "together"
    version = "v2"
    failure = ("generation_failed", "no cats today")
    safety_words = "Your prompt was flagged by our content safety system."
    models = [
        {
            "id": "google/veo-3.0-audio",
            "object": "model",
            "created": 0,
            "type": "video",
            "display_name": "Veo 3.0 with audio",
        },
        {"id": "acme/new-video", "object": "model", "created": 0, "type": "video", "display_name": "New"},
        {"id": "acme/chat", "object": "model", "created": 0, "type": "chat", "display_name": "Chat"},
    ]

    @staticmethod
    def asked(**fields: Any) -> dict[str, Any]:
        width, height = map(int, fields["size"].split("x"))
        return {
            "model": fields["model"],
            "prompt": fields["prompt"],
            "seconds": str(fields["seconds"]),
            "width": width,
            "height": height,
            "output_format": "MP4",
        }

    def new_id(self, number: int) -> str:
        return f"019a0068-794a-7213-90f6-{number:012x}"

    def status(self, job: FakeJob) -> str:
        return {"queued": "in_progress"}.get(job.state) or super().status(job)

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        body = {
            "id": job.id,
            "object": "video",
            "model": job.fields["model"],
            "status": self.status(job),
            "created_at": job.created_at,
            "size": f"{job.fields['width']}x{job.fields['height']}",
            "seconds": job.fields["seconds"],
        }
        if job.state == "failed":
            return body | {"error": {"message": self.failure[1], "code": self.failure[0]}}
        if job.state == "done":
            outputs = {"cost": self.cost, "video_url": f"{self.url}/shrt/{job.id}"}
            return body | {"completed_at": job.created_at + 60, "outputs": outputs}
        return body

    def unknown_model_reply(self) -> Reply:
        message = "Unable to access model google/veo-9. Please visit the list of supported models."
        return Reply(404, {"error": {"message": message, "code": "model_not_available", "param": None}})

    def _call(self, method: str, parts: list[str]) -> str:
        if method == "GET" and parts[:1] == ["shrt"]:
            return "content"
        call = super()._call(method, parts)
        return "other" if call in {"list", "delete", "content"} else call

    def other_reply(self, request: RecordedRequest) -> Reply:
        if request.path == "/v1/models":
            return Reply(200, self.models)
        return self.error_reply(404, "Not Found")


class Gemini(HostedDialect):
    """Interactions in the background; an unknown one is a 400, a stopped one is completed without a video."""

    service = "gemini"
    version = "v1beta"
    can_delete = True
    can_cancel = True
    cost = None
    key_header = ("x-goog-api-key", KEY)
    failure = ("generation_failed", "no cats today")
    safety_words = "I cannot make that video, because it shows a real person."
    models = [
        {"name": "models/gemini-omni-1.1-flash", "displayName": "Gemini Omni 1.1 Flash"},
        {"name": "models/gemini-3.8-flash", "displayName": "Gemini 3.8 Flash"},
    ]

    @staticmethod
    def asked(**fields: Any) -> dict[str, Any]:
        return {
            "model": fields["model"],
            "input": [{"type": "user_input", "content": [{"type": "text", "text": fields["prompt"]}]}],
            "background": True,
            "store": True,
            "response_format": {
                "type": "video",
                "delivery": "uri",
                "aspect_ratio": "16:9",
                "resolution": "720p",
                "duration": f"{fields['seconds']}s",
            },
        }

    def new_id(self, number: int) -> str:
        return f"v1_{number:040x}"

    def status(self, job: FakeJob) -> str:
        is_filtered = job.state == "failed" and self.failure[0] == "moderation_blocked"
        words = {"queued": "queued", "running": "in_progress", "done": "completed", "failed": "failed"}
        return "completed" if is_filtered else words[job.state]

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        body = {
            "id": job.id,
            "object": "interaction",
            "model": job.fields["model"],
            "status": self.status(job),
        }
        content: list[dict[str, Any]] = []
        if job.state == "done":
            uri = f"{self.url}/files/{job.id}?alt=media"
            content = [{"type": "video", "mime_type": "video/mp4", "uri": uri}]
        elif body["status"] == "completed":
            content = [{"type": "text", "text": self.failure[1]}]
        elif job.state == "failed":
            body["errors"] = [{"code": self.failure[0], "message": self.failure[1]}]
        return body | ({"steps": [{"type": "model_output", "content": content}]} if content else {})

    def error_reply(self, status: int, message: str) -> Reply:
        return Reply(status, {"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}})

    def key_reply(self) -> Reply:
        return self.error_reply(400, "API key not valid. Please pass a valid API key.")

    def credit_reply(self) -> Reply:
        message = "Your prepayment credits are depleted."
        error = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED"}
        return Reply(429, [{"error": error}])

    def unknown_model_reply(self) -> Reply:
        return self.error_reply(404, "models/gemini-omni-9 is not found for API version v1beta.")

    def answer(self, request: RecordedRequest) -> Reply | None:
        reply = super().answer(request)
        if reply is not None and reply.status == 404 and "/interactions/" in request.path:
            return self.error_reply(400, "Invalid interaction name.")
        return reply

    def _call(self, method: str, parts: list[str]) -> str:
        calls = {
            ("POST", "interactions", 1): "create",
            ("GET", "interactions", 2): "retrieve",
            ("DELETE", "interactions", 2): "delete",
            ("GET", "files", 2): "content",
        }
        return calls.get((method, parts[0], len(parts)), "other")

    def delete_reply(self, job: FakeJob) -> Reply:
        del self.jobs[job.id]
        return Reply(200, {})

    def other_reply(self, request: RecordedRequest) -> Reply:
        if request.path == "/v1beta/models":
            return Reply(200, {"models": self.models})
        if request.path.endswith("/cancel"):
            return Reply(200, {})
        return self.error_reply(404, "Not Found")

    @property
    def creates(self) -> list[RecordedRequest]:
        return [request for request in super().creates if request.path.endswith("/interactions")]


HOSTED = [OpenRouter, Together, Gemini]
