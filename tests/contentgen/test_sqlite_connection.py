"""A connection to SQLite stays open between requests, but never to a file that is no longer the database."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.contentgen.test_sqlite_turns import PROJECT

# Prints which file answers, before and after the database is replaced as a restored backup is.
_ASK = """
import os, sys, django
from django.conf import settings
database = {"ENGINE": "contentgen.sqlite", "NAME": sys.argv[1], "CONN_MAX_AGE": 60}
settings.configure(DATABASES={"default": database}, PRIVATE_FILE_MODE=0o600)
django.setup()
from django.db import close_old_connections, connection
def ask():
    close_old_connections()  # as at the beginning of each request
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM told")
        return cursor.fetchone()[0], id(connection.connection)
first, again = ask(), ask()
os.replace(sys.argv[2], sys.argv[1])
print(first[0], first == again, ask()[0])
"""


def _write(path: Path, name: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE told (name)")
    connection.execute("INSERT INTO told VALUES (?)", [name])
    connection.commit()
    connection.close()


def test_a_replaced_file_is_opened_anew(tmp_path: Path):
    _write(tmp_path / "db.sqlite3", "old")
    _write(tmp_path / "backup.sqlite3", "restored")
    shutil.copy(tmp_path / "backup.sqlite3", tmp_path / "copy.sqlite3")

    asked = subprocess.run(
        [sys.executable, "-c", _ASK, str(tmp_path / "db.sqlite3"), str(tmp_path / "copy.sqlite3")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert asked.stdout.split() == ["old", "True", "restored"]


# Opens a second connection while the first is in use, has another process come and go, and prints whether the
# WAL is still there.
_OPEN_AGAIN = """
import subprocess, sys, django
from pathlib import Path
from django.conf import settings
database = {"ENGINE": "contentgen.sqlite", "NAME": sys.argv[1]}
settings.configure(DATABASES={"default": database}, PRIVATE_FILE_MODE=0o600)
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("CREATE TABLE told (name)")
    cursor.execute("SELECT * FROM told").fetchall()
connection.copy("other").connect()
visit = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM told'); c.close()"
subprocess.run([sys.executable, "-c", visit, sys.argv[1]], check=True)
print(Path(sys.argv[1] + "-wal").exists())
"""


def test_a_second_connection_takes_no_lock_from_the_first(tmp_path: Path):
    """It did, by opening and closing the file to give it its mode: then another process removed the WAL."""
    asked = subprocess.run(
        [sys.executable, "-c", _OPEN_AGAIN, str(tmp_path / "db.sqlite3")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert asked.stdout.split() == ["True"]
