"""What the studio asks of a storage beyond what Django does, wherever the files are."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from django.core.files.storage import Storage


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, by its name in storage, for how many seconds it has been as it is, and how many bytes it has.

    One that `is_partial` was begun and not finished, or not yet; nobody can read it under its name.
    """

    name: str
    age: float
    size: int
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """How whoever follows an address gets the file: its type, `Content-Disposition` and `Cache-Control`.

    The address works for `seconds`, and for no longer than all addresses of the storage do; 0 for as long.
    """

    content_type: str
    disposition: str = ""
    cache_control: str = ""
    seconds: int = 0


class StudioStorage(Storage):
    """A storage that files can be walked through and moved in, and that says where it is.

    Its methods raise `OSError` for whatever goes wrong, `FileNotFoundError` where there is no such file.
    """

    @property
    def folder(self) -> Path | None:
        """The folder on a disk of this machine; None where the files are elsewhere."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return where the files are, for people who run the studio, without any secret."""
        raise NotImplementedError

    def walk(self, skip: frozenset[str] = frozenset()) -> Iterator[FoundFile]:
        """Yield all files but those in the topmost folders named in `skip`, with bounded memory.

        Those that come or go meanwhile may be left out.
        """
        raise NotImplementedError

    def age_of(self, name: str) -> float | None:
        """Return for how many seconds the file has been as it is; None where there is none."""
        raise NotImplementedError

    def move(self, name: str, target: str) -> None:
        """Give a file another name, which nothing has."""
        raise NotImplementedError

    def end_partial(self, name: str, target: str, older_than: float) -> bool:
        """Take a file away that was not finished in `older_than` seconds: to `target`, where it has a name.

        Returns whether there was one.
        """
        raise NotImplementedError

    def remove_abandoned_files(self) -> None:
        """Remove what processes left that were killed while they wrote."""
        raise NotImplementedError

    def signed_url(self, name: str, served: Served) -> str:
        """Return an address at which anybody reads the file for some minutes. Asks the storage nothing.

        Raises `NotImplementedError` where the files are on a disk of ours.
        """
        raise NotImplementedError

    def recorded_sha256(self, name: str) -> str:
        """Return the SHA-256 that was measured when the file was written; empty where none is recorded."""
        return ""

    def holder_of(self, name: str) -> "StudioStorage":
        """Return the storage that has the file, where there are several."""
        return self

    def impatient(self) -> Self:
        """Return the same storage for a look that must not take longer than some seconds."""
        return self


def as_studio_storage(storage: Storage) -> StudioStorage | None:
    """Return the storage, Django's lazy one too, as what it is; None where it is of another kind."""
    return storage if isinstance(storage, StudioStorage) else None


def local_folder(storage: Storage) -> Path | None:
    """Return the folder on this machine's disk that the storage is; None where it is elsewhere."""
    ours = as_studio_storage(storage)
    return ours.folder if ours else None
