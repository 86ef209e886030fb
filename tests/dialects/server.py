"""A small Videos API server without peculiarities; each dialect is a subclass with those of one server.

Written from what is known of the servers, and no more. Jobs move only when a test says so.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

KEY = "sk-dialects-0123456789"


@dataclass
class Reply:
    status: int = 200
    body: object = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class RecordedRequest:
    """A request as it was received. `query` and `fields` are the decoded parameters and body."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    fields: dict[str, Any]

    @property
    def content_type(self) -> str:
        return self.headers.get_content_type()


@dataclass
class FakeJob:
    """A server's job. `state` is the test's word (queued, running, done, failed), not the server's."""

    id: str
    fields: dict[str, Any]
    number: int
    state: str = "queued"
    remix_of: str | None = None
    created_at: int = field(default_factory=lambda: int(time()))


class Dialect:
    """The protocol as OpenAI served it. `mp4` is the file of every job; the flags say what the server can."""

    service = "videos-api"
    can_list = True
    can_delete = True
    can_cancel = False  # whether a running job may be deleted
    can_derive = False  # whether it remixes, edits and extends
    reports_remix_source = False  # whether a job says what it is a remix of
    too_early_status = 404
    body = "multipart"
    reported_progress: int | None = 50  # what a poll of a running job shows
    failure = ("moderation_blocked", "no cats today")  # the code and words of a failed job, as we keep them

    def __init__(self, mp4: bytes) -> None:
        self.mp4 = mp4
        self.jobs: dict[str, FakeJob] = {}
        self.requests: list[RecordedRequest] = []
        self.drops_next_create = False
        self.next_reply: dict[str, Reply] = {}  # by what is asked for, instead of the server's own
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def url(self) -> str:
        return self.origin + "/v1"

    @property
    def creates(self) -> list[RecordedRequest]:
        return [request for request in self.requests if request.method == "POST"]

    @property
    def job(self) -> FakeJob:
        """The only job."""
        (job,) = self.jobs.values()
        return job

    def set(self, state: str) -> None:
        self.job.state = state

    @staticmethod
    def asked(**fields: Any) -> dict[str, Any]:
        """What a create of a video with these fields is sent as."""
        return fields | {"seconds": str(fields["seconds"])}

    key_header = ("authorization", f"Bearer {KEY}")

    # --- What a dialect changes ----------------------------------------------------------------------------

    def new_id(self, number: int) -> str:
        return f"video_{number:032x}"

    def create_reply(self, job: FakeJob) -> Reply:
        return Reply(200, self.job_body(job))

    def status(self, job: FakeJob) -> str:
        words = {"queued": "queued", "running": "in_progress", "done": "completed", "failed": "failed"}
        return words[job.state]

    def job_body(self, job: FakeJob) -> dict[str, Any]:
        body = {
            "id": job.id,
            "object": "video",
            "model": job.fields["model"],
            "status": self.status(job),
            "progress": {"queued": 0, "running": 50, "done": 100, "failed": 50}[job.state],
            "created_at": job.created_at,
            "prompt": job.fields["prompt"],
            "size": job.fields["size"],
            "seconds": job.fields["seconds"],
        }
        if self.reports_remix_source:
            body["remixed_from_video_id"] = job.remix_of
        return body | ({"error": self.error()} if job.state == "failed" else {})

    def error(self) -> object:
        return {"code": self.failure[0], "message": self.failure[1]}

    def retrieve_reply(self, job: FakeJob) -> Reply:
        return Reply(200, self.job_body(job))

    def list_reply(self, query: dict[str, str]) -> Reply:
        newest = sorted(self.jobs.values(), key=lambda job: -job.number)
        ids = [job.id for job in newest]
        start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
        page = newest[start : start + int(query.get("limit", 20))]
        data = [self.job_body(job) for job in page]
        more = start + len(page) < len(newest)
        last_id = page[-1].id if page else None
        return Reply(200, {"object": "list", "data": data, "has_more": more, "last_id": last_id})

    def delete_reply(self, job: FakeJob) -> Reply:
        if job.state not in {"done", "failed"} and not self.can_cancel:
            return Reply(400, {"error": {"message": "still running", "code": "not_finished"}})
        del self.jobs[job.id]
        return Reply(200, {"id": job.id, "object": "video.deleted", "deleted": True})

    def content_reply(self, job: FakeJob, request: RecordedRequest) -> Reply:
        if job.state != "done":
            return self.error_reply(self.too_early_status, "not ready")
        return Reply(200, self.mp4, "video/mp4")

    def error_reply(self, status: int, message: str) -> Reply:
        return Reply(status, {"error": {"type": "invalid_request_error", "message": message, "code": None}})

    def other_reply(self, request: RecordedRequest) -> Reply:
        return self.error_reply(404, "no such path")

    # --- What they share -----------------------------------------------------------------------------------

    def create(self, request: RecordedRequest) -> Reply:
        number = len(self.creates)
        job = FakeJob(self.new_id(number), request.fields, number)
        self.jobs[job.id] = job
        return self.create_reply(job)

    def derive(self, call: str, request: RecordedRequest, source_id: str) -> Reply:
        """Create a job from a job, or from the file when `source_id` is empty."""
        source = self.jobs.get(source_id)
        if source_id and source is None:
            return self.error_reply(404, "no such job")
        number = len(self.creates)
        made_of = source.fields if source else {"model": "sora-2", "size": "1280x720", "seconds": "1"}
        fields = {**made_of, "prompt": request.fields["prompt"]}
        if call == "extend":
            fields["seconds"] = str(int(fields["seconds"]) + int(request.fields["seconds"]))
        job = FakeJob(self.new_id(number), fields, number, remix_of=source_id if call == "remix" else None)
        self.jobs[job.id] = job
        return self.create_reply(job)

    def _derived(self, call: str, request: RecordedRequest, parts: list[str]) -> Reply:
        if not self.can_derive:
            return self.error_reply(405, "Method Not Allowed")
        if call == "remix":
            return self.derive(call, request, parts[1])
        video = request.fields["video"]
        return self.derive(call, request, video["id"] if isinstance(video, dict) else "")

    def answer(self, request: RecordedRequest) -> Reply | None:
        """Return the reply, or None to hang up."""
        self.requests.append(request)
        parts = [unquote(part) for part in request.path.split("/")[2:]]
        call = self._call(request.method, parts)
        if call in self.next_reply:
            return self.next_reply.pop(call)
        if call == "create":
            reply = self.create(request)
            dropped, self.drops_next_create = self.drops_next_create, False
            return None if dropped else reply
        if call in ("remix", "edit", "extend"):
            reply = self._derived(call, request, parts)
            dropped, self.drops_next_create = self.drops_next_create, False
            return None if dropped else reply
        if call == "list":
            return self.list_reply(request.query)
        if call == "other":
            return self.other_reply(request)
        job = self.jobs.get(parts[1])
        if job is None:
            return self.error_reply(404, "no such job")
        if call == "content":
            return self.content_reply(job, request)
        return self.retrieve_reply(job) if call == "retrieve" else self.delete_reply(job)

    def _call(self, method: str, parts: list[str]) -> str:
        if method == "POST" and len(parts) == 3 and parts[2] == "remix":
            return "remix"
        if method == "POST" and parts[1:] in (["edits"], ["extensions"]):
            return "edit" if parts[1] == "edits" else "extend"
        calls = {
            ("POST", 1): "create",
            ("GET", 1): "list",
            ("GET", 2): "retrieve",
            ("DELETE", 2): "delete",
            ("GET", 3): "content",
        }
        is_video = parts[:1] == ["videos"] and (len(parts) < 3 or parts[2:] == ["content"])
        return calls.get((method, len(parts)), "other") if is_video else "other"


