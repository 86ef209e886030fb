"""Latency of a submission: from the commit of a new video to the arrival of the request at the backend.

Broker and workers are real, with the Procfile's options; the backend only records when a create arrives. The
baseline is the same with every message lost, where the periodic task finds the row.
"""

import json
import threading
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.benchmarks import report
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import (
    Sandbox,
    are_workers_ready,
    is_valkey_answering,
    percentile,
    sandbox,
    set_up_django,
    wait_until,
)

if TYPE_CHECKING:
    from accounts.models import User

TARGET = 0.100  # seconds at p50
PAUSE = 0.05  # seconds between an arrival and the next video: one at a time, as by hand
OPTIONS = "--without-mingle --without-gossip --without-heartbeat --loglevel WARNING"


class Backend(ThreadingHTTPServer):
    """Accepts every create, and records by prompt when its request arrived (Unix seconds)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: dict[str, float] = {}
        self.arrival = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Backend
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        arrived = time.time()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        prompt = _field(body, "prompt", self.headers)
        with self.server.arrival:
            self.server.arrived[prompt] = arrived
            self.server.arrival.notify_all()
        self._send_json({"id": f"video_{uuid4().hex}", "object": "video", "status": "queued", "progress": 0})

    def do_GET(self) -> None:
        job_id = self.path.rpartition("/")[2]
        self._send_json({"id": job_id, "object": "video", "status": "in_progress", "progress": 0})

    def _send_json(self, reply: dict[str, object]) -> None:
        content = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Do not log requests."""


def _field(body: str, name: str, headers: Message) -> str:
    """Return one field of a multipart form."""
    boundary = headers.get_param("boundary", header="content-type")
    for part in body.split(f"--{boundary}"):
        head, _, value = part.partition("\r\n\r\n")
        if f'name="{name}"' in head:
            return value.removesuffix("\r\n")
    raise ValueError(f"no {name} in {body[:200]!r}")


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    with sandbox("submit-latency") as box, Backend() as backend:
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        try:
            owner = _studio(box, backend)
            delivered, lost = _measure_both(box, backend, owner, 20 if quick else 150, 8 if quick else 40)
        finally:
            backend.shutdown()
    p50, lost_p50 = percentile(delivered, 0.5), percentile(lost, 0.5)
    return [
        Result(
            f"submission, {len(delivered)} creates: commit to arrival, p50 / p95",
            f"{1000 * p50:.0f} / {1000 * percentile(delivered, 0.95):.0f} ms",
            f"{1000 * lost_p50:.0f} / {1000 * percentile(lost, 0.95):.0f} ms with the message lost",
            f"1:{lost_p50 / p50:.0f}",
            "p50 100 ms",
            p50 <= TARGET,
        )
    ]


def _studio(box: Sandbox, backend: Backend) -> "User":
    """Start the broker and the worker that submits, and return the owner of the videos."""
    from contentgen.run.embedded import prepare_valkey

    command, address = prepare_valkey(box.folder / "valkey")
    box.start("valkey", command)
    wait_until(lambda: is_valkey_answering(address), "the broker")
    box.configure(REDIS_URL=address, BACKEND_URL=backend.url, BACKEND_KEY="none-needed")
    set_up_django()
    box.celery("network", *f"worker -n network@%h -Q network -P threads -c 8 {OPTIONS}".split())
    wait_until(lambda: are_workers_ready(1), "the worker")
    from accounts.models import User
    from videos import models

    row = models.Backend.objects.for_environment()
    models.Backend.objects.filter(pk=row.pk).update(max_in_flight=100_000)
    return User.objects.create(username="bench")


def _measure_both(
    box: Sandbox, backend: Backend, owner: "User", count: int, lost: int
) -> tuple[list[float], list[float]]:
    """Return the latencies in seconds of `count` videos, then of `lost` videos whose messages are lost."""
    from django.conf import settings

    for number in range(5):  # warm-up: imports and connections
        _measure_latency(backend, owner, f"Warming up {number}")
    delivered = [
        _measure_latency(backend, owner, f"A fox in the snow, number {number}") for number in range(count)
    ]
    box.celery("worker", *f"worker -n worker@%h -Q short -P prefork -c 2 {OPTIONS}".split())
    wait_until(lambda: are_workers_ready(2), "the other worker")
    box.celery("beat", "beat", "--pidfile=", "--loglevel", "WARNING")
    settings.REDIS_URL = ""  # in this process only, so that it sends no messages
    _measure_latency(backend, owner, "Beat ticks")
    return delivered, [
        _measure_latency(backend, owner, f"A lost fox, number {number}") for number in range(lost)
    ]


def _measure_latency(backend: Backend, owner: "User", prompt: str) -> float:
    """Create a video, and return the seconds from its commit to the arrival of its request."""
    from django.db import transaction

    from videos.services.generation_requests import GenerationRequest
    from videos.services.videos import create_video

    committed: list[float] = []
    with transaction.atomic():
        transaction.on_commit(lambda: committed.append(time.time()))  # before the message is sent
        create_video(owner, GenerationRequest(prompt, "sora-2", 4, "1280x720"))
    with backend.arrival:
        if not backend.arrival.wait_for(lambda: prompt in backend.arrived, timeout=30):
            raise TimeoutError(f"the backend received no request for “{prompt}”")
    time.sleep(PAUSE)
    return backend.arrived[prompt] - committed[0]


if __name__ == "__main__":
    report.main("submit_latency", measure)
