"""Where `manage.py` in another shell finds the embedded services of a running studio."""

import stat
from pathlib import Path

from contentgen.run.state import Endpoints, delete_endpoints, read_endpoints, write_endpoints

RUNNING = Endpoints("redis://:secret@127.0.0.1:1/0", "http://127.0.0.1:2/v1")


def test_it_reads_what_was_written_last(tmp_path: Path):
    write_endpoints(tmp_path, Endpoints("redis://before", ""))
    write_endpoints(tmp_path, RUNNING)

    assert read_endpoints(tmp_path) == RUNNING


def test_it_keeps_the_password_from_others(tmp_path: Path):
    write_endpoints(tmp_path, RUNNING)

    assert stat.S_IMODE((tmp_path / "endpoints.json").stat().st_mode) == 0o600
    assert len(list(tmp_path.iterdir())) == 1


def test_it_is_empty_when_nothing_runs(tmp_path: Path):
    assert read_endpoints(tmp_path) == Endpoints()

    write_endpoints(tmp_path, RUNNING)
    delete_endpoints(tmp_path)
    delete_endpoints(tmp_path)

    assert read_endpoints(tmp_path) == Endpoints()
