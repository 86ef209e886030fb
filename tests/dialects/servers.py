"""The servers that we know from their docs and sources, each with its peculiarities."""

from base64 import b64encode
from typing import Any

from tests.dialects.hosted import HOSTED
from tests.dialects.server import KEY, Dialect, FakeJob, RecordedRequest, Reply


class OpenAI(Dialect):
    """The server that ran until September 2026."""

    can_derive = True
    reports_remix_source = True


class VLLMOmni(Dialect):
    """A failed job is an HTTP error with the job as its body; ids, sizes and error codes are its own."""

    can_cancel = True
    reported_progress = 0
    failure = ("500", "out of memory")

    def new_id(self, number: int) -> str:
        return f"video_gen_{number:024x}"

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        more = {"size": None, "progress": 100 if job.state == "done" else 0, "file_name": "a.mp4"}
        return super().job_body(job) | more | {"media_type": "video/mp4", "inference_time_s": 3.5}

    def error(self) -> object:
        return {"code": 500, "message": "out of memory"}

    def retrieve_reply(self, job: FakeJob) -> Reply:
        return Reply(500 if job.state == "failed" else 200, self.job_body(job))

    def error_reply(self, status: int, message: str) -> Reply:
        return Reply(status, {"error": {"message": message, "type": "NotFoundError", "code": status}})


class SGLang(Dialect):
    """Never reports in_progress, reads `variant` as a number, has no cursor, sends errors as `{detail}`."""

    can_cancel = True
    reported_progress = 0
    failure = ("generation_failed", "no cats today")

    def status(self, job: FakeJob) -> str:
        return {"running": "queued"}.get(job.state) or super().status(job)

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        return super().job_body(job) | {"progress": 100 if job.state == "done" else 0, "url": None}

    def error(self) -> object:
        return {"message": "no cats today"}

    def list_reply(self, query: dict[str, str]) -> Reply:
        newest = sorted(self.jobs.values(), key=lambda job: -job.number)
        data = [self.job_body(job) for job in newest[: int(query.get("limit", 20))]]
        return Reply(200, {"object": "list", "data": data})

    def delete_reply(self, job: FakeJob) -> Reply:
        del self.jobs[job.id]
        return Reply(200, self.job_body(job) | {"status": "deleted"})

    def content_reply(self, job: FakeJob, request: RecordedRequest) -> Reply:
        if "variant" in request.query:
            return self.error_reply(404, "no such output")
        return super().content_reply(job, request)

    def error_reply(self, status: int, message: str) -> Reply:
        return Reply(status, {"detail": message})


class SGLangCloud(SGLang):
    """With cloud storage: the file is at the job's `url` only. A test sets the address."""

    address = ""

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        return super().job_body(job) | {"url": self.address if job.state == "done" else None}

    def content_reply(self, job: FakeJob, request: RecordedRequest) -> Reply:
        return self.error_reply(400, "Video has been uploaded to cloud storage.")


class LiteLLM(Dialect):
    """A proxy to another provider: long ids that change, its own status words, missing fields, no list."""

    can_list = False
    can_delete = False
    can_derive = True
    reported_progress = None

    def new_id(self, number: int) -> str:
        return (
            "video_" + b64encode(f"litellm:provider:veo;id:{number}".encode().ljust(379, b".")).decode()[:506]
        )

    def status(self, job: FakeJob) -> str:
        return {"running": "processing"}.get(job.state) or super().status(job)

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        body = {"id": job.id, "object": "video", "model": "veo", "status": self.status(job)}
        return body | ({"error": self.error()} if job.state == "failed" else {})

    def retrieve_reply(self, job: FakeJob) -> Reply:
        return Reply(200, self.job_body(job) | {"id": job.id[:-8] + "another="})

    def list_reply(self, query: dict[str, str]) -> Reply:
        return self.error_reply(501, "This provider cannot list.")

    def delete_reply(self, job: FakeJob) -> Reply:
        return self.error_reply(405, "Method Not Allowed")

    def content_reply(self, job: FakeJob, request: RecordedRequest) -> Reply:
        if job.state != "done":
            return Reply(200, {"error": {"message": "upstream has no file"}}, "video/mp4")
        return super().content_reply(job, request)


class TensorRTLLM(Dialect):
    """Answers a create with 202; own statuses and errors, null progress, no seconds, no paging."""

    can_cancel = True
    too_early_status = 400
    reported_progress = None
    failure = ("generation_failed", "CUDA error")

    def create_reply(self, job: FakeJob) -> Reply:
        return Reply(202, self.job_body(job))

    def status(self, job: FakeJob) -> str:
        return {"running": "postprocessing"}.get(job.state) or super().status(job)

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        body = super().job_body(job) | {"progress": None}
        del body["seconds"]
        return body

    def error(self) -> object:
        return "CUDA error"

    def list_reply(self, query: dict[str, str]) -> Reply:
        return Reply(200, {"object": "list", "data": [self.job_body(job) for job in self.jobs.values()]})

    def delete_reply(self, job: FakeJob) -> Reply:
        del self.jobs[job.id]
        return Reply(200, {"deleted": True})


