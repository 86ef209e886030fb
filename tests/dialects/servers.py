"""The servers of docs and sources, each by its habits."""

from base64 import b64encode
from typing import Any

from tests.dialects.server import Dialect, Reply, Seen, Work


class OpenAI(Dialect):
    """As it was until September 2026."""

    derives = True
    tells_remixes = True


class VLLMOmni(Dialect):
    """A failed job is an HTTP error with the job as its body; ids, sizes and error codes are its own."""

    cancels = True
    sees_progress = 0
    failure = ("500", "out of memory")

    def new_id(self, number: int) -> str:
        return f"video_gen_{number:024x}"

    def job(self, work: Work) -> dict[str, Any]:
        more = {"size": None, "progress": 100 if work.state == "done" else 0, "file_name": "a.mp4"}
        return super().job(work) | more | {"media_type": "video/mp4", "inference_time_s": 3.5}

    def error(self) -> object:
        return {"code": 500, "message": "out of memory"}

    def retrieved(self, work: Work) -> Reply:
        return Reply(500 if work.state == "failed" else 200, self.job(work))

    def refusal(self, status: int, message: str) -> Reply:
        return Reply(status, {"error": {"message": message, "type": "NotFoundError", "code": status}})


class SGLang(Dialect):
    """Never says in_progress, reads `variant` as a number, has no cursor, says errors as `{detail}`."""

    cancels = True
    sees_progress = 0
    failure = ("generation_failed", "no cats today")

    def status(self, work: Work) -> str:
        return {"running": "queued"}.get(work.state) or super().status(work)

    def job(self, work: Work) -> dict[str, Any]:
        return super().job(work) | {"progress": 100 if work.state == "done" else 0, "url": None}

    def error(self) -> object:
        return {"message": "no cats today"}

    def listed(self, query: dict[str, str]) -> Reply:
        newest = sorted(self.jobs.values(), key=lambda work: -work.number)
        data = [self.job(work) for work in newest[: int(query.get("limit", 20))]]
        return Reply(200, {"object": "list", "data": data})

    def deleted(self, work: Work) -> Reply:
        del self.jobs[work.id]
        return Reply(200, self.job(work) | {"status": "deleted"})

    def content(self, work: Work, seen: Seen) -> Reply:
        if "variant" in seen.query:
            return self.refusal(404, "no such output")
        return super().content(work, seen)

    def refusal(self, status: int, message: str) -> Reply:
        return Reply(status, {"detail": message})


class SGLangCloud(SGLang):
    """With cloud storage: the file is at the job's `url`, and only there. A test says where that is."""

    address = ""

    def job(self, work: Work) -> dict[str, Any]:
        return super().job(work) | {"url": self.address if work.state == "done" else None}

    def content(self, work: Work, seen: Seen) -> Reply:
        return self.refusal(400, "Video has been uploaded to cloud storage.")


class LiteLLM(Dialect):
    """In front of another provider: long ids that change, words of its own, fields left out, no list."""

    lists = False
    deletes = False
    derives = True
    sees_progress = None

    def new_id(self, number: int) -> str:
        return (
            "video_" + b64encode(f"litellm:provider:veo;id:{number}".encode().ljust(379, b".")).decode()[:506]
        )

    def status(self, work: Work) -> str:
        return {"running": "processing"}.get(work.state) or super().status(work)

    def job(self, work: Work) -> dict[str, Any]:
        body = {"id": work.id, "object": "video", "model": "veo", "status": self.status(work)}
        return body | ({"error": self.error()} if work.state == "failed" else {})

    def retrieved(self, work: Work) -> Reply:
        return Reply(200, self.job(work) | {"id": work.id[:-8] + "another="})

    def listed(self, query: dict[str, str]) -> Reply:
        return self.refusal(501, "This provider cannot list.")

    def deleted(self, work: Work) -> Reply:
        return self.refusal(405, "Method Not Allowed")

    def content(self, work: Work, seen: Seen) -> Reply:
        if work.state != "done":
            return Reply(200, {"error": {"message": "upstream has no file"}}, "video/mp4")
        return super().content(work, seen)


