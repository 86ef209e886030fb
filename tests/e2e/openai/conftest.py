"""A studio for programs. Its simulator draws few frames, and only when they are asked for: these tests make
many videos, and look at none.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from tests.e2e.conftest import PASSWORD, USERNAME, chosen_services
from tests.e2e.openai.programs import Program
from tests.running import PROJECT, READY, Studio, free_port, wait_until


def _answers(address: str) -> bool:
    try:
        with urlopen(address) as reply:  # noqa: S310  # our own simulator
            return reply.status == 200
    except OSError:
        return False


@pytest.fixture(scope="package")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a simulator whose jobs take a second."""
    port, folder = free_port(), tmp_path_factory.mktemp("simulator")
    options = f"-m simulator --port {port} --duration 1 --poll-after 1 --fps 4 --render on-demand --data"
    running = subprocess.Popen([sys.executable, *options.split(), str(folder)], cwd=PROJECT)
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/health"))
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        running.terminate()
        running.wait(timeout=30)


@pytest.fixture(scope="package")
def services() -> Iterator[dict[str, str]]:
    with chosen_services() as chosen:
        yield chosen


@pytest.fixture(scope="package")
def studio(
    services: dict[str, str], simulator: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio-for-programs")
    owner = {"OWNER_USERNAME": USERNAME, "OWNER_PASSWORD": PASSWORD}
    running = Studio(folder, free_port(), folder / "log", **services, **owner, SIMULATOR_URL=simulator)
    try:
        running.wait_for(READY)
        yield running
    finally:
        assert running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.log.read_text()


@pytest.fixture(scope="package")
def program(studio: Studio, simulator: str) -> Program:
    return Program(studio, simulator)
