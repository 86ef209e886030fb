"""Rows of a table, from whichever file: the header tells what the cells mean.

What is empty is not a fault: rows and columns without content are left out, and a row may end before the last
column, as Excel's do.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from accounts.formats import format_number
from videos.services.batch_record import Place, Record, RowError

MAX_COLUMNS = 16_384  # as many as a spreadsheet has; most of them empty

# Other spellings of columns, which mean the same where the column itself is not there.
_ALIASES = {"key": "custom_id", "duration": "seconds", "aspect_ratio": "ratio", "tag": "tags"}


@dataclass(frozen=True)
class TableRow:
    """A row with content: its place, and its cells as text."""

    place: Place
    cells: list[str]


@dataclass(frozen=True)
class Columns:
    """The names of columns that mean something, and which of them a table must have."""

    known: Sequence[str]
    required: Sequence[str] = ("prompt",)

    @property
    def in_words(self) -> str:
        """What is told when the first row names none of them."""
        names = ", ".join(self.known)
        if not self.required:
            return gettext("the first row must name the columns: %(names)s.") % {"names": names}
        sentence = ngettext(
            "the first row must name the columns: %(names)s; only %(required)s is required.",
            "the first row must name the columns: %(names)s; only %(required)s are required.",
            len(self.required),
        )
        return sentence % {"names": names, "required": self._required_in_words}

    def explain_missing(self, name: str) -> str:
        """Return what is told when the first row does not name one that is required."""
        sentence = ngettext(
            "the column “%(name)s” is missing. The first row must name the columns: %(names)s; only "
            "%(required)s is required.",
            "the column “%(name)s” is missing. The first row must name the columns: %(names)s; only "
            "%(required)s are required.",
            len(self.required),
        )
        names = ", ".join(self.known)
        return sentence % {"name": name, "names": names, "required": self._required_in_words}

    @property
    def _required_in_words(self) -> str:
        return get_text_list(list(self.required), gettext("and"))


def parse_rows(rows: Iterable[TableRow | RowError], columns: Columns) -> Iterator[Record | RowError]:
    """Yield the rows below the header, the first of `rows`, and what is wrong with any.

    Names of columns are yielded in small letters, with `_` for spaces and hyphens.
    """
    header: list[str] | None = None
    places: dict[str, str] = {}
    has_failed = False
    for row in rows:
        if isinstance(row, RowError):
            has_failed = True
            yield row
        elif header is None:
            header = _resolve_aliases(strip_end([normalise(name) for name in row.cells]))
            if errors := _find_header_errors(header, row.place, columns):
                yield from errors
                return  # without a header, the meaning of the cells is unknown
            places = {name: name_column(index, name) for index, name in enumerate(header)}
        else:
            yield _record_from(row, header, places)
    if header is None and not has_failed:
        yield RowError(Place.row(1), columns.in_words)


def normalise(name: str) -> str:
    """Return the name of a column as it is compared."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def with_aliases(known: Collection[str]) -> set[str]:
    """Return the known names of columns with their other spellings."""
    return {*known, *(name for name, meant in _ALIASES.items() if meant in known)}


def resolve_alias(name: str, present: Collection[str]) -> str:
    """Return the column that `name` is another spelling of, unless that is among those `present`."""
    meant = _ALIASES.get(name, name)
    return name if meant in present else meant


def _resolve_aliases(header: list[str]) -> list[str]:
    return [resolve_alias(name, header) for name in header]


def strip_end(cells: Sequence[str]) -> list[str]:
    """Return the cells without the empty ones at their end."""
    kept = list(cells)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def find_excess(cells: Sequence[str], row_count: int) -> str:
    """Return in a sentence what there is too much of, with `row_count` rows so far; empty if nothing is."""
    if row_count > settings.MAX_BATCH_ROWS + 1:  # the header is one
        sentence = gettext("the file has more than %(count)s rows, so the rows after it were not read.")
        return sentence % {"count": format_number(settings.MAX_BATCH_ROWS)}
    if len(cells) > MAX_COLUMNS:
        sentence = gettext("it has more than %(count)s columns, so the rows after it were not read.")
        return sentence % {"count": format_number(MAX_COLUMNS)}
    if any(len(each) > settings.MAX_BATCH_CELL_LENGTH for each in cells):
        return explain_long_cell()
    return ""


def explain_long_cell() -> str:
    """Return in a sentence that a cell holds too much text."""
    sentence = gettext("a cell has more than %(count)s characters, so the rows after it were not read.")
    return sentence % {"count": format_number(settings.MAX_BATCH_CELL_LENGTH)}


def _find_header_errors(header: list[str], place: Place, columns: Columns) -> list[RowError]:
    twice = gettext("the column “%(name)s” is named twice.")
    errors = [twice % {"name": name} for name in columns.known if header.count(name) > 1]
    errors += [columns.explain_missing(name) for name in columns.required if name not in header]
    return [RowError(place, message) for message in errors]


def _record_from(row: TableRow, header: list[str], places: Mapping[str, str]) -> Record | RowError:
    cells = row.cells + [""] * (len(header) - len(row.cells))
    nameless = [
        index
        for index, cell in enumerate(cells)
        if cell.strip() and (index >= len(header) or not header[index])
    ]
    if nameless:
        sentence = gettext(
            "“%(text)s” stands under no heading. Put a cell that contains the separator in quotation marks."
        )
        text = cells[nameless[0]].strip()[:40]
        return RowError(row.place, sentence % {"text": text}, name_column(nameless[0]))
    fields = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    return Record(row.place, dict(fields), places)


def column_letter(index: int) -> str:
    """Return what a spreadsheet calls the column at `index`, from 0: A, B … Z, AA …"""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def name_column(index: int, name: str = "") -> str:
    """Return the column at `index`, from 0, in words: by its letter, and its `name` if it has any."""
    letter = column_letter(index)
    if not name:
        return gettext("column %(letter)s") % {"letter": letter}
    return gettext("column %(letter)s (%(name)s)") % {"letter": letter, "name": name}
