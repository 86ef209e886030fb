"""Two studios, each the other's backend, in real processes: a request goes round once, and ends."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio import PROJECT, READY, Studio, free_port, wait_until

_TOKEN = """
from django.core.management import call_command
call_command("ensure_owner")
call_command("create_token", "owner")
"""


def _make_token(data_dir: Path) -> str:
    """Prepare a studio's folder, and return a token of its owner's."""
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": "", "DATA_DIR": str(data_dir)}
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", _TOKEN]
    ran = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return ran.stdout.split()[-1]


def _videos(data_dir: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(data_dir / "db.sqlite3") as database:
        return database.execute("SELECT state, error_message FROM videos_video").fetchall()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_studios_in_a_ring_stop_at_the_first_loop(new_data_dir: Callable[[Path], Path], tmp_path: Path):
    folders = [new_data_dir(tmp_path / name) for name in ("one", "two")]
    ports = [free_port(), free_port()]
    tokens = [_make_token(folder) for folder in folders]
    studios = [
        Studio(
            folders[i],
            ports[i],
            tmp_path / f"log{i}",
            BACKEND_URL=f"http://127.0.0.1:{ports[1 - i]}/v1",
            BACKEND_KEY=tokens[1 - i],
        )
        for i in (0, 1)
    ]
    try:
        for studio in studios:
            studio.wait_for(READY)

        made = studios[0].manage("generate_video", "A fox in the snow", "--wait")

        assert made.returncode == 1
        wait_until(lambda: all(state == "failed" for folder in folders for state, _ in _videos(folder)))
        assert [len(_videos(folder)) for folder in folders] == [1, 1]
        assert "leads back" in _videos(folders[1])[0][1]
        assert "leads back" in made.stderr
    finally:
        for studio in studios:
            if studio.process.poll() is None:
                studio.stop(15)
