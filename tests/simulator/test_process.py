"""The command: it prints its address, exits cleanly, and loses nothing when killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from simulator.__main__ import main
from tests.simulator.conftest import Simulator

ROOT = Path(__file__).resolve().parents[2]


class Command:
    """Starts and ends `python -m simulator` on one port and one data directory."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._data = data
        self._running: list[subprocess.Popen[str]] = []
        self._clients: list[httpx2.Client] = []

    def start(self, *options: str, faults: str = "") -> tuple[subprocess.Popen[str], Simulator]:
        line = [sys.executable, "-m", "simulator", "--port", str(self.port), "--data", str(self._data)]
        environment = {**os.environ, "SIMULATOR_FAULTS": faults}
        process = subprocess.Popen(
            [*line, "--fps", "4", "--no-key", *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self._running.append(process)
        assert process.stdout is not None
        url = f"http://127.0.0.1:{self.port}"
        assert process.stdout.readline() == f"simulator listening on {url}\n"
        http = httpx2.Client(base_url=url, timeout=30, trust_env=False)
        self._clients.append(http)
        return process, Simulator(url, http)

    def close(self) -> None:
        for client in self._clients:
            client.close()
        for process in self._running:
            process.kill()
            process.communicate()


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    command = Command(tmp_path / "data")
    yield command
    command.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_exits_cleanly_while_rendering(command: Command, number: signal.Signals) -> None:
    process, simulator = command.start()
    simulator.create(seconds="20", model="sora-2-pro", size="1920x1080")
    children = _children_of(process.pid)
    process.send_signal(number)

    assert process.wait(timeout=10) == 0, "twenty seconds of video take longer to draw"
    assert children
    assert not any(_is_alive(child) for child in children)


def test_kill_9_loses_nothing(command: Command) -> None:
    process, simulator = command.start("--duration", "0")
    job = simulator.create(seconds="8")
    children = _children_of(process.pid)
    process.kill()
    process.wait()
    _, again = command.start("--duration", "0")
    done = again.wait(job["id"])

    assert done["status"] == "completed"
    assert [entry["id"] for entry in again.ledger()] == [job["id"]]
    assert again.content(job["id"])[4:8] == b"ftyp"
    assert not any(_is_alive(child) for child in children)


def test_faults_can_be_set_at_the_start(command: Command) -> None:
    rules = '{"rules": [{"on": "create", "kind": "rate_limit", "times": 1}]}'
    _, simulator = command.start(faults=rules)

    assert simulator.http.post("/v1/videos", json={"prompt": "a"}).status_code == 429


def test_quirks_can_be_set_at_the_start(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATOR_QUIRKS", '{"workers": 1}')
    _, simulator = command.start()

    assert simulator.http.get("/_simulator/quirks").json()["workers"] == 1


def test_it_says_which_quirk_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATOR_QUIRKS", '{"colour": "red"}')

    with pytest.raises(SystemExit, match="SIMULATOR_QUIRKS: Unknown quirk 'colour'"):
        main([])


def _children_of(pid: int) -> list[int]:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if found:
            return [int(child) for child in found]
    return []


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
