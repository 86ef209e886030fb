"""Real processes: whoever looks at a studio whose scheduler hangs or whose workers are dead is told."""

import json
import os
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.studio import READY, Studio, free_port, wait_until

NOTHING = "Nothing is being processed right now."
PASSWORD = "a password of this test"


class Browser:
    """Somebody who signs in and looks at pages."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        with self._opener.open(self.url + path) as response:
            text: str = response.read().decode()
            return text

    def sign_in(self) -> None:
        path = "/accounts/login/"
        match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        assert match
        fields = {"login": "owner", "password": PASSWORD, "csrfmiddlewaretoken": match[1]}
        request = urllib.request.Request(self.url + path, urlencode(fields).encode(), {"Referer": self.url})
        self._opener.open(request).close()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    studio = Studio(tmp_path / "data", free_port(), tmp_path / "log", OWNER_PASSWORD=PASSWORD)
    yield studio
    studio.stop(signal.SIGTERM)


def _parts(studio: Studio) -> dict[str, str]:
    """The parts as a load balancer sees them, which asks by an address that is no host name of the studio."""
    request = urllib.request.Request(f"{studio.url}/health/ready", headers={"Host": "10.0.0.7"})
    try:
        response = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        parts: dict[str, str] = json.load(response)["parts"]
        return parts


def _pids(studio: Studio, command: str) -> list[int]:
    """The processes of this studio whose command line holds `command`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if command in line and f"PORT={studio.port}\0".encode() in environment:
            found.append(int(folder.name))
    return found


def test_a_scheduler_that_hangs_is_seen_and_is_well_again_later(studio: Studio):
    studio.wait_for(READY)
    browser = Browser(studio.url)
    browser.sign_in()
    assert NOTHING not in browser.get("/")
    assert set(_parts(studio).values()) == {"ok"}
    (beat,) = _pids(studio, "-m celery --quiet -A contentgen beat") or _pids(studio, "celery --quiet -A contentgen beat")

    os.kill(beat, signal.SIGSTOP)
    try:
        wait_until(lambda: _parts(studio)["scheduler"] == "down")
        wait_until(lambda: NOTHING in browser.get("/"))
        assert NOTHING in browser.get("/admin/")
        assert _parts(studio)["worker"] == "ok"
    finally:
        os.kill(beat, signal.SIGCONT)

    wait_until(lambda: NOTHING not in browser.get("/"))
    wait_until(lambda: set(_parts(studio).values()) == {"ok"})
