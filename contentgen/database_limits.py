"""How long a statement may wait for a lock, and take, on PostgreSQL: by what the process is for.

A statement that waits for a table's lock holds up all that come after it, also those that only read. So
migrations give up soon, and are begun again when it is quieter. Processes that serve people or backends have
no statement that takes a minute; one that does is stopped, before the connections run out. Commands that go
through everything, as exports do, take their time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_SERVES = "contentgen.serving"  # by which the receiver is known, so that it is connected once


def limit_connections() -> None:
    """Give the connections of this process both limits: for web processes and workers, at their start."""
    connection_created.connect(_limit_serving, dispatch_uid=_SERVES)


def limit_migration(using: str, **signal: Any) -> None:
    """Give a migration the limit for locks alone. Receives `pre_migrate`."""
    set_limits(connections[using], lock=settings.DATABASE_LOCK_TIMEOUT)


def set_limits(connection: BaseDatabaseWrapper, *, lock: float = 0, statement: float = 0) -> None:
    """Set the limits of the connection, in seconds; 0 is none. Other databases than PostgreSQL have none."""
    if connection.vendor != "postgresql":
        return
    limits = {"lock_timeout": lock, "statement_timeout": statement}
    with connection.cursor() as cursor:
        for name, seconds in limits.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, f"{seconds * 1000:.0f}"])


@contextmanager
def no_limits(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Take the limits off inside the block: for an index that is built while everything goes on.

    It waits for transactions that are older than it, such as a backup's, and nobody waits for it.
    """
    set_limits(connection)
    try:
        yield
    finally:
        set_limits(connection, lock=settings.DATABASE_LOCK_TIMEOUT)


def _limit_serving(connection: BaseDatabaseWrapper, **signal: Any) -> None:
    lock, statement = settings.DATABASE_LOCK_TIMEOUT, settings.DATABASE_STATEMENT_TIMEOUT
    set_limits(connection, lock=lock, statement=statement)
