"""Stopping and restarting `make run` loses no video and bills none twice."""

import json
import signal
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.e2e.conftest import USERNAME, configured_services, start_studio
from tests.studio import NewDataDir, Studio, wait_until

pytestmark = pytest.mark.e2e

PROMPT = "A clock that stops and goes on"


def _ledger_of(studio: Studio) -> Request:
    shell = "from django.conf import settings as s; print(s.SIMULATOR_URL, s.SIMULATOR_API_KEY)"
    address, key = studio.manage("shell", "-v0", "-c", shell).stdout.split()
    ledger = f"{address.removesuffix('/v1')}/_simulator/ledger"
    return Request(ledger, headers={"Authorization": f"Bearer {key}"})  # noqa: S310  # our own simulator


def _count_accepted(ledger: Request) -> int:
    with urlopen(ledger) as reply:  # noqa: S310
        return sum(entry["prompt"] == PROMPT for entry in json.load(reply)["accepted"])


def _final_states(studio: Studio) -> list[str]:
    """Wait until no video is in flight, and return the states of all."""
    shell = """
import time
from videos.models import Video
while Video.objects.in_flight().exists():
    time.sleep(0.2)
print(*Video.objects.values_list("state", flat=True))"""
    return studio.manage("shell", "-v0", "-c", shell).stdout.split()


def test_jobs_in_flight_are_completed_after_a_restart(new_data_dir: NewDataDir, tmp_path: Path):
    batch = tmp_path / "batch.csv"
    batch.write_text("\n".join(["prompt", *[PROMPT] * 3]))
    data_dir = new_data_dir(tmp_path / "data")
    with configured_services() as services:
        studio = start_studio(services, data_dir)
        made = studio.manage("generate_batch", str(batch), "--user", USERNAME)
        assert made.returncode == 0, made.stderr
        ledger = _ledger_of(studio)
        wait_until(lambda: _count_accepted(ledger) >= 1)
        assert studio.stop(signal.SIGINT) == 0
        restarted = start_studio(services, data_dir)
        try:
            assert _final_states(restarted) == ["completed"] * 3
            assert _count_accepted(_ledger_of(restarted)) == 3
        finally:
            assert restarted.stop(signal.SIGINT) == 0
        assert "Traceback" not in studio.log.read_text() + restarted.log.read_text()
