"""Two backends that serve one model, in real processes: while the first is out of credit, new videos go to
the second, and each video is one job at one of them.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.chaos.conftest import ControlClient
from tests.chaos.processes import Processes
from tests.studio import READY, NewDataDir, Studio, free_port, wait_until

pytestmark = pytest.mark.e2e

OUT_OF_CREDIT = {"on": "create", "kind": "refuse", "status": 402, "code": "insufficient_quota"}


class Box:
    """A simulator with a ledger and faults, as a server that somebody runs."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.port = name, free_port()
        self._processes = Processes(os.environ, folder / name)
        (folder / name).mkdir()
        self._processes.add_simulator(self.port, folder / name / "data", duration=1, rules='{"rules": []}')
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20, trust_env=False)

    def wait(self) -> None:
        control = ControlClient(self.port)
        wait_until(control.is_ready)
        control.close()

    def refuse_for_want_of_credit(self) -> None:
        rules = {"rules": [OUT_OF_CREDIT]}
        self._http.post("/_simulator/faults", json=rules).raise_for_status()

    def accept_again(self) -> None:
        self._http.delete("/_simulator/faults").raise_for_status()

    @property
    def prompts(self) -> list[str]:
        """The prompts of the jobs that it took and charged for, sorted."""
        ledger = self._http.get("/_simulator/ledger").json()
        return sorted(entry["prompt"] for entry in ledger["accepted"])

    def close(self) -> None:
        self._http.close()
        self._processes.kill()


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[Box, Box]]:
    made = Box(tmp_path, "first"), Box(tmp_path, "second")
    try:
        for box in made:
            box.wait()
        yield made
    finally:
        for box in made:
            box.close()


@pytest.fixture
def studio(new_data_dir: NewDataDir, tmp_path: Path, boxes: tuple[Box, Box]) -> Iterator[Studio]:
    studio = Studio(new_data_dir(tmp_path / "studio"), free_port(), tmp_path / "studio.log")
    try:
        studio.wait_for(READY)
        for box in boxes:
            added = studio.manage("add_backend", box.name, f"http://127.0.0.1:{box.port}/v1")
            assert added.returncode == 0, added.stderr
        yield studio
    finally:
        studio.stop(signal.SIGINT)


def test_each_video_is_one_job_at_one_of_them(studio: Studio, boxes: tuple[Box, Box]):
    first, second = boxes
    _run(studio, "Backend.objects.filter(name='second').update(stands_in=True)")
    first.refuse_for_want_of_credit()

    _create(studio, "asked first")
    wait_until(lambda: _run(studio, "print(Backend.objects.get(name='first').is_paused)") == "True")
    for number in range(3):
        _create(studio, f"while it is paused {number}")
    wait_until(lambda: len(second.prompts) == 3)

    first.accept_again()
    ended = "Backend.objects.update(paused_until=None);"  # the pause is over
    ended += "Video.objects.filter(state='queued').update(due_at=timezone.now())"
    _run(studio, ended)
    wait_until(lambda: _run(studio, "print(Video.objects.filter(state='completed').count())") == "4")

    assert first.prompts == ["asked first"]
    assert second.prompts == [f"while it is paused {number}" for number in range(3)]


def _create(studio: Studio, prompt: str) -> None:
    made = studio.manage("generate_video", prompt)
    assert made.returncode == 0, made.stderr


def _run(studio: Studio, code: str) -> str:
    imports = "from django.utils import timezone; from videos.models import Backend, Video;"
    ran = studio.manage("shell", "-v", "0", "-c", imports + code)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()
