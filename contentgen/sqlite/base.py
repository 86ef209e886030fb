"""Django's SQLite backend, in which writers that wait for each other get on in turn.

SQLite lets one transaction write at a time. The others ask again and again with pauses of up to 100 ms, and
whoever asks at the right moment is next: of 960 transactions in 120 threads of four processes, eight were
still waiting after 20 seconds and failed. So here the threads of a process queue for a lock, and the one
whose turn it is asks SQLite more often: the longest wait of the same 960 was 6 seconds.

That goes for a statement that writes outside of any transaction as well. It is a transaction of its own to
SQLite, and beside others that take turns it would find the database free hardly ever.
"""

import os
import random
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.db.backends.sqlite3 import base

from contentgen.sqlite.turns import FairLock

FileIdentity = tuple[int, int]  # device and inode

_PAUSE = (0.002, 0.006)  # seconds between two attempts to begin
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")  # how a statement begins that takes the write lock
_turns: defaultdict[str, FairLock] = defaultdict(FairLock)  # by the path of the database
os.register_at_fork(after_in_child=_turns.clear)  # a lock that another thread held then is never released


class Cursor(base.SQLiteCursorWrapper):
    """A cursor whose statements wait for a turn where they write outside of a transaction."""

    def __init__(self, wrapper: "DatabaseWrapper", connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def execute(self, query: Any, params: Any = None) -> Any:
        run = partial(super().execute, query, params)
        if self._wrapper.autocommit and str(query).lstrip().upper().startswith(_WRITES):
            return self._wrapper.write_in_turn(run)
        return run()


# django-stubs know none of the methods with an underscore, which Django's backends have all the same.
class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that waits for its turn before it begins a transaction.

    Both waits, for the turn and then for other processes, take at most the option `timeout` in seconds. Then
    `OperationalError` is raised: nothing was written, and the transaction may be tried again.
    """

    _turn: FairLock | None = None  # held by this connection
    _opened: FileIdentity | None = None

    def connect(self) -> None:
        super().connect()
        self._opened = _identity_of(self.settings_dict["NAME"])

    def close_if_unusable_or_obsolete(self) -> None:
        """Close the connection also when its file was replaced, as a restored backup does: what is written to
        the file that it still has open would be lost.
        """
        is_idle = self.connection is not None and not self.in_atomic_block
        if is_idle and self._opened != _identity_of(self.settings_dict["NAME"]):
            self.close()
            return
        super().close_if_unusable_or_obsolete()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        _create_private(str(self.settings_dict["NAME"]))
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=partial(Cursor, self))

    def write_in_turn(self, write: Callable[[], Any]) -> Any:
        """Return what `write` returns: one statement, which commits by itself. Waits as transactions do."""
        deadline = self._take_turn()
        try:
            return self._insist(write, deadline)
        finally:
            self._end_turn()

    def _start_transaction_under_autocommit(self) -> None:
        deadline = self._take_turn()
        try:
            self._insist(super()._start_transaction_under_autocommit, deadline)  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _take_turn(self) -> float:
        """Wait for the turn, and return when to stop waiting for other processes, by the monotonic clock."""
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        turn = _turns[str(self.settings_dict["NAME"])]
        if not turn.acquire(timeout):
            raise OperationalError("database is locked") from _busy_error()
        self._turn = turn
        return time.monotonic() + timeout

    def _insist(self, action: Callable[[], Any], deadline: float) -> Any:
        """Return what `action` returns, once no other process writes. It is tried until the deadline."""
        (busy_timeout,) = self.connection.execute("PRAGMA busy_timeout").fetchone()
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    return action()
                except (OperationalError, sqlite3.OperationalError) as error:
                    if not _is_busy(error) or time.monotonic() >= deadline:
                        raise
                time.sleep(random.uniform(*_PAUSE))
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {busy_timeout}")

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end_turn()  # not after an error, because Django rolls back next

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()


def _identity_of(path: Any) -> FileIdentity | None:
    """Return which file is at `path` now; None without any, and for a database in memory."""
    try:
        found = os.stat(path)  # noqa: PTH116  # a path, or the URI of a database in memory
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _create_private(name: str) -> None:
    """Create the database's file, where there is none, for its user alone. Its WAL gets the same mode.

    One that is there is not opened, not even to look: closing it would drop every lock that this process has
    on it, those of its other connections too, and another process would take the WAL for abandoned
    (https://sqlite.org/howtocorrupt.html, section 2.2). A folder that is missing or closed is for SQLite to
    report.
    """
    if name and not name.startswith((":memory:", "file:")):
        with suppress(OSError):
            os.close(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, settings.PRIVATE_FILE_MODE))


def _is_busy(error: Exception) -> bool:
    """Return whether SQLite refused because another connection is writing, so that waiting may help.

    It never does for one whose own open cursor still reads from before what was written since.
    """
    code = getattr(error.__cause__ or error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY and code != sqlite3.SQLITE_BUSY_SNAPSHOT


def _busy_error() -> sqlite3.OperationalError:
    """Return the error that SQLite itself would raise."""
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error
