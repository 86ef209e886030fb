"""What a local studio keeps in `DATA_DIR` so that its parts find each other without configuration."""

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

REAPING = 15.0  # seconds to wait for the reaper of a killed run; longer than it takes


# Set for a command that works with a studio but makes none: it must not leave a folder or a key where there
# is no studio.
only_visits = False


class StartError(Exception):
    """`make run` cannot start. The text says why and what to do."""


@dataclass(frozen=True)
class Endpoints:
    """Addresses of the embedded services; empty for those that `make run` did not start."""

    redis_url: str = ""
    simulator_url: str = ""
    simulator_key: str = ""


def ensure_secret_key(data_dir: Path) -> str:
    """Return this installation's secret key, created on first use and readable by its user alone.

    Production does not use it: it must set `SECRET_KEY`. Two processes that start at the same moment get
    the same key, because only one of them can create the file. A command that only visits and finds none gets
    a key for itself alone.
    """
    path = data_dir / "secret_key"
    if only_visits and not path.exists():
        return secrets.token_urlsafe(50)
    if not path.exists():
        candidate = data_dir / f"secret_key.{secrets.token_hex(8)}"
        write_private(candidate, secrets.token_urlsafe(50))
        try:
            os.link(candidate, path)
        except FileExistsError:
            pass  # another process was first; its key is the key
        finally:
            candidate.unlink()
    return path.read_text()


def write_endpoints(data_dir: Path, endpoints: Endpoints) -> None:
    """Publish `endpoints` to every process that uses `data_dir`, in place of those published before.

    The file is readable by its user alone, because it holds the passwords of what it names.
    """
    temporary = data_dir / "endpoints.tmp"
    write_private(temporary, json.dumps(asdict(endpoints)))
    temporary.replace(data_dir / "endpoints.json")


# Set while `make run` loads its settings: where the services will be that it is about to start.
planned: Endpoints | None = None


def read_endpoints(data_dir: Path) -> Endpoints:
    """Return the published endpoints, or those that are planned; empty addresses when nothing is running."""
    if planned is not None:
        return planned
    try:
        return Endpoints(**json.loads((data_dir / "endpoints.json").read_text()))
    except FileNotFoundError:
        return Endpoints()


def delete_endpoints(data_dir: Path) -> None:
    """Withdraw the endpoints: the embedded services have stopped."""
    (data_dir / "endpoints.json").unlink(missing_ok=True)


def read_address(data_dir: Path) -> str:
    """Return where `make run` serves this folder's studio, or did last; empty when it never did."""
    try:
        return (data_dir / "lock").read_text()
    except OSError:
        return ""


@contextmanager
def hold(data_dir: Path, address: str) -> Iterator[IO[str]]:
    """Reserve `data_dir` for this process, which serves at `address`. Yields a lock for its reaper to share.

    Both locks go away with the processes that hold them, however these end. Raises `StartError` at once while
    another run is alive, and after `REAPING` seconds while the reaper of a killed one is.
    """
    with _open_private(data_dir / "lock") as lock, _open_private(data_dir / "reaper.lock") as shared:
        if not _try_lock(lock):
            lock.seek(0)
            raise StartError(f"it is already running on {data_dir}, at {lock.read() or 'an unknown address'}")
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        deadline = time.monotonic() + REAPING
        while not _try_lock(shared):
            if time.monotonic() > deadline:
                raise StartError(f"processes of an earlier run on {data_dir} do not stop; kill them first.")
            time.sleep(0.2)
        yield shared


def write_private(path: Path, content: str) -> None:
    """Write a file that nobody but its user can read at any moment."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)


def _open_private(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+")


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
