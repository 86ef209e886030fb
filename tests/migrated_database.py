"""One migrated database for all processes: the first to need it migrates, and the others copy that.

Migrating is ten seconds of computing by now and grows with each migration, and each process of pytest-xdist
has a database of its own. SQLite's file is kept for the next runs too, until a model, a migration or a
requirement has changed.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from tests.studio import PROJECT, TIMEOUT

_DECISIVE = ("*/migrations/*.py", "*/models/*.py", "*/models.py", "*/apps.py", "requirements*.txt")


@contextmanager
def database_of_tests(folder: Path) -> Iterator[None]:
    """Make this process's database, and drop it in the end. `folder` is that of all processes."""
    source = _SqliteSource(folder) if connection.vendor == "sqlite" else _PostgresSource(folder)
    with (folder / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_first = not source.is_made()
        names = _migrate() if is_first else source.copied()
        if is_first:
            source.make()
    yield
    teardown_databases(names, verbosity=0)
    if is_first:
        source.remove()


def copy_sqlite(folder: Path, data_dir: Path) -> None:
    """Put a migrated database into the folder of a studio. `folder` is that of all processes."""
    file = _sqlite_file(folder)
    if file.exists():
        shutil.copyfile(file, data_dir / "db.sqlite3")
    else:  # no test has run on SQLite since the models changed
        environment = os.environ | {"DATA_DIR": str(data_dir), "DATABASE_URL": "", "ENV_FILE": ""}
        environment["DJANGO_SETTINGS_MODULE"] = "contentgen.settings"
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=PROJECT, env=environment, check=True, timeout=TIMEOUT)


def _sqlite_file(folder: Path) -> Path:
    """Where the migrated file is, once a process has made its database, if that is SQLite's."""
    return folder / f"{_digest()}.sqlite3"


@cache
def _digest() -> str:
    """Return the SHA-256 of all that decides over what migrating makes."""
    digest = hashlib.sha256()
    for pattern in _DECISIVE:
        for path in sorted(PROJECT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _migrate(**options: Any) -> list[Any]:
    return setup_databases(verbosity=0, interactive=False, serialized_aliases=(), **options)


def _adopt(**options: Any) -> list[Any]:
    """Set up a database that has all migrations already: to find that out takes seconds as well."""
    with patch("django.core.management.call_command"):
        return _migrate(**options)


class _SqliteSource:
    """A file, which studios in processes of their own are given copies of too."""

    def __init__(self, folder: Path) -> None:
        self._file = _sqlite_file(folder)

    def is_made(self) -> bool:
        return self._file.exists()

    def make(self) -> None:
        for old in self._file.parent.glob("*.sqlite3"):
            old.unlink()
        begun = self._file.with_suffix(".begun")  # a run that is killed here leaves no half a file
        begun.unlink(missing_ok=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(begun)])
        begun.rename(self._file)

    def copied(self) -> list[Any]:
        shutil.copyfile(self._file, connection.settings_dict["TEST"]["NAME"])
        return _adopt(keepdb=True)

    def remove(self) -> None:
        """Keep it for the next run."""


class _PostgresSource:
    """A database beside those of the tests, which no other run names as it does."""

    def __init__(self, folder: Path) -> None:
        # Of this run alone: one that was killed has left that of its models, perhaps on another server.
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
        self._mark = folder / f"{run}.postgres"
        self._quoted = connection.ops.quote_name
        self._name = f"migrated_{secrets.token_hex(4)}"

    def is_made(self) -> bool:
        return self._mark.exists()

    def make(self) -> None:
        source = connection.settings_dict["NAME"]
        self._administer(f"CREATE DATABASE {self._quoted(self._name)} TEMPLATE {self._quoted(source)}")
        self._mark.write_text(self._name)

    def copied(self) -> list[Any]:
        connection.settings_dict["TEST"]["TEMPLATE"] = self._mark.read_text()
        return _adopt()

    def remove(self) -> None:
        """Drop it: whoever comes later, as a process that replaces another one does, migrates."""
        self._mark.unlink()
        self._administer(f"DROP DATABASE {self._quoted(self._name)}")

    def _administer(self, sql: str) -> None:
        connection.close()  # a database that is connected to is no template
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute(sql)
