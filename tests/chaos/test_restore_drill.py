"""The drill of docs/operations.md: back up while running, run on, restore, and pay for nothing twice."""

import os
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.chaos.faults import ControlClient
from tests.chaos.processes import Processes
from tests.chaos.restore_steps import VIDEOS, all_prompts, prompts_at, queue_videos
from tests.studio import READY, Studio, free_port, wait_until

Start = Callable[[Path], Studio]
NewDataDir = Callable[[Path], Path]

pytestmark = pytest.mark.slow


@pytest.fixture
def port() -> int:
    """The simulator's."""
    return free_port()


@pytest.fixture
def control(port: int, tmp_path: Path) -> Iterator[ControlClient]:
    """The control API of a simulator that runs on while the studio is restored, as a real backend does."""
    processes = Processes(os.environ, tmp_path)
    processes.add_simulator(port, tmp_path / "simulator", duration=1, rules='{"rules": []}')
    client = ControlClient(port)
    try:
        wait_until(client.is_ready)
        yield client
    finally:
        client.close()
        processes.kill()


@pytest.fixture
def start(control: ControlClient, port: int, tmp_path: Path) -> Iterator[Start]:
    """Start a studio on a folder, with an empty broker of its own."""
    started: list[Studio] = []

    def start_studio(data_dir: Path) -> Studio:
        settings = {
            "SIMULATOR_URL": f"http://127.0.0.1:{port}/v1",
            "BACKEND_URL": "",
            "BACKEND_KEY": "",
        }
        studio = Studio(data_dir, free_port(), tmp_path / f"studio-{len(started)}.log", **settings)
        started.append(studio)
        studio.wait_for(READY)
        return studio

    yield start_studio
    for studio in started:
        if studio.process.poll() is None:
            studio.stop(signal.SIGINT)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("place", "clock_offset"),
    [
        ("the same place", 3600),
        pytest.param("an empty place", -3600, marks=pytest.mark.drill),
        pytest.param("a copy of the whole folder", 0, marks=pytest.mark.drill),
    ],
)
def test_a_restored_studio_pays_for_nothing_twice(
    control: ControlClient,
    start: Start,
    new_data_dir: NewDataDir,
    tmp_path: Path,
    place: str,
    clock_offset: int,
):
    """Also where the backend's clock is off, so that its jobs seem to be from before the backup, or later."""
    control.set_quirks(clock_offset=clock_offset)
    data_dir, backup = new_data_dir(tmp_path / "data"), tmp_path / "backup.sqlite3"
    studio = start(data_dir)
    queue_videos(studio, tmp_path)
    wait_until(lambda: len(control.ledger()) >= 4)
    with suppress(shutil.Error):  # a file that was there when it began
        shutil.copytree(data_dir / "media", tmp_path / "copy" / "media")
    _back_up(data_dir, backup)
    submitted_by_then = len(control.ledger())
    wait_until(lambda: len(control.ledger()) >= submitted_by_then + 6)
    assert studio.stop(signal.SIGINT) == 0
    submitted = prompts_at(control)
    assert len(submitted) < VIDEOS, "nothing was left for the restored studio to submit"

    if place == "an empty place":
        data_dir = tmp_path / "restored"
        data_dir.mkdir()
    if place == "a copy of the whole folder":
        shutil.rmtree(data_dir)
        shutil.copytree(tmp_path / "copy", data_dir)
    _restore(backup, data_dir)
    studio = start(data_dir)
    wait_until(lambda: _rows(data_dir, "SELECT 1 FROM videos_studiostate WHERE held_at IS NOT NULL") != [])
    refused = studio.manage("release", "--yes")
    assert refused.returncode == 1
    assert "the search has not ended yet" in refused.stderr
    wait_until(lambda: _has_searched(data_dir))

    assert prompts_at(control) == submitted, "it submitted while it was held"
    waiting = _rows(data_dir, "SELECT prompt FROM videos_video WHERE state = 'queued'")
    assert sorted(prompt for (prompt,) in waiting) == sorted(all_prompts() - submitted.keys())
    told = studio.manage("hold", "--status").stdout
    assert f"Waiting to be submitted: {VIDEOS - len(submitted)} videos" in told

    released = studio.manage("release", "--yes")
    assert released.returncode == 0, released.stderr
    wait_until(lambda: _states(data_dir) == {"completed": VIDEOS})
    assert prompts_at(control) == Counter(all_prompts()), "a job was paid for twice, or lost"
    assert studio.stop(signal.SIGINT) == 0


def _back_up(data_dir: Path, backup: Path) -> None:
    """Copy the database while it is in use, as `sqlite3 data/db.sqlite3 ".backup copy.sqlite3"` does."""
    with (
        closing(sqlite3.connect(data_dir / "db.sqlite3")) as source,
        closing(sqlite3.connect(backup)) as target,
    ):
        source.backup(target)


def _restore(backup: Path, data_dir: Path) -> None:
    for left in data_dir.glob("db.sqlite3*"):
        left.unlink()
    shutil.copy(backup, data_dir / "db.sqlite3")


def _rows(data_dir: Path, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(data_dir / "db.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchall()


def _states(data_dir: Path) -> dict[str, int]:
    return {
        state: int(n) for state, n in _rows(data_dir, "SELECT state, COUNT(*) FROM videos_video GROUP BY 1")
    }


def _has_searched(data_dir: Path) -> bool:
    """Whether the search has ended. Leases end and looks are due at once, or it would take minutes."""
    with closing(sqlite3.connect(data_dir / "db.sqlite3", timeout=20)) as database, database:
        for field, state in (("lease_expires_at", "submitting"), ("due_at", "uncertain")):
            database.execute(
                f"UPDATE videos_video SET {field} = '2020-01-01 00:00:00'"  # noqa: S608  # our own words
                f" WHERE state = '{state}' AND {field} IS NOT NULL"
            )
    time.sleep(1)
    searching = """
        SELECT 1 FROM videos_backend WHERE search_due_at IS NOT NULL
        UNION SELECT 1 FROM videos_video WHERE state = 'submitting' OR state = 'uncertain'"""
    return not _rows(data_dir, searching)