class TensorRTLLM(Dialect):
    """A create is a 202, statuses and errors are its own, progress null, seconds unsaid, no paging."""

    cancels = True
    too_early = 400
    sees_progress = None
    failure = ("generation_failed", "CUDA error")

    def accepted(self, work: Work) -> Reply:
        return Reply(202, self.job(work))

    def status(self, work: Work) -> str:
        return {"running": "postprocessing"}.get(work.state) or super().status(work)

    def job(self, work: Work) -> dict[str, Any]:
        body = super().job(work) | {"progress": None}
        del body["seconds"]
        return body

    def error(self) -> object:
        return "CUDA error"

    def listed(self, query: dict[str, str]) -> Reply:
        return Reply(200, {"object": "list", "data": [self.job(work) for work in self.jobs.values()]})

    def deleted(self, work: Work) -> Reply:
        del self.jobs[work.id]
        return Reply(200, {"deleted": True})


class Dynamo(Dialect):
    """Synchronous: the reply to the create holds the video, and there is no other call. JSON only, read with
    types of its own (videos.rs): `seconds` a number, `input_reference` a string.
    """

    lists = False
    deletes = False
    body = "json"
    fails = False
    address = ""

    def create(self, seen: Seen) -> Reply:
        if seen.content_type != "application/json":
            return self.refusal(415, "Expected request with `Content-Type: application/json`")
        for name, kind in (("seconds", int), ("input_reference", str)):
            if name in seen.fields and not isinstance(seen.fields[name], kind):
                return self.refusal(400, f"Failed to deserialize: {name}: invalid type: string, expected i32")
        return super().create(seen)

    def accepted(self, work: Work) -> Reply:
        body = {"id": work.id, "object": "video", "model": work.fields["model"], "created": work.created_at}
        if self.fails:
            return Reply(200, body | {"status": "failed", "progress": 0, "data": [], "error": "no worker"})
        inside = work.fields.get("response_format") == "b64_json" and not self.address
        place = {"b64_json": b64encode(self.film).decode()} if inside else {"url": self.address}
        data = [{"output_format": "mp4", **place}]
        return Reply(
            200, body | {"status": "completed", "progress": 100, "data": data, "inference_time_s": 9.5}
        )

    def listed(self, query: dict[str, str]) -> Reply:
        return Reply(405, b"", "text/plain")

    def retrieved(self, work: Work) -> Reply:
        return Reply(404, b"", "text/plain")

    def deleted(self, work: Work) -> Reply:
        return Reply(404, b"", "text/plain")

    def content(self, work: Work, seen: Seen) -> Reply:
        return Reply(404, b"", "text/plain")

    def refusal(self, status: int, message: str) -> Reply:
        return Reply(status, {"message": message, "type": "Bad Request", "code": status})


CREATED_AT = 1_790_000_001


class NewAPI(Dialect):
    """A gateway of resellers: the file's 400 comes early, then a redirect; what else it can is not known."""

    lists = False
    deletes = False
    too_early = 400
    address = ""

    def listed(self, query: dict[str, str]) -> Reply:
        return self.refusal(404, "Invalid URL (GET /v1/videos)")

    def deleted(self, work: Work) -> Reply:
        return self.refusal(404, "Invalid URL")

    def content(self, work: Work, seen: Seen) -> Reply:
        if work.state == "done" and self.address:
            return Reply(302, b"", headers={"Location": self.address})
        return super().content(work, seen)


class Unsloth(Dialect):
    """Answers like OpenAI, but cancels what it deletes, and 400 for a file that is not ready."""

    too_early = 400
    cancels = True


class AzureStyle(Dialect):
    """`cancelled` and `succeeded` are terminal, the length may be a number, the model is a deployment."""

    failure = ("cancelled", "status cancelled")

    def status(self, work: Work) -> str:
        return {"running": "processing", "done": "succeeded", "failed": "cancelled"}.get(
            work.state
        ) or super().status(work)

    def job(self, work: Work) -> dict[str, Any]:
        body = super().job(work)
        body.pop("error", None)
        return body | {"seconds": int(body["seconds"]), "progress": body["progress"] + 0.4}


FOLLOWED = [OpenAI, VLLMOmni, SGLang, SGLangCloud, LiteLLM, TensorRTLLM, NewAPI, Unsloth, AzureStyle]
ALL = [*FOLLOWED, Dynamo]
