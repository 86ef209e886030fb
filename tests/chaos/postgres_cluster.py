"""A PostgreSQL server of one's own, in a folder: it archives its WAL, and is restored to a point in time."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.studio import free_port

TIMEOUT = 120  # seconds for one of its programs
_PROGRAMS = ("initdb", "pg_ctl", "pg_basebackup", "pg_dump", "pg_restore")
_OWNER = "postgres"  # whom the programs run as where root starts them, which PostgreSQL refuses


class NoPostgresError(Exception):
    """There is no PostgreSQL here, or no account for it to run as."""


class Cluster:
    """A server on a free port of 127.0.0.1, with the superuser `postgres` and no password."""

    def __init__(self, folder: Path) -> None:
        self._bin = _find_programs()
        self._own = folder / "postgres"  # of the account that it runs as
        self._data, self._archive = self._own / "server", self._own / "archive"
        self._log = folder / "postgres-programs.log"
        self.port = free_port()
        for each in (self._own, self._data, self._archive):
            each.mkdir(mode=0o700)
            _give_to_owner(each)
        self._run("initdb", "-D", self._data, "-U", "postgres", "--auth", "trust", "-E", "UTF8")
        self._configure(archive_mode="on", archive_command=f"cp %p {self._archive}/%f")

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server, and return once it takes connections."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = self._own / "server.log"
        self._run("pg_ctl", "-D", self._data, "-w", "-t", str(TIMEOUT), "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop the server as if its machine had lost power: what is not archived is lost with its disk."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, which is committed."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            cursor = connection.execute(sql)  # type: ignore[call-overload]  # our own words
            return cursor.fetchall() if cursor.description else []

    def back_up(self) -> Path:
        """Copy the whole server while it is in use, and return the folder of the copy."""
        backup = self._own / "base-backup"
        self._run(
            "pg_basebackup",
            "-D",
            backup,
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "-c",
            "fast",
        )
        return backup

    def restore(self, backup: Path, point: str) -> None:
        """Put the server back to the named restore point: the backup, and the archived WAL up to there."""
        shutil.rmtree(self._data)
        shutil.copytree(backup, self._data)
        self._data.chmod(0o700)
        (self._data / "recovery.signal").touch()
        for each in (self._data, *self._data.rglob("*")):
            _give_to_owner(each)
        self._configure(
            restore_command=f"cp {self._archive}/%f %p",
            recovery_target_name=point,
            recovery_target_action="promote",
            archive_mode="off",  # or a second history would be archived over the first
        )
        self.start()

    def dump(self) -> Path:
        """Dump the database as docs/operations.md says, while it is in use, and return the file."""
        dump = self._own / "studio.dump"
        self._run("pg_dump", "--format=custom", f"--file={dump}", self.url)
        return dump

    def restore_dump(self, dump: Path) -> None:
        """Put a dump back over the database as it is now. Nothing else may be connected."""
        self._run("pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={self.url}", dump)

    def _configure(self, **settings: str) -> None:
        with (self._data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        if os.getuid() == 0:
            command = ["runuser", "-u", _OWNER, "--", *command]
        # Its output goes to a file: the server inherits it, and would hold a pipe open for ever.
        with self._log.open("ab") as log:
            done = subprocess.run(command, cwd="/", stdout=log, stderr=log, timeout=TIMEOUT, check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{self._log.read_text()[-2000:]}")


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Yield a server that runs, and stop it in the end. Raises `NoPostgresError`."""
    server = Cluster(folder)
    server.start()
    try:
        yield server
    finally:
        with suppress(RuntimeError, subprocess.TimeoutExpired):
            server.stop()


def _find_programs() -> Path:
    """Return the folder of PostgreSQL's programs: of the latest version where Debian has several."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    folders += map(Path, os.environ.get("PATH", "").split(os.pathsep))
    for folder in folders:
        if all((folder / name).is_file() for name in _PROGRAMS):
            return folder
    raise NoPostgresError("PostgreSQL's programs are not here. On Debian or Ubuntu: apt install postgresql")


def _give_to_owner(path: Path) -> None:
    if os.getuid() == 0:
        try:
            shutil.chown(path, _OWNER, _OWNER)
        except LookupError as error:
            raise NoPostgresError(f"There is no account “{_OWNER}” for PostgreSQL to run as.") from error
