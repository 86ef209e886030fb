"""That one import runs at a time: two of an archive would each find missing what the other is making."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import Error, connection

from videos.transfer.errors import TransferError

_KEY = (0x636F6E74, 0x696D7074)  # of the advisory lock in PostgreSQL: “cont”, “impt”
_BUSY = "Another import is under way here. Wait until it has ended, and start this one again."


@contextmanager
def only_import() -> Iterator[None]:
    """Hold what one process has at a time, and loses when it ends, however it does: in PostgreSQL an advisory
    lock, which holds for all computers; beside SQLite, which is on one, a locked file.

    Raises `TransferError` at once where another process has it.
    """
    with _database_lock() if connection.vendor == "postgresql" else _file_lock():
        yield


@contextmanager
def _database_lock() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", _KEY)
        if not cursor.fetchone()[0]:
            raise TransferError(_BUSY)
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", _KEY)
        except Error:  # in a transaction that failed, or without a connection: the lock goes with it
            connection.close()


@contextmanager
def _file_lock() -> Iterator[None]:
    path = settings.DATA_DIR / "import.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TransferError(_BUSY) from None
        yield
    finally:
        os.close(descriptor)
