"""Rows of a table as spreadsheets write it: CSV with commas, semicolons or tabs.

Which of these separates the cells is found out from the names of the columns. What is empty is not a fault:
rows and columns without content are left out, and a row may end before the last column, as Excel's do.
"""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence

from videos.services.batch_record import MAX_ROWS, Place, Record, RowError

MAX_COLUMNS = 16_384  # as many as a spreadsheet has; most of them empty
MAX_CELL_LENGTH = 100_000  # characters; csv's own limit would stop the whole process at another length
_SEPARATORS = ",;\t"
_SEPARATOR_LINE = re.compile(r'"?sep=([,;|\t])"?[,;|\t]*(?:\r\n?|\n|$)', re.IGNORECASE)
_ROWS_EXAMINED = 1000  # to choose between separators


def parse_table(text: str, known: Sequence[str]) -> Iterator[Record | RowError]:
    """Yield the rows below the header, and what is wrong with any.

    Names of columns are yielded in small letters, with `_` for spaces and hyphens. `known` are those that
    mean something: they tell the separator, and which line is the header's.
    """
    body, separator, skipped = _split_separator_line(text)
    reader = _TableReader(body, separator or _find_separator(body, known), skipped)
    header: list[str] | None = None
    for item in reader.rows():
        if isinstance(item, RowError):
            yield item
        elif header is None:
            header = _strip_end([_normalise(name) for name in item.cells])
            if errors := _find_header_errors(header, item.place, known):
                yield from errors
                return  # without a header, the meaning of the cells is unknown
        else:
            yield _record_from(item, header)
    if header is None and not reader.has_failed:
        yield RowError(Place(1, "row 1"), _name_columns(known))


def _split_separator_line(text: str) -> tuple[str, str, int]:
    """Return the text below a line such as `sep=;`, that separator, and how many lines were taken off.

    Excel writes and reads such a line, and shows it to nobody.
    """
    match = _SEPARATOR_LINE.match(text)
    if match is None:
        return text, "", 0
    return text[match.end() :], match[1], 1


def _find_separator(text: str, known: Sequence[str]) -> str:
    """Return what separates the cells: the choice that finds the most known columns, then the fewest cells
    without a column.
    """

    def rank(separator: str) -> tuple[int, int, int]:
        rows = _sample(text, separator)
        header = [_normalise(name) for name in next(rows, [])]
        width = len(_strip_end(header))
        too_wide = sum(len(_strip_end(cells)) > width for cells in rows)
        return len({*header} & {*known}), -too_wide, -_SEPARATORS.index(separator)

    return max(_SEPARATORS, key=rank)


def _sample(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the first rows that hold anything, as far as they can be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    for _ in range(_ROWS_EXAMINED):
        try:
            cells = next(reader, None)
        except csv.Error:
            return
        if cells is None:
            return
        if any(each.strip() for each in cells):
            yield cells


class _Row:
    """A row with content: its cells and its place, as a spreadsheet counts and as an editor does."""

    def __init__(self, number: int, line: int, cells: list[str]) -> None:
        self.cells = cells
        self.place = Place(number, f"row {number}" if line == number else f"row {number} (line {line})")


class _TableReader:
    """Reads the rows of a table one by one, and stops at the first that cannot be read."""

    def __init__(self, text: str, separator: str, skipped_lines: int) -> None:
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        self._skipped_lines = skipped_lines
        self.has_failed = False

    def rows(self) -> Iterator[_Row | RowError]:
        found = 0
        for number in itertools.count(1):
            line = self._reader.line_num + 1 + self._skipped_lines
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                yield self._failure(_Row(number, line, []), _explain(error))
                return
            if cells is None:
                return
            row = _Row(number, line, cells)
            has_content = any(each.strip() for each in cells)
            found += has_content
            if problem := _find_excess(cells, found):
                yield self._failure(row, problem)
                return
            if has_content:
                yield row

    def _failure(self, row: _Row, problem: str) -> RowError:
        self.has_failed = True
        return RowError(row.place, f"{problem}, so the rows after it were not read.")


def _explain(error: csv.Error) -> str:
    if "field larger than field limit" in str(error):
        return f"a cell has more than {MAX_CELL_LENGTH:,} characters"
    return f"this is not CSV ({error})"


def _find_excess(cells: list[str], row_count: int) -> str:
    """Return what there is too much of, with `row_count` rows so far; empty if nothing is too much."""
    if row_count > MAX_ROWS + 1:  # the header is one
        return f"the file has more than {MAX_ROWS:,} rows"
    if len(cells) > MAX_COLUMNS:
        return f"it has more than {MAX_COLUMNS:,} columns"
    if any(len(each) > MAX_CELL_LENGTH for each in cells):
        return f"a cell has more than {MAX_CELL_LENGTH:,} characters"
    return ""


def _normalise(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def _strip_end(cells: Sequence[str]) -> list[str]:
    kept = list(cells)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _find_header_errors(header: list[str], place: Place, known: Sequence[str]) -> list[RowError]:
    errors = [f"the column “{name}” is named twice." for name in known if header.count(name) > 1]
    if "prompt" not in header:
        errors.append(f"the column “prompt” is missing. {_name_columns(known).capitalize()}")
    return [RowError(place, message) for message in errors]


def _name_columns(known: Sequence[str]) -> str:
    return f"the first row must name the columns: {', '.join(known)}; only prompt is required."


def _record_from(row: _Row, header: list[str]) -> Record | RowError:
    cells = row.cells + [""] * (len(header) - len(row.cells))
    nameless = [
        index
        for index, cell in enumerate(cells)
        if cell.strip() and (index >= len(header) or not header[index])
    ]
    if nameless:
        return RowError(
            row.place,
            f"“{cells[nameless[0]].strip()[:40]}” stands under no heading. Put a cell that contains the "
            "separator in quotation marks.",
            f"column {_letter(nameless[0])}",
        )
    fields = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    columns = {name: f"column {_letter(index)} ({name})" for index, name in enumerate(header)}
    return Record(row.place, dict(fields), columns)


def _letter(index: int) -> str:
    """Return what a spreadsheet calls the column at `index`, from 0: A, B … Z, AA …"""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
