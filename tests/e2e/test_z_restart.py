"""Stopping and starting loses nothing and pays for nothing twice. Runs last, because it stops the studio."""

import json
import signal
from urllib.request import urlopen

import pytest

from tests.e2e.conftest import USERNAME, Start
from tests.running import Studio, wait_until

pytestmark = pytest.mark.e2e


def _books(studio: Studio) -> list[dict]:
    shell = "from django.conf import settings; print(settings.SIMULATOR_URL)"
    address = studio.manage("shell", "-v0", "-c", shell).stdout.strip().removesuffix("/v1")
    with urlopen(f"{address}/_simulator/books") as reply:  # noqa: S310  # our own simulator
        return json.load(reply)["accepted"]


def _states(studio: Studio, prompt: str) -> list[str]:
    shell = f"""
from videos.models import Video
print(*Video.objects.filter(prompt={prompt!r}).values_list("state", flat=True))"""
    return studio.manage("shell", "-v0", "-c", shell).stdout.split()


def test_jobs_in_flight_go_on_after_a_restart(studio: Studio, start_again: Start):
    prompt = "A clock that is stopped and goes on"
    made = [studio.manage("generate_video", prompt, "--user", USERNAME) for _ in range(3)]
    assert all(command.returncode == 0 for command in made)
    wait_until(lambda: len([e for e in _books(studio) if e["prompt"] == prompt]) >= 1)

    assert studio.stop(signal.SIGINT) == 0
    again = start_again()
    try:
        wait_until(lambda: _states(again, prompt) == ["completed"] * 3)
        assert len([entry for entry in _books(again) if entry["prompt"] == prompt]) == 3
    finally:
        assert again.stop(signal.SIGINT) == 0
