"""What the holder of a lease works with: a temporary folder, copies of stored files, and a heartbeat."""

import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from django.conf import settings
from django.core.files import File
from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)

_CHUNK = 1 << 20  # bytes
_PREFIX = "lease"
_SCRATCH_PREFIX = "scratch"
SCRATCH_RETENTION = 3600  # seconds
_PREFIXES = (_PREFIX, "store", "cast")  # the last two are of earlier releases


class LeaseLostError(Exception):
    """Another worker has taken over, or the work was canceled."""


@contextmanager
def workspace(token: uuid.UUID) -> Iterator[Path]:
    """Yield a folder on the local disk for the holder of the lease `token`, and remove it afterwards.

    What a killed worker leaves is removed by `remove_abandoned_workspaces`.
    """
    folder = _temporary_folder()
    folder.mkdir(parents=True, exist_ok=True)
    prefix = f"{_PREFIX}-{token.hex}-"
    with TemporaryDirectory(dir=folder, prefix=prefix, ignore_cleanup_errors=True) as path:
        yield Path(path)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder on the local disk for work of some minutes without a lease, and remove it afterwards."""
    folder = _temporary_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=f"{_SCRATCH_PREFIX}-", ignore_cleanup_errors=True) as path:
        yield Path(path)


def remove_abandoned_workspaces(held_tokens: Callable[[], Collection[uuid.UUID]]) -> None:
    """Remove the folders of workers that were killed or lost their lease. `held_tokens` returns all leases.

    It is called after the folders were listed, and a folder is made only after its lease: so none in use is
    removed.
    """
    for folder in _temporary_folder().glob(f"{_SCRATCH_PREFIX}-*"):
        if time.time() - folder.stat().st_mtime > SCRATCH_RETENTION:
            shutil.rmtree(folder, ignore_errors=True)
    folders = [path for prefix in _PREFIXES for path in _temporary_folder().glob(f"{prefix}-*")]
    if not folders:
        return
    held = {token.hex for token in held_tokens()}
    for folder in folders:
        if folder.name.split("-")[1] not in held:
            shutil.rmtree(folder, ignore_errors=True)


def copy_from_storage(
    stored: File[bytes], target: Path, *, between_chunks: Callable[[], None] | None = None
) -> None:
    """Copy a stored file, wherever its storage is, to the local disk, with bounded memory.

    What `between_chunks` raises stops it. Raises `OSError`, and `ValueError` for a field without a file.
    """
    with stored.open("rb") as source, target.open("wb") as copy:
        for chunk in source.chunks(_CHUNK):
            if between_chunks is not None:
                between_chunks()
            copy.write(chunk)


class Heartbeat:
    """Renews a lease from a thread of its own while the `with` block runs and this process lives.

    So the lease need not be as long as the longest download or the slowest check: soon after a worker has
    died, another one takes over. `renew` returns False when the lease is lost; `every` is in seconds.
    """

    def __init__(self, renew: Callable[[], bool], *, every: float) -> None:
        self._is_lost = False
        self._renew = renew
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """Raise `LeaseLostError` once another worker has the lease."""
        if self._is_lost:
            raise LeaseLostError

    def _run(self) -> None:
        try:
            while not self._is_lost and not self._ended.wait(self._every):
                self._beat()
        finally:
            connection.close()  # this thread's own

    def _beat(self) -> None:
        try:
            self._is_lost = not self._renew()
        except DatabaseError as error:
            logger.warning("A lease could not be renewed yet: %s", error)


def _temporary_folder() -> Path:
    folder: Path = settings.DATA_DIR / "tmp"
    return folder
