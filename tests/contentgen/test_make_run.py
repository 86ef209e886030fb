"""`python -m contentgen.run`, as `make run` starts it: real processes on free ports, no browser."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from contentgen.run import __main__ as module
from contentgen.run.supervisor import RestartLimitError
from tests.contentgen.test_private_files import readable_by_others
from tests.studio import READY, TIMEOUT, Studio, descendants_of, free_port, list_processes

pytestmark = pytest.mark.slow


def _still_there(family: dict[int, str]) -> list[str]:
    commands = list_processes()
    return [args for pid, args in family.items() if pid in commands and commands[pid][1] == args]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Start a studio in the test's data folder; whatever is left of any is ended with the test."""
    started: list[Studio] = []

    def _start(port: int = 0) -> Studio:
        log = tmp_path / f"log{len(started)}"
        before = os.umask(0o022)  # that of a person's shell
        try:
            started.append(Studio(tmp_path / "data", port or free_port(), log))
        finally:
            os.umask(before)
        return started[-1]

    yield _start
    for studio in started:
        if studio.process.poll() is None:
            studio.stop(signal.SIGTERM)


def test_it_runs_everything_after_it_was_killed_and_leaves_nothing_behind(start, tmp_path):
    """One studio from its first start to its last: to start one takes half a minute of computing."""
    studio = start()
    said = studio.wait_for(READY)
    family = descendants_of(studio.process.pid)

    assert f"Address    http://127.0.0.1:{studio.port}/\n" in said
    assert "Username   owner\n" in said
    password = (tmp_path / "data" / "owner-password").read_text().strip()
    assert f"Password   {password}\n" in said
    assert "demo mode" in said
    for part in ("gunicorn", "worker-", "network-", "downloads-", " beat ", "valkey-server", "-m simulator"):
        assert any(part in command for command in family.values()), part
    with urlopen(f"http://127.0.0.1:{studio.port}/health/ready") as reply:
        assert json.load(reply)["status"] == "ready"
    assert (tmp_path / "data" / "db.sqlite3").exists()
    assert (tmp_path / "data" / "simulator" / "simulator.sqlite3").exists()
    readable = readable_by_others(tmp_path / "data")
    assert [path for path in readable if "/data/static/" not in path] == []  # those are on every page

    second = start(studio.port)
    assert second.process.wait(timeout=TIMEOUT) == 1
    assert (
        f"already running on {tmp_path / 'data'}, at http://127.0.0.1:{studio.port}/"
        in second.log.read_text()
    )
    assert (tmp_path / "data" / "endpoints.json").exists()

    studio.process.kill()
    studio.process.wait()
    again = start(studio.port)
    said = again.wait_for(READY)
    assert _still_there(family) == []
    assert "owner-password)" in said
    assert password not in said  # it was said once

    family = descendants_of(again.process.pid)
    assert any(" worker -n worker-" in command for command in family.values())
    assert again.stop(signal.SIGINT) == 0
    assert _still_there(family) == []
    assert "did not stop in time" not in again.log.read_text()
    assert "Traceback" not in again.log.read_text()
    assert not (tmp_path / "data" / "endpoints.json").exists()


def test_a_taken_port_is_said_in_one_sentence(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        studio = start(server.getsockname()[1])
        assert studio.process.wait(timeout=TIMEOUT) == 1

    said = studio.log.read_text().strip()
    assert said.startswith(
        f"ContentGen did not start: port {studio.port} is taken by another program; set PORT"
    )
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "data" / "db.sqlite3").exists()


def test_it_says_what_kept_dying_and_why(settings, monkeypatch, capsys):
    def _fail(*_: object) -> None:
        raise RestartLimitError("beat ended with exit code 1")

    settings.PORT = free_port()
    monkeypatch.setattr(module, "StopRequest", lambda: False)  # it would take over the signals of the tests
    monkeypatch.setattr(module, "_run", _fail)

    assert module.main() == 1

    assert capsys.readouterr().err == "ContentGen stopped: beat ended with exit code 1\n"
