"""Upgrade of a data directory from before `ledger`, `scene_spec` and `videos` had these names."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def upgrade_data(data: Path, database: Path) -> None:
    """Rename what an earlier version left in `data` and in its SQLite file. Does nothing the second time."""
    old_videos, videos = data / "films", data / "videos"
    if old_videos.exists() and not videos.exists():
        old_videos.rename(videos)
    if database.exists():
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            _upgrade_tables(connection)
            connection.execute("COMMIT")


def _upgrade_tables(connection: sqlite3.Connection) -> None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'books'").fetchone():
        return
    connection.execute("ALTER TABLE books RENAME TO ledger")
    connection.execute("ALTER TABLE jobs RENAME COLUMN recipe TO scene_spec")
    rows = connection.execute("SELECT number, scene_spec FROM jobs").fetchall()
    specs = [(json.dumps(_upgrade_spec(json.loads(text))), number) for number, text in rows]
    connection.executemany("UPDATE jobs SET scene_spec = ? WHERE number = ?", specs)


def _upgrade_spec(old: dict[str, Any]) -> dict[str, Any]:
    spec = dict(old)
    spec["high_quality"] = spec.pop("fine")
    spec["segments"] = [
        {"prompt": act["prompt"], "palette": act["colours"], "seconds": act["seconds"]}
        for act in spec.pop("acts")
    ]
    return spec
