"""The store: jobs, characters and the books in one SQLite file, and what a job's state is at any moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from simulator.protocol import Page, Refusal, video_error

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    prompt TEXT NOT NULL,
    model TEXT NOT NULL,
    size TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    recipe TEXT NOT NULL,
    source TEXT,
    created_at REAL NOT NULL,
    duration REAL NOT NULL,
    lazy INTEGER NOT NULL,
    rendered_at REAL,
    failed_at REAL,
    error_code TEXT,
    error_message TEXT
);
CREATE INDEX IF NOT EXISTS jobs_to_render ON jobs (number) WHERE rendered_at IS NULL AND failed_at IS NULL;
CREATE TABLE IF NOT EXISTS characters (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, clip TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS books (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    prompt TEXT NOT NULL,
    model TEXT NOT NULL,
    size TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    accepted_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS takes (prompt TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""
_QUEUED_SHARE = 0.08
_MAX_QUEUED = 1.5


@dataclass(frozen=True)
class Job:
    """A row. Times are Unix seconds; `duration` is how long it pretends to take, `seconds` the film's length.

    `lazy` jobs are rendered when their content is first asked for. A job whose `failed_at` is set fails then.
    """

    id: str
    kind: str
    prompt: str
    model: str
    size: str
    seconds: int
    recipe: str
    source: str | None
    created_at: float
    duration: float
    lazy: bool
    rendered_at: float | None = None
    failed_at: float | None = None
    error_code: str | None = None
    error_message: str | None = None

    def status(self, now: float) -> tuple[str, int]:
        """Status and progress (0..100) at `now`: nothing but this row and the clock decides them."""
        if self.failed_at is not None and now >= self.failed_at:
            return "failed", self._progress(self.failed_at)
        if self.completed_at is not None and now >= self.completed_at:
            return "completed", 100
        if now < self.created_at + min(_MAX_QUEUED, self.duration * _QUEUED_SHARE):
            return "queued", 0
        return "in_progress", self._progress(now)

    @property
    def completed_at(self) -> float | None:
        """When it is, or will be, completed; None while nobody can know."""
        over = self.created_at + self.duration
        if self.lazy:
            return over
        return max(over, self.rendered_at) if self.rendered_at is not None else None

    def view(self, now: float) -> dict[str, Any]:
        """The protocol's Video object at `now`."""
        status, progress = self.status(now)
        completed = self.completed_at if status == "completed" else None
        failed = status == "failed"
        return {
            "id": self.id,
            "object": "video",
            "model": self.model,
            "status": status,
            "progress": progress,
            "created_at": int(self.created_at),
            "completed_at": int(completed) if completed is not None else None,
            "expires_at": None,
            "prompt": self.prompt,
            "size": self.size,
            "seconds": str(self.seconds),
            "remixed_from_video_id": self.source if self.kind == "remix" else None,
            "error": video_error(self.error_code or "", self.error_message or "") if failed else None,
        }

    def _progress(self, now: float) -> int:
        waited = min(_MAX_QUEUED, self.duration * _QUEUED_SHARE)
        working = self.duration - waited
        share = (now - self.created_at - waited) / working if working else 1.0
        return max(0, min(99, int(share * 100)))


_COLUMNS = ", ".join(field.name for field in fields(Job))


