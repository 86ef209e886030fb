"""Rows of a table as spreadsheets write it: CSV with commas, semicolons or tabs.

Which of these separates the cells is found out from the names of the columns.
"""

import csv
import io
import itertools
import re
from collections.abc import Iterator

from django.utils.translation import gettext

from videos.services.batch_record import Place, Record, RowError
from videos.services.batch_table import (
    Columns,
    TableRow,
    explain_long_cell,
    find_excess,
    normalise,
    parse_rows,
    strip_end,
    with_aliases,
)

_SEPARATORS = ",;\t"
_SEPARATOR_LINE = re.compile(r'"?sep=([,;|\t])"?[,;|\t]*(?:\r\n?|\n|$)', re.IGNORECASE)
_ROWS_EXAMINED = 1000  # to choose between separators


def parse_table(text: str, columns: Columns) -> Iterator[Record | RowError]:
    """Yield the rows below the header, and what is wrong with any, as `parse_rows` does.

    The known columns tell the separator, and which line is the header's.
    """
    body, separator, skipped = _split_separator_line(text)
    return parse_rows(_read_rows(body, separator or _find_separator(body, columns), skipped), columns)


def _split_separator_line(text: str) -> tuple[str, str, int]:
    """Return the text below a line such as `sep=;`, that separator, and how many lines were taken off.

    Excel writes and reads such a line, and shows it to nobody.
    """
    match = _SEPARATOR_LINE.match(text)
    if match is None:
        return text, "", 0
    return text[match.end() :], match[1], 1


def _find_separator(text: str, columns: Columns) -> str:
    """Return what separates the cells: the choice that finds the most known columns, then the fewest cells
    without a column.
    """
    known = with_aliases(columns.known)

    def rank(separator: str) -> tuple[int, int, int]:
        rows = _sample(text, separator)
        header = [normalise(name) for name in next(rows, [])]
        width = len(strip_end(header))
        too_wide = sum(len(strip_end(cells)) > width for cells in rows)
        return len({*header} & known), -too_wide, -_SEPARATORS.index(separator)

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


def _read_rows(text: str, separator: str, skipped_lines: int) -> Iterator[TableRow | RowError]:
    """Yield the rows one by one, and stop at the first that cannot be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found = 0
    for number in itertools.count(1):
        place = Place.row(number, reader.line_num + 1 + skipped_lines)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield RowError(place, _explain(error))
            return
        if cells is None:
            return
        has_content = any(each.strip() for each in cells)
        found += has_content
        if problem := find_excess(cells, found):
            yield RowError(place, problem)
            return
        if has_content:
            yield TableRow(place, cells)


def _explain(error: csv.Error) -> str:
    if "field larger than field limit" in str(error):
        return explain_long_cell()
    return gettext("this is not CSV (%(problem)s), so the rows after it were not read.") % {"problem": error}
