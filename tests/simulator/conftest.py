"""Fixtures and helpers: a simulator on a free port for each test, and a client for it."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest
from PIL import Image

from simulator.server import Server, server_config
from simulator.settings import Settings

SIZE = "720x1280"
FPS = 4


class Simulator:
    """A running simulator, and a client for it. `http` sends no key of its own accord."""

    def __init__(self, url: str, http: httpx2.Client, *, api_key: str | None = None) -> None:
        self.url = url
        self.http = http
        self._key = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def create(self, prompt: str = "A quiet lake", **fields: Any) -> dict[str, Any]:
        response = self.http.post("/v1/videos", json={"prompt": prompt, "size": SIZE, **fields})
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def create_and_wait(self, prompt: str = "A quiet lake", **fields: Any) -> dict[str, Any]:
        return self.wait(self.create(prompt, **fields)["id"])

    def wait(self, job_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            job: dict[str, Any] = self.http.get(f"/v1/videos/{job_id}").json()
            if job["status"] in ("completed", "failed"):
                return job
            threading.Event().wait(0.02)
        raise AssertionError(f"not finished in time: {job}")

    def content(self, job_id: str, variant: str = "video") -> bytes:
        response = self.http.get(f"/v1/videos/{job_id}/content", params={"variant": variant})
        assert response.status_code == 200, response.text
        return response.content

    def inject_fault(self, **rule: Any) -> None:
        response = self.http.post("/_simulator/faults", json={"rules": [rule]})
        assert response.status_code == 200, response.text

    def set_quirks(self, **quirks: Any) -> dict[str, Any]:
        response = self.http.post("/_simulator/quirks", json=quirks)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def retrieve(self, job_id: str) -> dict[str, Any]:
        response = self.http.get(f"/v1/videos/{job_id}")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def ledger(self) -> list[dict[str, Any]]:
        response = self.http.get("/_simulator/ledger", headers=self._key)
        assert response.status_code == 200, response.text
        accepted: list[dict[str, Any]] = response.json()["accepted"]
        return accepted

    def jobs(self) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = self.http.get("/v1/videos?limit=100").json()["data"]
        return data


StartSimulator = Callable[..., Simulator]


def wait_until(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "the condition does not hold in time"
        threading.Event().wait(0.02)


@pytest.fixture
def start_simulator(tmp_path: Path) -> Iterator[StartSimulator]:
    """A function that starts a simulator with the given settings; all are stopped when the test ends."""
    with ExitStack() as stack:

        def start(**changes: Any) -> Simulator:
            values = {"data": tmp_path / "simulator", "duration": 0.0, "fps": FPS, "lazy": True, **changes}
            settings = Settings(**values)
            url = stack.enter_context(_RunningServer(settings))
            http = stack.enter_context(httpx2.Client(base_url=url, timeout=30, trust_env=False))
            return Simulator(url, http, api_key=settings.api_key)

        yield start


@pytest.fixture
def simulator(start_simulator: StartSimulator) -> Simulator:
    """A simulator whose jobs complete at once and are rendered when their content is requested."""
    return start_simulator()


class _RunningServer:
    """A context manager that runs a server in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._server = Server(server_config(settings, [], "127.0.0.1", 0))
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the simulator did not start"
            threading.Event().wait(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()


def make_image(size: tuple[int, int] = (720, 1280), kind: str = "PNG") -> bytes:
    """Return an image file with four quarters of different colours, which show how it was placed."""
    image = Image.new("RGB", size)
    width, height = size
    for place, colour in enumerate([(200, 40, 40), (40, 180, 60), (50, 60, 200), (220, 210, 60)]):
        row, column = divmod(place, 2)
        image.paste(colour, (column * width // 2, row * height // 2, width, height))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def decode_frames(video: bytes) -> list[Image.Image]:
    """Return all frames of an MP4."""
    with av.open(io.BytesIO(video), "r") as container:
        return [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
