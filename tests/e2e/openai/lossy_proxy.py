"""A proxy in front of a studio that loses or delays responses."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class LossyProxy(ThreadingHTTPServer):
    """A proxy whose `plan` has one word for each of the next POSTs; those beyond it are passed on.

    `lose`: the studio receives the request, the client gets no response. `hold`: the studio receives it only
    on `release`, long after the client has given up; the response is kept in `late_responses`.
    """

    daemon_threads = True

    def __init__(self, base_url: str, plan: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _ProxyHandler)
        self.target = urlsplit(base_url).netloc
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.plan = plan
        self.retries: list[str] = []
        self.late_responses: list[dict[str, Any]] = []
        self.released, self.arrived = threading.Event(), threading.Event()

    def release(self) -> dict[str, Any]:
        """Pass on the held request, and return the studio's response."""
        self.released.set()
        assert self.arrived.wait(60)
        return self.late_responses[0]

    @contextmanager
    def running(self) -> Iterator["LossyProxy"]:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.released.set()
            self.shutdown()
            self.server_close()


class _ProxyHandler(BaseHTTPRequestHandler):
    server: LossyProxy

    def do_GET(self) -> None:
        self._send(*self._forward(b""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.retries.append(self.headers["X-Stainless-Retry-Count"])
        action = self.server.plan.pop(0) if self.server.plan else "pass"
        if action == "hold":
            assert self.server.released.wait(60)
        status, content = self._forward(body)
        assert status == 200, content
        if action == "hold":
            self.server.late_responses.append(json.loads(content))
            self.server.arrived.set()
        if action == "pass":
            self._send(status, content)
        self.close_connection = True

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        connection.request(self.command, self.path, body, headers)
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        return reply.status, content

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Do not log requests."""
