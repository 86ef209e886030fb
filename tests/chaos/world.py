"""Where a run takes place: a folder, a database and ports of its own, all gone afterwards."""

import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import psycopg

_OURS = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "VIDEO_STORAGE_PATH",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DEPLOYMENT",
)


class World:
    """Sets the environment in which Django's settings are read, here and in every process of the run."""

    def __init__(self, folder: Path, database: str, redis_url: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.logs = folder / "logs"
        self.simulator_port = free_port()
        self.redis_url = redis_url
        self.valkey_command = ""
        self._database = database
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        signal.signal(signal.SIGTERM, _stop)  # as Ctrl-C does, so that everything is cleaned up
        self.logs.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        for name in _OURS:
            os.environ.pop(name, None)
        os.environ.update(
            ENV_FILE="",
            DJANGO_SETTINGS_MODULE="contentgen.settings",
            DATA_DIR=str(self.data),
            DATABASE_URL=self._database_url(),
            SIMULATOR_URL=f"http://127.0.0.1:{self.simulator_port}/v1",
            DEBUG="1",
            LOG_LEVEL="WARNING",
        )
        if not self.redis_url:
            from contentgen.run import embedded

            self.valkey_command, self.redis_url = embedded.prepare_valkey(self.folder / "valkey")
        os.environ["REDIS_URL"] = self.redis_url
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def films(self) -> Path:
        """The films the simulator made, by job."""
        return self.folder / "simulator" / "videos"

    def _database_url(self) -> str:
        """Empty for SQLite in the folder; otherwise a database made for this run at the named server."""
        if self._database == "sqlite":
            return ""
        name = f"contentgen_chaos_{os.getpid()}"
        _execute(self._database, f'CREATE DATABASE "{name}"')
        self._stack.callback(_execute, self._database, f'DROP DATABASE "{name}" WITH (FORCE)')
        return urlunsplit(urlsplit(self._database)._replace(path=f"/{name}"))


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(statement)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
