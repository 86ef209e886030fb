"""Upgrade of a data directory that an earlier version wrote."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

# Columns that were added later, by table.
_ADDED_COLUMNS = {
    "jobs": ("started_at REAL", "seed INTEGER"),
    "ledger": (
        "price REAL",
        "idempotency_key TEXT",
        "reference TEXT",
        "fingerprint TEXT",
        "ends_at REAL",
    ),
}


def upgrade_data(data: Path, database: Path) -> None:
    """Rename what has another name now in `data` and in its SQLite file, and add the columns that are new.

    Does nothing the second time.
    """
    old_videos, videos = data / "films", data / "videos"
    if old_videos.exists() and not videos.exists():
        old_videos.rename(videos)
    if database.exists():
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            _rename_tables(connection)
            _add_columns(connection)
            connection.execute("COMMIT")


def _rename_tables(connection: sqlite3.Connection) -> None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'books'").fetchone():
        return
    connection.execute("ALTER TABLE books RENAME TO ledger")
    connection.execute("ALTER TABLE jobs RENAME COLUMN recipe TO scene_spec")
    rows = connection.execute("SELECT number, scene_spec FROM jobs").fetchall()
    specs = [(json.dumps(_upgrade_spec(json.loads(text))), number) for number, text in rows]
    connection.executemany("UPDATE jobs SET scene_spec = ? WHERE number = ?", specs)


def _add_columns(connection: sqlite3.Connection) -> None:
    for table, added in _ADDED_COLUMNS.items():
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for column in added:
            if present and column.split()[0] not in present:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _upgrade_spec(old: dict[str, Any]) -> dict[str, Any]:
    spec = dict(old)
    spec["high_quality"] = spec.pop("fine")
    spec["segments"] = [
        {"prompt": act["prompt"], "palette": act["colours"], "seconds": act["seconds"]}
        for act in spec.pop("acts")
    ]
    return spec
