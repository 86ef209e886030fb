"""Videos on disk are complete or do not exist."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from simulator.renderer import SPRITESHEET, THUMBNAIL, VIDEO, render_video
from simulator.scene_spec import from_json
from tests.simulator.conftest import StartSimulator, decode_frames


def test_two_processes_can_render_the_same_video(
    start_simulator: StartSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start_simulator(duration=60).create()
    (database,) = tmp_path.rglob("*.sqlite3")
    with closing(sqlite3.connect(database)) as jobs:
        (text,) = jobs.execute("SELECT scene_spec FROM jobs WHERE id = ?", [job["id"]]).fetchone()
    spec, target = from_json(text), tmp_path / "video"
    videos: list[bytes] = []
    calls = iter(range(10_000))

    def finish_in_other_process() -> None:
        if next(calls) == 2:
            with monkeypatch.context() as patch:
                patch.setattr("os.getpid", lambda: 1)
                render_video(spec, tmp_path, target, 2)
            videos.append((target / VIDEO).read_bytes())

    render_video(spec, tmp_path, target, 2, before_frame=finish_in_other_process)
    videos.append((target / VIDEO).read_bytes())

    assert sorted(path.name for path in target.iterdir()) == [SPRITESHEET, THUMBNAIL, VIDEO]
    assert [len(decode_frames(video)) for video in videos] == [8, 8]