class Dynamo(Dialect):
    """Synchronous: the reply to a create holds the video, and there is no other call.

    It reads JSON only, with its own types (videos.rs): `seconds` is a number, `input_reference` a string.
    """

    can_list = False
    can_delete = False
    body = "json"
    fails = False
    address = ""

    def create(self, request: RecordedRequest) -> Reply:
        if request.content_type != "application/json":
            return self.error_reply(415, "Expected request with `Content-Type: application/json`")
        for name, kind in (("seconds", int), ("input_reference", str)):
            if name in request.fields and not isinstance(request.fields[name], kind):
                return self.error_reply(
                    400, f"Failed to deserialize: {name}: invalid type: string, expected i32"
                )
        return super().create(request)

    def create_reply(self, job: FakeJob) -> Reply:
        body = {"id": job.id, "object": "video", "model": job.fields["model"], "created": job.created_at}
        if self.fails:
            return Reply(200, body | {"status": "failed", "progress": 0, "data": [], "error": "no worker"})
        inside = job.fields.get("response_format") == "b64_json" and not self.address
        place = {"b64_json": b64encode(self.mp4).decode()} if inside else {"url": self.address}
        data = [{"output_format": "mp4", **place}]
        return Reply(
            200, body | {"status": "completed", "progress": 100, "data": data, "inference_time_s": 9.5}
        )

    def list_reply(self, query: dict[str, str]) -> Reply:
        return Reply(405, b"", "text/plain")

    def retrieve_reply(self, job: FakeJob) -> Reply:
        return Reply(404, b"", "text/plain")

    def delete_reply(self, job: FakeJob) -> Reply:
        return Reply(404, b"", "text/plain")

    def content_reply(self, job: FakeJob, request: RecordedRequest) -> Reply:
        return Reply(404, b"", "text/plain")

    def error_reply(self, status: int, message: str) -> Reply:
        return Reply(status, {"message": message, "type": "Bad Request", "code": status})


CREATED_AT = 1_790_000_001


class NewAPI(Dialect):
    """A gateway of resellers: a 400 while the file is not ready, then a redirect; the rest is not known."""

    can_list = False
    can_delete = False
    too_early_status = 400
    address = ""

    def list_reply(self, query: dict[str, str]) -> Reply:
        return self.error_reply(404, "Invalid URL (GET /v1/videos)")

    def delete_reply(self, job: FakeJob) -> Reply:
        return self.error_reply(404, "Invalid URL")

    def content_reply(self, job: FakeJob, request: RecordedRequest) -> Reply:
        if job.state == "done" and self.address:
            return Reply(302, b"", headers={"Location": self.address})
        return super().content_reply(job, request)


class Unsloth(Dialect):
    """Answers like OpenAI, but a delete cancels, and a file that is not ready is a 400."""

    too_early_status = 400
    can_cancel = True


class AzureStyle(Dialect):
    """`cancelled` and `succeeded` are terminal, the length may be a number, the model is a deployment."""

    failure = ("cancelled", "status cancelled")

    def status(self, job: FakeJob) -> str:
        return {"running": "processing", "done": "succeeded", "failed": "cancelled"}.get(
            job.state
        ) or super().status(job)

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        body = super().job_body(job)
        body.pop("error", None)
        return body | {"seconds": int(body["seconds"]), "progress": body["progress"] + 0.4}


class SGLang05(SGLang):
    """0.5.23 on four or eight GPUs: echoes no prompt, and reports the seconds of the frames it rounded."""

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        body = super().job_body(job) | {"seconds": str(int(job.fields["seconds"]) + 1)}
        del body["prompt"]
        return body

    def list_reply(self, query: dict[str, str]) -> Reply:
        return Dialect.list_reply(self, query)  # it pages since this version


class RenamingGateway(Dialect):
    """Lists the provider's name of the model."""

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        return super().job_body(job) | {"model": f"prod/{job.fields['model']}"}


class CuttingGateway(Dialect):
    """Lists the first forty characters of a prompt, without its line ends and capitals."""

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        return super().job_body(job) | {"prompt": " ".join(job.fields["prompt"].lower().split())[:40]}


class RoundingGateway(Dialect):
    """Lists the size that the encoder made: multiples of 32 pixels."""

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        sides = (str(int(side) // 32 * 32) for side in job.fields["size"].split("x"))
        return super().job_body(job) | {"size": "x".join(sides)}


class KeyedStudio(Dialect):
    """Honors Idempotency-Key as this studio's own /v1 does, and says so with the list of models. No list."""

    can_list = False

    def __init__(self, mp4: bytes) -> None:
        super().__init__(mp4)
        self.by_key: dict[str, FakeJob] = {}

    def create(self, request: RecordedRequest) -> Reply:
        key = request.headers["Idempotency-Key"]
        if key in self.by_key:
            return self.create_reply(self.by_key[key])
        reply = super().create(request)
        *_, self.by_key[key] = self.jobs.values()
        return reply

    def list_reply(self, query: dict[str, str]) -> Reply:
        return self.error_reply(404, "no list")

    def other_reply(self, request: RecordedRequest) -> Reply:
        if request.path == "/v1/models":
            return Reply(200, {"data": [{"id": "sora-2"}]}, headers={"Idempotency-Key-Retention": "604800"})
        return super().other_reply(request)


LYING_DIALECTS = [SGLang05, RenamingGateway, CuttingGateway, RoundingGateway]
PROTOCOL_DIALECTS = [
    OpenAI,
    VLLMOmni,
    SGLang,
    SGLangCloud,
    LiteLLM,
    TensorRTLLM,
    NewAPI,
    Unsloth,
    AzureStyle,
]
ASYNC_DIALECTS = [*PROTOCOL_DIALECTS, *HOSTED]
ALL_DIALECTS = [*ASYNC_DIALECTS, Dynamo]


class Guarded(Dialect):
    """Looks at the key of every request. `refused_key`: refuses it; `wall`: what a firewall sends instead."""

    refused_key = False
    wall: Reply | None = None

    def answer(self, request: RecordedRequest) -> Reply | None:
        if self.wall is not None:
            self.requests.append(request)
            return self.wall
        if self.refused_key or request.headers["Authorization"] != f"Bearer {KEY}":
            self.requests.append(request)
            return self.error_reply(401, "Incorrect API key provided.")
        return super().answer(request)
