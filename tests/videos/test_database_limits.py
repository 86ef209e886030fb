"""On PostgreSQL nobody waits long for a lock, and what serves people has no endless statements."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.db.models.signals import pre_migrate

from contentgen import database_limits
from videos.models import Video

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite has one lock, with a limit of its own"
    ),
]


def _limits(of: Any) -> tuple[str, str]:
    with of.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        return cursor.fetchone()


@contextmanager
def _another_connection() -> Iterator[Any]:
    another = connections.create_connection("default")
    try:
        yield another
    finally:
        another.close()


@pytest.mark.parametrize(
    ("entrance", "limits"),
    [
        ("import contentgen.wsgi", "('10s', '1min')"),
        ("from contentgen import celery; celery._begin_worker()", "('10s', '1min')"),
        ("import django; django.setup()", "('0', '0')"),
    ],
)
def test_each_kind_of_process_has_its_limits(entrance: str, limits: str):
    code = (
        f"{entrance}\nfrom django.db import connection\nwith connection.cursor() as cursor:\n"
        " cursor.execute(\"SELECT current_setting('lock_timeout'), current_setting('statement_timeout')\")\n"
        " print(cursor.fetchone())"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}

    printed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)

    assert printed.stdout.strip() == limits, printed.stderr


def test_a_migration_gives_up_waiting_for_a_lock_and_may_take_its_time():
    with _another_connection() as another:
        pre_migrate.send(sender=None, using="default")
        database_limits.set_limits(another, statement=5)
        assert _limits(connection) == ("10s", "0")
        with database_limits.no_limits(connection):
            assert _limits(connection) == ("0", "0")
        assert _limits(connection) == ("10s", "0")
    database_limits.set_limits(connection)


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_for_a_lock_too_long_is_told():
    with _another_connection() as another, closing(another.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE videos_video IN ACCESS EXCLUSIVE MODE")
        database_limits.set_limits(connection, lock=0.05)
        with pytest.raises(OperationalError, match="lock timeout"):
            Video.objects.exists()
    database_limits.set_limits(connection)
