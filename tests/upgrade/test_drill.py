"""The version before is upgraded to this one while it is in use, and nobody notices."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.studio import PROJECT, free_port
from tests.upgrade.checkout import NoHistoryError, base_of
from tests.upgrade.traffic import Rotation, Traffic


@pytest.mark.drill
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_rolling_upgrade_loses_nothing_and_shows_no_error():
    try:
        base_of("")
    except NoHistoryError as error:
        pytest.skip(f"there is no version before: {error}")
    drill = [sys.executable, "-m", "tests.upgrade", "--videos", "12"]
    database = os.environ.get("TEST_DATABASE_URL", "sqlite")

    done = subprocess.run(
        [*drill, "--database", database],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations 0" in done.stdout


def test_what_must_not_happen_is_noticed():
    """Nobody listens on the first port, and whoever does on the second answers 500."""
    rotation = Rotation()
    rotation.add(free_port())
    traffic = Traffic(rotation, "cg_token", videos=0)
    assert traffic._ask("GET", "/") is None
    assert "ConnectError" in traffic.violations[-1]

    with HTTPServer(("127.0.0.1", 0), _Failing) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        broken = Rotation()
        broken.add(server.server_port)
        traffic = Traffic(broken, "cg_token", videos=0)
        assert traffic.status_of("video_1") == "unknown"
    assert traffic.violations[-1].endswith("/v1/videos/video_1: 500")


class _Failing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the library's name
        self.send_error(500)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
