"""The environment of a run: its own folder, database and ports, all removed afterwards."""

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.studio import free_port

_CLEARED_SETTINGS = (
    "BACKEND_KEY",
    "BACKEND_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "VIDEO_STORAGE_PATH",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DEPLOYMENT",
    "STORAGE_URL",
    "STORAGE_FORMER",
)


class ChaosEnvironment:
    """Context manager that sets the environment variables of this process and of every process it starts."""

    def __init__(self, folder: Path, database: str, redis_url: str, storage: str = "disk") -> None:
        self.folder = folder
        self.data = folder / "data"
        self.logs = folder / "logs"
        self.simulator_ports = [free_port(), free_port()]
        self.redis_url = redis_url
        self.valkey_command = ""
        self.store_command = ""
        self._storage = storage
        self._database = database
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        signal.signal(signal.SIGTERM, _interrupt)  # clean up as after Ctrl-C
        self.logs.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        for name in _CLEARED_SETTINGS:
            os.environ.pop(name, None)
        os.environ.update(
            ENV_FILE="",
            DJANGO_SETTINGS_MODULE="contentgen.settings",
            DATA_DIR=str(self.data),
            DATABASE_URL=self._database_url(),
            SIMULATOR_URL=f"http://127.0.0.1:{self.simulator_ports[0]}/v1",
            DEBUG="1",
            LOG_LEVEL="WARNING",
        )
        if not self.redis_url:
            from contentgen.run import embedded

            self.valkey_command, self.redis_url = embedded.prepare_valkey(self.folder / "valkey")
        os.environ["REDIS_URL"] = self.redis_url
        if self._storage == "s3":
            self._share_no_disk()
        return self

    def hosts(self, count: int) -> list[dict[str, str]]:
        """Return what differs between the hosts that processes run on: nothing, or the whole disk."""
        if self._storage == "disk":
            return [{}] * count
        folders = [self.folder / f"data-{number}" for number in range(1, count + 1)]
        for folder in folders:
            folder.mkdir(exist_ok=True)
        return [{"DATA_DIR": str(folder)} for folder in folders]

    def _share_no_disk(self) -> None:
        """Keep the files in a store. The file of SQLite stands for a server of databases."""
        from tests.storage import server  # imports a whole server

        port, bucket = free_port(), "chaos"
        self.store_command = f"{sys.executable} -m tests.storage.server {port} {bucket}"
        shared = {"SECRET_KEY": "of-all-hosts-" * 4}
        if self._database == "sqlite":
            shared["DATABASE_URL"] = f"sqlite:///{self.data / 'db.sqlite3'}"
        os.environ.update(shared, **server.settings_for(f"http://127.0.0.1:{port}", bucket))

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _database_url(self) -> str:
        """Return an empty string for SQLite, else the URL of a database created for this run."""
        if self._database == "sqlite":
            return ""
        name = f"contentgen_chaos_{os.getpid()}"
        _execute(self._database, f'CREATE DATABASE "{name}"')
        self._stack.callback(_execute, self._database, f'DROP DATABASE "{name}" WITH (FORCE)')
        return urlunsplit(urlsplit(self._database)._replace(path=f"/{name}"))


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(statement)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
