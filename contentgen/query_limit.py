"""An end to queries that take too long, for pages that would rather say so than wait."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_STEPS = 20_000  # of SQLite's machine between two looks at the clock: some milliseconds


@contextmanager
def query_limit(seconds: float) -> Iterator[None]:
    """Give the queries inside the block `seconds`: each of them on PostgreSQL, all together on SQLite.

    Raises `OperationalError` for one that takes longer. It is for reading alone: on PostgreSQL the block is a
    transaction; on SQLite it is none, because that would lock the database for writing.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds * 1000:.0f}"])
            yield
    else:
        with _interrupted_after(seconds):
            yield


@contextmanager
def _interrupted_after(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    database: sqlite3.Connection = connection.connection
    ends_at = time.monotonic() + seconds
    database.set_progress_handler(lambda: int(time.monotonic() > ends_at), _STEPS)
    try:
        yield
    finally:
        database.set_progress_handler(None, 0)
