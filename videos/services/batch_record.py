"""What the readers of a batch file have in common: a row as it was found, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where something stands in the file: `number` counts from 1, `name` is it in words, such as “row 4”."""

    number: int
    name: str


@dataclass(frozen=True)
class RowError:
    """What is wrong with a row. `column` says where in it, or is empty; `message` is a sentence."""

    place: Place
    message: str
    column: str = ""

    def __str__(self) -> str:
        where = f"{self.place.name}, {self.column}" if self.column else self.place.name
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class Record:
    """A row as the file has it. `columns` has what a fault calls each field, where that is not its name."""

    place: Place
    fields: dict[str, Any]
    columns: Mapping[str, str] = field(default_factory=dict)

    def error(self, name: str, message: str) -> RowError:
        """Return the error about the field `name`."""
        return RowError(self.place, message, self.columns.get(name, name))
