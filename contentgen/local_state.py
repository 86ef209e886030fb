"""What a local studio keeps in `DATA_DIR` so that its parts find each other without being configured."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

CLEANING = 15.0  # seconds to wait for the processes of a run that was killed; longer than they are given


class StartError(Exception):
    """`make run` cannot start, or not go on starting; the text says why and what to do."""


@dataclass(frozen=True)
class Endpoints:
    """Addresses of the internal services that `make run` started; empty when it did not start them."""

    redis_url: str = ""
    simulator_url: str = ""


def secret_key(data_dir: Path) -> str:
    """Return this installation's own secret key, made on first use and readable by its user alone.

    Not used in production, which must name its `SECRET_KEY`. Two processes that start at the
    same moment get the same key, because only one of them can create the file.
    """
    path = data_dir / "secret_key"
    candidate = data_dir / f"secret_key.{secrets.token_hex(8)}"
    if not path.exists():
        write_private(candidate, secrets.token_urlsafe(50))
        try:
            os.link(candidate, path)
        except FileExistsError:
            pass  # another process was first; its key is the key
        finally:
            candidate.unlink()
    return path.read_text()


def write_endpoints(data_dir: Path, endpoints: Endpoints) -> None:
    """Make `endpoints` known to every process that uses `data_dir`; replaces what was known before.

    Readable by its user alone, because an address may hold a password.
    """
    path = data_dir / "endpoints.json"
    temporary = path.with_suffix(".tmp")
    write_private(temporary, json.dumps(asdict(endpoints)))
    temporary.replace(path)


def read_endpoints(data_dir: Path) -> Endpoints:
    """Return what `write_endpoints` wrote last, or empty addresses when nothing is running."""
    try:
        return Endpoints(**json.loads((data_dir / "endpoints.json").read_text()))
    except FileNotFoundError:
        return Endpoints()


def forget_endpoints(data_dir: Path) -> None:
    """Say that the internal services have stopped."""
    (data_dir / "endpoints.json").unlink(missing_ok=True)


@contextmanager
def hold(data_dir: Path, address: str) -> Iterator[IO[str]]:
    """Hold `data_dir` for this process, which serves at `address`. Yields the locked file.

    The lock goes away with the last process that has the file open, however it ends. Raises `StartError`: at
    once when the holder is alive, and after a while when what a killed one left behind does not go away.
    """
    with (data_dir / "lock").open("a+") as file:
        deadline = time.monotonic() + CLEANING
        while not _try_lock(file):
            holder, its_address = _holder(file)
            if holder is None or _is_alive(holder) or time.monotonic() > deadline:
                raise StartError(f"it is already running on {data_dir}, at {its_address}")
            time.sleep(0.2)
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()} {address}")
        file.flush()
        yield file


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: IO[str]) -> tuple[int | None, str]:
    """The process that took the lock, and where it serves; unknown while it has not yet written that down."""
    file.seek(0)
    pid, _, address = file.read().partition(" ")
    return (int(pid), address) if pid.isdigit() else (None, "an address it is about to tell")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's, and alive
    return True


def write_private(path: Path, content: str) -> None:
    """Write a file that nobody but its user could read at any moment."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