def _handler(dialect: Dialect) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            fields = _fields(self.headers, body)
            query = dict(parse_qsl(url.query))
            reply = dialect.answer(RecordedRequest(self.command, url.path, query, self.headers, fields))
            self.close_connection = True  # so that no thread waits for a next request
            if reply is None:
                return
            self.send_response(reply.status)
            headers = {"Content-Type": reply.content_type, "Content-Length": str(len(reply.content))}
            for name, value in (headers | {"Connection": "close"} | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # the names that http.server looks for

        def log_message(self, *_: object) -> None:
            return

    return Handler


def _fields(headers: Message, body: bytes) -> dict[str, Any]:
    if headers.get_content_type() == "application/json":
        return json.loads(body or b"{}")
    if headers.get_content_type() != "multipart/form-data":
        return {}
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        if part.get_filename()
        else part.get_payload(decode=True).decode()
        for part in parts
    }


@contextmanager
def storage(content: bytes, status: int = 200) -> Iterator[tuple[str, list[RecordedRequest]]]:
    """Run another server with one file; yields the file's address and the requests that came."""

    class Storage(Dialect):
        def other_reply(self, request: RecordedRequest) -> Reply:
            return Reply(status, content, "application/octet-stream")

    with Storage(content) as server:
        yield server.origin + "/bucket/signed.mp4?sig=1", server.requests
