"""How soon a video that someone asked for reaches the backend: from the commit to the request's arrival.

Broker and workers are real, with the Procfile's options; the backend only notes when a create arrives. Beside
it the same with every message lost, where the tick of beat finds the row.
"""

import json
import threading
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.benchmarks import report
from tests.benchmarks.report import Line
from tests.benchmarks.stage import Stage, django, share, stage, valkey_answers, wait_until, workers_answer

if TYPE_CHECKING:
    from accounts.models import User

AIM = 0.100  # seconds at p50
PAUSE = 0.05  # seconds between an arrival and the next video: one at a time, as from a person's hand
OPTIONS = "--without-mingle --without-gossip --loglevel WARNING"


class Backend(ThreadingHTTPServer):
    """Takes every create, and remembers by prompt when its request arrived (Unix seconds)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: dict[str, float] = {}
        self.came = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Backend
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        arrived = time.time()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        prompt = _field(body, "prompt", self.headers)
        with self.server.came:
            self.server.arrived[prompt] = arrived
            self.server.came.notify_all()
        self._answer({"id": f"video_{uuid4().hex}", "object": "video", "status": "queued", "progress": 0})

    def do_GET(self) -> None:
        job_id = self.path.rpartition("/")[2]
        self._answer({"id": job_id, "object": "video", "status": "in_progress", "progress": 0})

    def _answer(self, reply: dict[str, object]) -> None:
        content = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _field(body: str, name: str, headers: Message) -> str:
    """One field of a form."""
    boundary = headers.get_param("boundary", header="content-type")
    for part in body.split(f"--{boundary}"):
        head, _, value = part.partition("\r\n\r\n")
        if f'name="{name}"' in head:
            return value.removesuffix("\r\n")
    raise ValueError(f"no {name} in {body[:200]!r}")


def measure(quick: bool) -> list[Line]:
    """The lines of the table."""
    with stage("pick-up") as made, Backend() as backend:
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        try:
            owner = _studio(made, backend)
            prompt, lost = _both(made, backend, owner, 20 if quick else 150, 8 if quick else 40)
        finally:
            backend.shutdown()
    p50, without = share(prompt, 0.5), share(lost, 0.5)
    return [
        Line(
            f"pick-up, {len(prompt)} creates: commit to arrival, p50 / p95",
            f"{1000 * p50:.0f} / {1000 * share(prompt, 0.95):.0f} ms",
            f"{1000 * without:.0f} / {1000 * share(lost, 0.95):.0f} ms with the message lost",
            f"1:{without / p50:.0f}",
            "p50 100 ms",
            p50 <= AIM,
        )
    ]


def _studio(made: Stage, backend: Backend) -> "User":
    """Start the broker and the worker that submits, and return who asks for videos."""
    from contentgen.run.embedded import prepare_valkey

    command, address = prepare_valkey(made.folder / "valkey")
    made.start("valkey", command)
    wait_until(lambda: valkey_answers(address), "the broker")
    made.configure(REDIS_URL=address, OPENAI_BASE_URL=backend.url, OPENAI_API_KEY="none-needed")
    django()
    made.celery("network", *f"worker -n network@%h -Q network -P threads -c 8 {OPTIONS}".split())
    wait_until(lambda: workers_answer(1), "the worker")
    from accounts.models import User
    from videos import models

    row = models.Backend.objects.for_environment()
    models.Backend.objects.filter(pk=row.pk).update(max_in_flight=100_000)
    return User.objects.create(username="bench")


def _both(
    made: Stage, backend: Backend, owner: "User", count: int, lost: int
) -> tuple[list[float], list[float]]:
    """Seconds to arrival of `count` videos, then of `lost` videos that no message tells of."""
    from django.conf import settings

    for number in range(5):  # the first ones find imports and connections still to be made
        _seconds(backend, owner, f"Warming up {number}")
    prompt = [_seconds(backend, owner, f"A fox in the snow, number {number}") for number in range(count)]
    made.celery("worker", *f"worker -n worker@%h -Q short -P prefork -c 2 {OPTIONS}".split())
    wait_until(lambda: workers_answer(2), "the other worker")
    made.celery("beat", "beat", "--pidfile=", "--loglevel", "WARNING")
    settings.REDIS_URL = ""  # in this process alone: it sends nothing
    _seconds(backend, owner, "Beat ticks")
    return prompt, [_seconds(backend, owner, f"A lost fox, number {number}") for number in range(lost)]


def _seconds(backend: Backend, owner: "User", prompt: str) -> float:
    """From the commit of a new video to the arrival of its request."""
    from django.db import transaction

    from videos.services.videos import GenerationRequest, create_video

    committed: list[float] = []
    with transaction.atomic():
        transaction.on_commit(lambda: committed.append(time.time()))  # before the message is sent
        create_video(owner, GenerationRequest(prompt, "sora-2", 4, "1280x720"))
    with backend.came:
        if not backend.came.wait_for(lambda: prompt in backend.arrived, timeout=30):
            raise TimeoutError(f"the backend was never asked for “{prompt}”")
    time.sleep(PAUSE)
    return backend.arrived[prompt] - committed[0]


if __name__ == "__main__":
    report.main("pick_up", measure)