class Store:
    """Jobs, characters and books. Every method is one transaction, committed when it returns."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file. For one thread: the one that serves requests."""
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        # A commit survives the death of this process without fsync; only a power cut could undo it.
        self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {_SCHEMA}")

    def close(self) -> None:
        """Close the file. The store cannot be used afterwards."""
        self._database.close()

    def takes(self, prompt: str) -> int:
        """How many creates with this very prompt were accepted, those deleted since too."""
        row = self._database.execute("SELECT count FROM takes WHERE prompt = ?", (prompt,)).fetchone()
        return row["count"] if row else 0

    def accept(self, job: Job, billed_seconds: int) -> None:
        """Keep a new job, write it into the books and count its take: all or nothing."""
        values = [getattr(job, field.name) for field in fields(Job)]
        with self._transaction() as database:
            marks = ", ".join("?" * len(values))
            database.execute(f"INSERT INTO jobs ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608 - our names
            database.execute(
                "INSERT INTO books (id, kind, prompt, model, size, seconds, accepted_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (job.id, job.kind, job.prompt, job.model, job.size, billed_seconds, job.created_at),
            )
            if job.kind == "create":
                database.execute(
                    "INSERT INTO takes (prompt, count) VALUES (?, 1)"
                    " ON CONFLICT (prompt) DO UPDATE SET count = count + 1",
                    (job.prompt,),
                )

    def find(self, job_id: str) -> Job | None:
        """The job with that id."""
        rows = self._jobs("WHERE id = ?", (job_id,))
        return rows[0] if rows else None

    def listing(self, page: Page) -> tuple[list[Job], bool]:
        """The jobs of a page, and whether more follow. An unknown `after` is a Refusal."""
        order, beyond = ("DESC", "<") if page.descending else ("ASC", ">")
        where, values = "", list[Any]()
        if page.after is not None:
            row = self._database.execute("SELECT number FROM jobs WHERE id = ?", (page.after,)).fetchone()
            if row is None:
                raise Refusal(
                    f"No video '{page.after[:80]}' to list after.", param="after", code="invalid_value"
                )
            where, values = f"WHERE number {beyond} ?", [row["number"]]
        found = self._jobs(f"{where} ORDER BY number {order} LIMIT ?", (*values, page.limit + 1))
        return found[: page.limit], len(found) > page.limit

    def to_render(self) -> list[str]:
        """Ids of the jobs whose film has to be made without being asked for, oldest first."""
        unfinished = "rendered_at IS NULL AND failed_at IS NULL AND NOT lazy"
        query = f"SELECT id FROM jobs WHERE {unfinished} ORDER BY number"  # noqa: S608 - our own text
        return [row["id"] for row in self._database.execute(query)]

    def rendered(self, job_id: str, now: float) -> bool:
        """Note that the film is there. False when the job has been deleted meanwhile."""
        changed = self._database.execute("UPDATE jobs SET rendered_at = ? WHERE id = ?", (now, job_id))
        return changed.rowcount == 1

    def failed(self, job_id: str, now: float, code: str, message: str) -> None:
        """Let a job fail at `now`."""
        self._database.execute(
            "UPDATE jobs SET failed_at = ?, error_code = ?, error_message = ? WHERE id = ?",
            (now, code, message, job_id),
        )

    def delete(self, job_id: str) -> None:
        """Forget a job. The books keep it."""
        self._database.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def needs_input(self, name: str) -> bool:
        """Whether any job's recipe still names that input file."""
        query = "SELECT 1 FROM jobs WHERE instr(recipe, ?) LIMIT 1"
        return self._database.execute(query, (name,)).fetchone() is not None

    def keep_character(self, character_id: str, name: str, clip: str, now: float) -> None:
        """Keep a character and the name of its clip among the inputs."""
        self._database.execute(
            "INSERT INTO characters (id, name, clip, created_at) VALUES (?, ?, ?, ?)",
            (character_id, name, clip, now),
        )

    def character(self, character_id: str) -> dict[str, Any] | None:
        """The protocol's character object."""
        query = "SELECT id, name, created_at FROM characters WHERE id = ?"
        row = self._database.execute(query, (character_id,)).fetchone()
        return {**dict(row), "created_at": int(row["created_at"])} if row else None

    def books(self) -> list[dict[str, Any]]:
        """All that was ever accepted, in order."""
        query = "SELECT id, kind, prompt, model, size, seconds, accepted_at FROM books ORDER BY number"
        return [dict(row) for row in self._database.execute(query)]

    def _jobs(self, tail: str, values: tuple[Any, ...]) -> list[Job]:
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
