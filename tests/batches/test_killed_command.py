"""A real command that is killed while it creates videos, and started again."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio import PROJECT, TIMEOUT, wait_until

ROWS = 1000


@pytest.fixture
def folder(new_data_dir: Callable[[Path], Path], tmp_path: Path) -> Path:
    return new_data_dir(tmp_path / "data")


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "DJANGO_", "MAKE"))}
    settings = {"ENV_FILE": "", "DATA_DIR": str(folder), "REDIS_URL": "", "DATABASE_URL": ""}
    return {**kept, **settings, "OWNER_PASSWORD": "correct horse battery", "OWNER_USERNAME": "owner"}


def _manage(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=_environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(folder: Path, *arguments: str) -> str:
    process = _manage(folder, *arguments)
    output, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, errors
    return output


def _prompts(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / "db.sqlite3", timeout=TIMEOUT)
    try:
        return [prompt for (prompt,) in connection.execute("SELECT prompt FROM videos_video ORDER BY id")]
    finally:
        connection.close()


@pytest.mark.slow
def test_a_command_that_is_killed_goes_on_without_doubles(folder: Path, tmp_path: Path):
    _run(folder, "ensure_owner")
    file = tmp_path / "foxes.csv"
    file.write_text("prompt,key\n" + "".join(f"Fox {n},fox-{n}\n" for n in range(ROWS)))
    command = ("generate_batch", str(file), "--user", "owner")

    killed = _manage(folder, *command)
    wait_until(lambda: len(_prompts(folder)) > 0 or killed.poll() is not None)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=TIMEOUT)
    assert 0 < len(_prompts(folder)) < ROWS

    assert len(set(_run(folder, *command).split())) == ROWS
    assert _prompts(folder) == [f"Fox {n}" for n in range(ROWS)]
