"""Real processes: whoever looks at a studio whose scheduler hangs is told that nothing is being processed."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.studio import READY, Studio, descendants_of, free_port, wait_until

NOTHING = "Nothing is being processed right now."
PASSWORD = "a password of this test"

pytestmark = pytest.mark.slow


@pytest.fixture
def studio(new_data_dir: Callable[[Path], Path], tmp_path: Path) -> Iterator[Studio]:
    data_dir = new_data_dir(tmp_path / "data")
    studio = Studio(data_dir, free_port(), tmp_path / "log", OWNER_PASSWORD=PASSWORD)
    yield studio
    studio.stop(signal.SIGTERM)


def _sign_in(browser: httpx2.Client) -> None:
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/accounts/login/").text)
    assert match
    fields = {"login": "owner", "password": PASSWORD, "csrfmiddlewaretoken": match[1]}
    assert browser.post("/accounts/login/", data=fields).status_code == 302


def _parts(browser: httpx2.Client) -> dict[str, str]:
    """The parts as a load balancer sees them, which asks by an address that is no host name of the studio."""
    parts: dict[str, str] = browser.get("/health/ready", headers={"Host": "10.0.0.7"}).json()["parts"]
    return parts


def _send(pids: list[int], number: int) -> None:
    for pid in pids:
        os.kill(pid, number)


def test_a_scheduler_that_hangs_is_seen_until_it_goes_on(studio: Studio):
    studio.wait_for(READY)
    processes = descendants_of(studio.process.pid)
    scheduler = [pid for pid, command in processes.items() if "contentgen beat" in command]
    assert scheduler  # its shell may be there too

    with httpx2.Client(base_url=studio.url, headers={"Referer": studio.url}, timeout=60) as browser:
        _sign_in(browser)
        assert NOTHING not in browser.get("/").text
        assert set(_parts(browser).values()) == {"ok"}

        _send(scheduler, signal.SIGSTOP)
        try:
            wait_until(lambda: _parts(browser)["scheduler"] == "down")
            wait_until(lambda: NOTHING in browser.get("/").text)
            assert NOTHING in browser.get("/admin/").text
        finally:
            _send(scheduler, signal.SIGCONT)

        wait_until(lambda: NOTHING not in browser.get("/").text)
        wait_until(lambda: set(_parts(browser).values()) == {"ok"})
