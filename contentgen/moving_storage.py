"""The storage of a studio whose files are moved from one place to another while it runs."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from django.core.files import File
from django.core.files.storage import storages

from contentgen.storage_interface import FoundFile, Served, StudioStorage

T = TypeVar("T")


class MovingStorage(StudioStorage):
    """Writes to the `current` place, and reads what is not there yet from the `former` one.

    A file is removed from both, so that none comes back. The arguments are entries of `STORAGES`.
    """

    def __init__(self, current: dict[str, Any], former: dict[str, Any]) -> None:
        self.current = _made(current)
        self.former = _made(former)

    @property
    def folder(self) -> Path | None:
        return self.current.folder or self.former.folder

    def describe(self) -> str:
        return f"{self.current.describe()} (being moved from {self.former.describe()})"

    def holder_of(self, name: str) -> StudioStorage:
        """Return the former place where the file is there alone, else the current one."""
        is_left = not self.current.exists(name) and self.former.exists(name)
        return self.former if is_left else self.current

    def impatient(self) -> Self:
        quick = type(self).__new__(type(self))
        quick.current, quick.former = self.current.impatient(), self.former.impatient()
        return quick

    def _save(self, name: str, content: File[Any]) -> str:
        return self.current.save(name, content)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        return self._first(lambda place: place.open(name, mode))

    def exists(self, name: str) -> bool:
        return self.current.exists(name) or self.former.exists(name)

    def size(self, name: str) -> int:
        return self._first(lambda place: place.size(name))

    def get_modified_time(self, name: str) -> Any:
        return self._first(lambda place: place.get_modified_time(name))

    def recorded_sha256(self, name: str) -> str:
        return self._first(lambda place: place.recorded_sha256(name))

    def age_of(self, name: str) -> float | None:
        age = self.current.age_of(name)
        return self.former.age_of(name) if age is None else age

    def path(self, name: str) -> str:
        return self.holder_of(name).path(name)

    def delete(self, name: str) -> None:
        self.former.delete(name)  # first: what is left then is still there for the next try
        self.current.delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """List what is in either place. Raises `FileNotFoundError` where neither has the folder."""
        found: list[tuple[list[str], list[str]]] = []
        for place in (self.current, self.former):
            with suppress(FileNotFoundError):
                found.append(place.listdir(path))
        if not found:
            raise FileNotFoundError(path)
        folders, files = ({name for each in kind for name in each} for kind in zip(*found, strict=True))
        return sorted(folders), sorted(files)

    def walk(self, skip: frozenset[str] = frozenset()) -> Iterator[FoundFile]:
        """Yield the files of both places; one that is in both comes twice."""
        yield from self.current.walk(skip)
        yield from self.former.walk(skip)

    def move(self, name: str, target: str) -> None:
        for place in (self.current, self.former):
            if place.exists(name):
                place.move(name, target)

    def end_partial(self, name: str, target: str, older_than: float) -> bool:
        places = self.current, self.former
        return sum(place.end_partial(name, target, older_than) for place in places) > 0  # both have a turn

    def remove_abandoned_files(self) -> None:
        self.current.remove_abandoned_files()
        self.former.remove_abandoned_files()

    def signed_url(self, name: str, served: Served) -> str:
        return self.holder_of(name).signed_url(name, served)

    def _first(self, ask: Callable[[StudioStorage], T]) -> T:
        try:
            return ask(self.current)
        except FileNotFoundError:
            pass
        try:
            return ask(self.former)
        except FileNotFoundError:
            # It may have been moved, and removed from there, between the two.
            return ask(self.current)


def _made(entry: dict[str, Any]) -> StudioStorage:
    return cast(StudioStorage, storages.create_storage(entry))
