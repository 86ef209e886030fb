"""What the readers of a batch file have in common: a row as it was found, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from contentgen.stored_texts import sentence, translated

_ROW = sentence(gettext_noop("row %(number)d"), alone=True)
_ROW_AND_LINE = sentence(gettext_noop("row %(number)d (line %(line)d)"), alone=True)
_LINE = sentence(gettext_noop("line %(number)d"), alone=True)
_ENTRY = sentence(gettext_noop("entry %(number)d"), alone=True)


@dataclass(frozen=True)
class Place:
    """Where something stands in the file: `number` counts from 1, `name` is it in English words, such as
    “row 4”, as they are stored.
    """

    number: int
    name: str

    @property
    def in_words(self) -> str:
        """The same in the active language."""
        return translated(self.name)

    @classmethod
    def row(cls, number: int, line: int | None = None) -> "Place":
        """Return the place of a row, as a spreadsheet counts, and of its line, as an editor does, where the
        two differ.
        """
        if line is None or line == number:
            return cls(number, _ROW % {"number": number})
        return cls(number, _ROW_AND_LINE % {"number": number, "line": line})

    @classmethod
    def line(cls, number: int) -> "Place":
        """Return the place of a line."""
        return cls(number, _LINE % {"number": number})

    @classmethod
    def entry(cls, number: int) -> "Place":
        """Return the place of an entry of an array."""
        return cls(number, _ENTRY % {"number": number})


@dataclass(frozen=True)
class RowError:
    """What is wrong with a row. `column` says where in it, or is empty; `message` is a sentence."""

    place: Place
    message: str
    column: str = ""

    def __str__(self) -> str:
        where = f"{self.place.in_words}, {self.column}" if self.column else self.place.in_words
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
