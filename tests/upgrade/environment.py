"""What the processes of both versions share: the settings, the data, the database and the broker."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

PASSWORD = "correct-horse-battery-staple-9"  # of a studio that lives for minutes


@contextmanager
def environment_in(folder: Path, database: str, storage: str = "disk") -> Iterator[dict[str, str]]:
    """Yield environment variables for a studio in `folder`, with a database that is dropped again.

    With `storage` s3 its files are in a store of this process. The file of SQLite stands for a server then.
    """
    name = f"contentgen_upgrade_{secrets.token_hex(4)}"
    if database != "sqlite":
        _administer(database, f'CREATE DATABASE "{name}"')
    sqlite = "" if storage == "disk" else f"sqlite:///{folder / 'data' / 'db.sqlite3'}"
    with ExitStack() as stack:
        if database != "sqlite":
            stack.callback(_administer, database, f'DROP DATABASE "{name}" WITH (FORCE)')
        stored: dict[str, str] = {}
        if storage == "s3":
            from tests.storage import server  # imports a whole server

            stored = {"SECRET_KEY": "of-all-hosts-" * 4, **stack.enter_context(server.running("upgrade"))}
        yield {
            **stored,
            **{each: os.environ[each] for each in ("HOME", "LANG", "TMPDIR") if each in os.environ},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
            "ENV_FILE": "",
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": sqlite if database == "sqlite" else _named(database, name),
            "BIND": "127.0.0.1",
            "WEB_CONCURRENCY": "1",
            "OWNER_PASSWORD": PASSWORD,
            "API_REQUESTS_PER_MINUTE": "100000",
        }


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _administer(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(statement)
