"""What a program sees of a running studio: a token, `/v1`, and behind it the simulator's ledger."""

import http.client
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from PIL import Image

from tests.e2e.conftest import USERNAME
from tests.running import Studio

SIZE = "1280x720"


class Program:
    """A token of a studio's owner, and the simulator that the studio's videos come from."""

    def __init__(self, studio: Studio, simulator: str) -> None:
        self.base_url = f"{studio.url}/v1"
        self._ledger = f"{simulator.removesuffix('/v1')}/_simulator/ledger"
        shell = f"""
from accounts import tokens
from accounts.models import User
print(tokens.issue(User.objects.get(username={USERNAME!r}), "script")[1])"""
        told = studio.manage("shell", "-v0", "-c", shell)
        assert told.returncode == 0, told.stderr
        self.token = told.stdout.strip()

    @property
    def settings(self) -> dict[str, str]:
        """What OpenAI's SDKs read: the two lines that a script's owner changes."""
        return {"OPENAI_BASE_URL": self.base_url, "OPENAI_API_KEY": self.token}

    def billed(self, prompt: str) -> int:
        """How many jobs with that prompt the simulator has accepted, ever."""
        with urlopen(self._ledger) as reply:  # noqa: S310  # our own simulator
            accepted = json.load(reply)["accepted"]
        return sum(entry["prompt"] == prompt for entry in accepted)


def photo() -> bytes:
    """A picture of a video's size."""
    buffer = io.BytesIO()
    Image.new("RGB", (1280, 720), (30, 160, 60)).save(buffer, "PNG")
    return buffer.getvalue()


class Lossy(ThreadingHTTPServer):
    """A proxy before a studio. `plan` says what becomes of the next POSTs, one word each.

    `lose`: the studio gets it, the client gets no reply. `hold`: the studio gets it only when the test says
    so (`release`), long after the client has given up; its reply is kept in `late`. Others pass.
    """

    daemon_threads = True

    def __init__(self, base_url: str, plan: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.target = urlsplit(base_url).netloc
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.plan = plan
        self.retries: list[str] = []
        self.late: list[dict[str, Any]] = []
        self.released, self.arrived = threading.Event(), threading.Event()

    def release(self) -> dict[str, Any]:
        """Let what was held through, and return what the studio answered."""
        self.released.set()
        assert self.arrived.wait(60)
        return self.late[0]

    @contextmanager
    def running(self) -> Iterator["Lossy"]:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.released.set()
            self.shutdown()
            self.server_close()


class _Relay(BaseHTTPRequestHandler):
    server: Lossy

    def do_GET(self) -> None:
        self._pass_on(*self._asked(b""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.retries.append(self.headers["X-Stainless-Retry-Count"])
        act = self.server.plan.pop(0) if self.server.plan else "pass"
        if act == "hold":
            assert self.server.released.wait(60)
        status, content = self._asked(body)
        assert status == 200, content
        if act == "hold":
            self.server.late.append(json.loads(content))
            self.server.arrived.set()
        if act == "pass":
            self._pass_on(status, content)
        self.close_connection = True

    def _asked(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        connection.request(self.command, self.path, body, headers)
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        return reply.status, content

    def _pass_on(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
