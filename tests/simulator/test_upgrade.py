"""Data directories of an earlier version stay usable."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.simulator.conftest import StartSimulator, decode_frames

OLD_SCHEMA = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    prompt TEXT NOT NULL, model TEXT NOT NULL, size TEXT NOT NULL, seconds INTEGER NOT NULL,
    recipe TEXT NOT NULL, source TEXT, created_at REAL NOT NULL, duration REAL NOT NULL,
    lazy INTEGER NOT NULL, rendered_at REAL, failed_at REAL, error_code TEXT, error_message TEXT
);
CREATE INDEX jobs_to_render ON jobs (number) WHERE rendered_at IS NULL AND failed_at IS NULL;
CREATE TABLE characters (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, clip TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE books (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, kind TEXT NOT NULL, prompt TEXT NOT NULL,
    model TEXT NOT NULL, size TEXT NOT NULL, seconds INTEGER NOT NULL, accepted_at REAL NOT NULL
);
CREATE TABLE takes (prompt TEXT PRIMARY KEY, count INTEGER NOT NULL);
INSERT INTO books (id, kind, prompt, model, size, seconds, accepted_at)
    VALUES ('video_old', 'create', 'A lake', 'sora-2', '720x1280', 4, 1000.0);
"""
OLD_SPEC = {
    "width": 720,
    "height": 1280,
    "fine": False,
    "composition": "A lake",
    "acts": [{"prompt": "A lake", "colours": "dusk", "seconds": 4}],
    "reference": None,
    "clip": None,
}


def test_jobs_videos_and_ledger_are_kept(start_simulator: StartSimulator, tmp_path: Path) -> None:
    data = tmp_path / "simulator"
    _create_old_data(data)

    for _ in range(2):
        simulator = start_simulator(data=data)
        assert [entry["id"] for entry in simulator.ledger()] == ["video_old"]
        assert simulator.content("video_old") == b"rendered before"
    remix = simulator.http.post("/v1/videos/video_old/remix", json={"prompt": "in snow"}).json()
    assert len(decode_frames(simulator.content(remix["id"]))) == 16
    assert [entry["id"] for entry in simulator.ledger()] == ["video_old", remix["id"]]


def _create_old_data(data: Path) -> None:
    video = data / "films" / "video_old" / "video.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"rendered before")
    with closing(sqlite3.connect(data / "simulator.sqlite3")) as database:
        database.executescript(OLD_SCHEMA)
        database.execute(
            "INSERT INTO jobs"
            " (id, kind, prompt, model, size, seconds, recipe, created_at, duration, lazy, rendered_at)"
            " VALUES ('video_old', 'create', 'A lake', 'sora-2', '720x1280', 4, ?, 1000, 10, 0, 1010)",
            [json.dumps(OLD_SPEC)],
        )
        database.commit()
