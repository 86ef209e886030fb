"""Films on disk: whole or not there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from simulator.recipe import from_json
from simulator.render import SPRITESHEET, THUMBNAIL, VIDEO, render
from tests.simulator.conftest import Start, frames


def test_two_processes_over_one_film_do_not_disturb_each_other(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start(duration=60).create()
    (database,) = tmp_path.rglob("*.sqlite3")
    with closing(sqlite3.connect(database)) as jobs:
        (text,) = jobs.execute("SELECT recipe FROM jobs WHERE id = ?", [job["id"]]).fetchone()
    recipe, target = from_json(text), tmp_path / "film"
    films: list[bytes] = []
    calls = iter(range(10_000))

    def the_other_finishes_midway() -> None:
        if next(calls) == 2:
            with monkeypatch.context() as patch:
                patch.setattr("os.getpid", lambda: 1)
                render(recipe, tmp_path, target, 2)
            films.append((target / VIDEO).read_bytes())

    render(recipe, tmp_path, target, 2, pulse=the_other_finishes_midway)
    films.append((target / VIDEO).read_bytes())

    assert sorted(path.name for path in target.iterdir()) == [SPRITESHEET, THUMBNAIL, VIDEO]
    assert [len(frames(film)) for film in films] == [8, 8]
