"""The store: jobs, characters and the ledger in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from simulator.jobs import Job
from simulator.ledger import UNPUBLISHED, LedgerEntry
from simulator.protocol import ApiError, PageRequest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    prompt TEXT NOT NULL,
    model TEXT NOT NULL,
    size TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    scene_spec TEXT NOT NULL,
    source TEXT,
    created_at REAL NOT NULL,
    duration REAL NOT NULL,
    lazy INTEGER NOT NULL,
    rendered_at REAL,
    failed_at REAL,
    error_code TEXT,
    error_message TEXT,
    started_at REAL,
    seed INTEGER
);
CREATE INDEX IF NOT EXISTS jobs_to_render ON jobs (number) WHERE rendered_at IS NULL AND failed_at IS NULL;
CREATE TABLE IF NOT EXISTS characters (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, clip TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS ledger (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    prompt TEXT NOT NULL,
    model TEXT NOT NULL,
    size TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    accepted_at REAL NOT NULL,
    price REAL,
    idempotency_key TEXT,
    reference TEXT,
    fingerprint TEXT,
    ends_at REAL
);
CREATE INDEX IF NOT EXISTS ledger_keys ON ledger (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_ends ON ledger (ends_at);
CREATE TABLE IF NOT EXISTS takes (prompt TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""
_COLUMNS = ", ".join(field.name for field in fields(Job))
_LEDGER_COLUMNS = ", ".join(field.name for field in fields(LedgerEntry))


class Store:
    """Jobs, characters and the ledger. Every method is one transaction, committed when it returns."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. To be used by one thread, the one that serves requests."""
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        # A commit survives the death of this process without fsync; only a power cut could undo it.
        self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {_SCHEMA}")

    def close(self) -> None:
        """Close the file. The store cannot be used afterwards."""
        self._database.close()

    def count_takes(self, prompt: str) -> int:
        """Return how many creates with exactly this prompt were accepted, including deleted ones."""
        row = self._database.execute("SELECT count FROM takes WHERE prompt = ?", (prompt,)).fetchone()
        return row["count"] if row else 0

    def accept(self, job: Job, entry: LedgerEntry) -> None:
        """Save a new job, enter it in the ledger and count its take: all or nothing."""
        with self._transaction() as database:
            for table, row in (("jobs", job), ("ledger", entry)):
                values = {field.name: getattr(row, field.name) for field in fields(row)}
                names, places = ", ".join(values), ", ".join("?" * len(values))
                database.execute(
                    f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608 - our own names
                    list(values.values()),
                )
            if job.kind == "create":
                database.execute(
                    "INSERT INTO takes (prompt, count) VALUES (?, 1)"
                    " ON CONFLICT (prompt) DO UPDATE SET count = count + 1",
                    (job.prompt,),
                )

    def find_job(self, job_id: str) -> Job | None:
        """Return the job with that id."""
        jobs = self._select_jobs("WHERE id = ?", (job_id,))
        return jobs[0] if jobs else None

    def list_jobs(self, page: PageRequest, accepted_until: float) -> tuple[list[Job], bool]:
        """Return the jobs of a page that were accepted until then, and whether more follow.

        Raises ApiError for an unknown `after`.
        """
        order, beyond = ("DESC", "<") if page.descending else ("ASC", ">")
        where, values = "WHERE created_at <= ?", [accepted_until]
        if page.after is not None:
            row = self._database.execute("SELECT number FROM jobs WHERE id = ?", (page.after,)).fetchone()
            if row is None:
                message = f"No video '{page.after[:80]}' to list after."
                raise ApiError(message, param="after", code="invalid_value")
            where, values = f"{where} AND number {beyond} ?", [*values, row["number"]]
        # One more than asked for tells whether another page follows.
        jobs = self._select_jobs(f"{where} ORDER BY number {order} LIMIT ?", (*values, page.limit + 1))
        return jobs[: page.limit], len(jobs) > page.limit

    def ids_to_render(self) -> list[str]:
        """Return the ids of the jobs whose video is due without being requested, oldest first."""
        unfinished = "rendered_at IS NULL AND failed_at IS NULL AND NOT lazy"
        query = f"SELECT id FROM jobs WHERE {unfinished} ORDER BY number"  # noqa: S608 - our own text
        return [row["id"] for row in self._database.execute(query)]

    def mark_rendered(self, job_id: str, now: float) -> bool:
        """Record that the video exists. Returns False when the job has been deleted in the meantime."""
        changed = self._database.execute("UPDATE jobs SET rendered_at = ? WHERE id = ?", (now, job_id))
        return changed.rowcount == 1

    def mark_failed(self, job_id: str, now: float, code: str, message: str) -> None:
        """Let a job fail at `now`."""
        self._database.execute(
            "UPDATE jobs SET failed_at = ?, error_code = ?, error_message = ? WHERE id = ?",
            (now, code, message, job_id),
        )

    def delete_job(self, job_id: str) -> None:
        """Delete a job. Its ledger entry stays."""
        self._database.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def is_input_used(self, name: str) -> bool:
        """Return whether the scene spec of any job still names that input file."""
        query = "SELECT 1 FROM jobs WHERE instr(scene_spec, ?) LIMIT 1"
        return self._database.execute(query, (name,)).fetchone() is not None

    def save_character(self, character_id: str, name: str, clip: str, now: float) -> None:
        """Save a character; `clip` is the name of its input file."""
        self._database.execute(
            "INSERT INTO characters (id, name, clip, created_at) VALUES (?, ?, ?, ?)",
            (character_id, name, clip, now),
        )

    def find_character(self, character_id: str) -> dict[str, Any] | None:
        """Return the protocol's character object."""
        query = "SELECT id, name, created_at FROM characters WHERE id = ?"
        row = self._database.execute(query, (character_id,)).fetchone()
        return {**dict(row), "created_at": int(row["created_at"])} if row else None

    def ledger_entries(self) -> list[dict[str, Any]]:
        """Return everything that was ever accepted, oldest first."""
        rows = self._database.execute(f"SELECT {_LEDGER_COLUMNS} FROM ledger ORDER BY number")  # noqa: S608
        return [{name: row[name] for name in row.keys() if name not in UNPUBLISHED} for row in rows]  # noqa: SIM118

    def find_key(self, key: str) -> tuple[str, str | None] | None:
        """Return the job's id and the fingerprint of the first request with that Idempotency-Key."""
        query = "SELECT id, fingerprint FROM ledger WHERE idempotency_key = ? ORDER BY number LIMIT 1"
        row = self._database.execute(query, (key,)).fetchone()
        return (row["id"], row["fingerprint"]) if row else None

    def free_worker_at(self, workers: int, now: float) -> float:
        """Return when one of so many workers will have nothing left to do: `now` or later.

        Workers take jobs in the order of acceptance, also those that were deleted since.
        """
        query = "SELECT ends_at FROM ledger WHERE ends_at > ? ORDER BY ends_at DESC LIMIT 1 OFFSET ?"
        row = self._database.execute(query, (now, workers - 1)).fetchone()
        return row["ends_at"] if row else now

    def _select_jobs(self, tail: str, values: tuple[Any, ...]) -> list[Job]:
        rows = self._database.execute(f"SELECT {_COLUMNS} FROM jobs {tail}", values)  # noqa: S608 - our own text
        return [Job(**{**dict(row), "lazy": bool(row["lazy"])}) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
