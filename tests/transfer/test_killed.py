"""Real commands that are killed, started again, and have left nothing half and nothing twice."""

import fcntl
import os
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.models import User
from tests.studio import PROJECT, TIMEOUT, wait_until
from tests.transfer.conftest import sums

COUNT = 4
PADDING = 8 << 20  # bytes, so that a file takes a while


def _manage(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "DJANGO_", "MAKE"))}
    settings = {"ENV_FILE": "", "DATA_DIR": str(folder), "REDIS_URL": "", "DATABASE_URL": ""}
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**kept, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _run(folder: Path, *arguments: str) -> str:
    process = _manage(folder, *arguments)
    output, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, errors
    return output + errors


def _kill(process: subprocess.Popen[str], when: Callable[[], bool]) -> None:
    wait_until(lambda: when() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=TIMEOUT)


def _is_held_by(process: subprocess.Popen[str], lock: Path) -> bool:
    """Stop the process, and let it go on again unless it has the lock by now."""
    os.killpg(process.pid, signal.SIGSTOP)
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    os.killpg(process.pid, signal.SIGCONT)
    return False


def _count(folder: Path) -> int:
    connection = sqlite3.connect(folder / "db.sqlite3", timeout=TIMEOUT)
    try:
        return int(connection.execute("SELECT COUNT(*) FROM videos_video").fetchone()[0])
    finally:
        connection.close()


def _files(folder: Path, suffix: str) -> list[Path]:
    return [path for path in folder.rglob(f"*{suffix}") if path.is_file()] if folder.exists() else []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_export_and_import_go_on_where_they_were_killed(
    new_data_dir: Callable[[Path], Path],
    clips: list[bytes],
    tmp_path: Path,
    run: Callable,
    alice: User,
    wiped: Callable[[], None],
):
    footage, first, out = tmp_path / "footage", tmp_path / "first", tmp_path / "out"
    footage.mkdir()
    for number, content in enumerate(clips[:COUNT]):
        skipped = struct.pack(">I4s", 8 + PADDING, b"free") + bytes(PADDING)
        (footage / f"boat {number}.mp4").write_bytes(content + skipped)
    run("import_videos", footage, "--owner", "alice")
    run("export_videos", "--all", "--output", first)
    folder = new_data_dir(tmp_path / "data")

    bring = ("import_videos", str(first), "--create-people", "--trusted")
    _kill(_manage(folder, *bring), lambda: _count(folder) > 0)
    left = _count(folder)
    assert 0 < left < COUNT
    going_on = _manage(folder, *bring)
    wait_until(lambda: _is_held_by(going_on, folder / "import.lock"))
    left = _count(folder)
    at_once = _manage(folder, *bring)
    _output, errors = at_once.communicate(timeout=TIMEOUT)
    assert at_once.returncode == 1, errors
    assert "Another import is under way" in errors
    assert _count(folder) == left
    os.killpg(going_on.pid, signal.SIGCONT)
    _output, errors = going_on.communicate(timeout=TIMEOUT)
    assert going_on.returncode == 0, errors
    assert _count(folder) == COUNT
    stored = [path for path in _files(folder, ".mp4") if "media" in path.parts]
    assert len(stored) == COUNT  # and nothing that the killed one had left

    export = ("export_videos", "--all", "--output", str(out))
    _kill(_manage(folder, *export), lambda: bool(_files(out, ".mp4")))
    assert not (out / "export.json").exists()
    assert all(path.stat().st_size > PADDING for path in _files(out, ".mp4"))
    _run(folder, *export)
    assert not _files(out, ".part")
    assert sums(out) == sums(first)  # from the database of these tests, maybe PostgreSQL, to SQLite

    wiped()
    run("import_videos", out, "--create-people", "--trusted")
    run("export_videos", "--all", "--output", tmp_path / "here")
    assert sums(tmp_path / "here") == sums(first)  # and back
