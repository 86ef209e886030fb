"""Stopping and starting a whole `make run` loses nothing and pays for nothing twice."""

import json
import signal
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.e2e.conftest import USERNAME, chosen_services, start
from tests.running import Studio, wait_until

pytestmark = pytest.mark.e2e

PROMPT = "A clock that is stopped and goes on"


def _simulator(studio: Studio) -> str:
    shell = "from django.conf import settings; print(settings.SIMULATOR_URL)"
    return studio.manage("shell", "-v0", "-c", shell).stdout.strip().removesuffix("/v1")


def _accepted(simulator: str) -> int:
    with urlopen(f"{simulator}/_simulator/ledger") as reply:  # noqa: S310  # our own simulator
        return sum(entry["prompt"] == PROMPT for entry in json.load(reply)["accepted"])


def _states_at_last(studio: Studio) -> list[str]:
    """The states of the videos when none is in flight any more."""
    shell = """
import time
from videos.models import Video
while Video.objects.in_flight().exists():
    time.sleep(0.2)
print(*Video.objects.values_list("state", flat=True))"""
    return studio.manage("shell", "-v0", "-c", shell).stdout.split()


def test_jobs_in_flight_go_on_after_a_restart(tmp_path: Path):
    batch = tmp_path / "batch.csv"
    batch.write_text("\n".join(["prompt", *[PROMPT] * 3]))
    with chosen_services() as services:
        studio = start(services, tmp_path)
        made = studio.manage("generate_batch", str(batch), "--user", USERNAME)
        assert made.returncode == 0, made.stderr
        simulator = _simulator(studio)
        wait_until(lambda: _accepted(simulator) >= 1)
        assert studio.stop(signal.SIGINT) == 0
        again = start(services, tmp_path)
        try:
            assert _states_at_last(again) == ["completed"] * 3
            assert _accepted(_simulator(again)) == 3
        finally:
            assert again.stop(signal.SIGINT) == 0
        assert "Traceback" not in studio.log.read_text() + again.log.read_text()
