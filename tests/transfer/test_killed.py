"""Real commands that are killed, started again, and have left nothing half and nothing twice."""

import os
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio import PROJECT, TIMEOUT, wait_until
from tests.transfer.conftest import sums

COUNT = 4
PADDING = 8 << 20  # bytes, so that a file takes a while


def _manage(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "DJANGO_", "MAKE"))}
    settings = {"ENV_FILE": "", "DATA_DIR": str(folder), "REDIS_URL": "", "DATABASE_URL": ""}
    owner = {"OWNER_PASSWORD": "correct horse battery", "OWNER_USERNAME": "owner"}
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**kept, **settings, **owner},
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


def _count(folder: Path) -> int:
    connection = sqlite3.connect(folder / "db.sqlite3", timeout=TIMEOUT)
    try:
        return int(connection.execute("SELECT COUNT(*) FROM videos_video").fetchone()[0])
    finally:
        connection.close()


def _files(folder: Path, suffix: str) -> list[Path]:
    return [path for path in folder.rglob(f"*{suffix}") if path.is_file()] if folder.exists() else []


@pytest.mark.slow
@pytest.mark.django_db
def test_export_and_import_go_on_where_they_were_killed(
    new_data_dir: Callable[[Path], Path],
    clips: list[bytes],
    tmp_path: Path,
    run: Callable,
    wiped: Callable[[], None],
):
    source, target = new_data_dir(tmp_path / "source"), new_data_dir(tmp_path / "target")
    footage = tmp_path / "footage"
    footage.mkdir()
    for number, content in enumerate(clips[:COUNT]):
        skipped = struct.pack(">I4s", 8 + PADDING, b"free") + bytes(PADDING)
        (footage / f"boat {number}.mp4").write_bytes(content + skipped)
    for folder in (source, target):
        _run(folder, "migrate", "-v0")
    _run(source, "ensure_owner")
    killed = _manage(source, "import_videos", str(footage), "--owner", "owner")
    _kill(killed, lambda: _count(source) > 0)
    assert 0 < _count(source) < COUNT
    _run(source, "import_videos", str(footage), "--owner", "owner")
    assert _count(source) == COUNT

    out = tmp_path / "out"
    export = ("export_videos", "--all", "--output", str(out))
    _kill(_manage(source, *export), lambda: bool(_files(out, ".mp4")))
    assert not (out / "export.json").exists()
    assert all(path.stat().st_size > PADDING for path in _files(out, ".mp4"))
    _run(source, *export)
    assert len(_files(out, ".mp4")) == COUNT
    assert not _files(out, ".part")

    bring = ("import_videos", str(out), "--create-people", "--trusted")
    _kill(_manage(target, *bring), lambda: _count(target) > 0)
    assert 0 < _count(target) < COUNT
    _run(target, *bring)
    assert _count(target) == COUNT
    stored = [path for path in _files(target, ".mp4") if "videos" in path.parts]
    assert len(stored) == COUNT  # and nothing that the killed one had left

    _run(target, "export_videos", "--all", "--output", str(tmp_path / "again"))
    assert sums(tmp_path / "again") == sums(out)

    # From SQLite into the database of these tests, which may be PostgreSQL.
    wiped()
    run("import_videos", out, "--create-people", "--trusted")
    run("export_videos", "--all", "--output", tmp_path / "here")
    assert sums(tmp_path / "here") == sums(out)
