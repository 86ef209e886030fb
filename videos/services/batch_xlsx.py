"""Rows of a workbook (XLSX): the first sheet with a header, read cell by cell.

A workbook is a ZIP that can unfold into any size, and a sheet may claim millions of cells, so all of it is
bounded before it is read and while it is. Formulas are not computed: what the program stored beside them
counts, which is what it showed.
"""

import io
import zipfile
from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext, gettext_noop

from videos.services.batch_encoding import UnreadableTextError
from videos.services.batch_record import Place, RowError
from videos.services.batch_table import TableRow, find_excess, name_column, normalise, with_aliases

MAX_UNPACKED = 200 * 1024 * 1024  # bytes of all parts of a workbook together
MAX_PARTS = 1000
MAX_SHEETS = 20  # that are looked at
MAX_CELLS = 2_000_000  # that are looked at, empty ones too
_ROWS_ABOVE_HEADER = 5  # with content, such as a title
_TYPE_ERROR = "e"  # of a cell, as openpyxl.cell.cell has it

# What openpyxl and the readers below it raise for files that are broken, by mistake or on purpose.
_BROKEN = (
    *(DefusedXmlException, ParseError, zipfile.BadZipFile, OSError, EOFError),
    *(KeyError, ValueError, TypeError, IndexError, AttributeError, NotImplementedError, RuntimeError),
)
_NOT_READABLE = gettext_noop("this workbook cannot be read. Save the sheet as XLSX or CSV UTF-8 again.")


def read_workbook(content: bytes, known: Collection[str]) -> Iterator[TableRow | RowError]:
    """Yield the rows with content, from the header on: the first row near the top of a sheet that names a
    `known` column. Numbers puts a summary and the table's title before it.

    Raises `UnreadableTextError` before the first row if there is no sheet to read; what goes wrong later is
    yielded, and ends it.
    """
    from openpyxl import load_workbook  # and with it Pillow, which pages that read no workbook do without

    _require_bounded(content)
    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        shown = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"][:MAX_SHEETS]
    except _BROKEN as error:
        raise UnreadableTextError(gettext(_NOT_READABLE)) from error
    if not shown:
        raise UnreadableTextError(gettext("this workbook has no sheet with cells."))
    names = with_aliases(known)
    headers = ((sheet, _find_header(sheet, names)) for sheet in shown)
    sheet, header = next((found for found in headers if found[1]), (shown[0], 0))
    return (row for row in _read_sheet(sheet) if row.place.number >= header)


def _find_header(sheet: Any, names: Collection[str]) -> int:
    """Return the number of the row that names the columns, from 1; 0 for none near the top."""
    for row in islice(_read_sheet(sheet), _ROWS_ABOVE_HEADER):
        if isinstance(row, TableRow) and any(normalise(cell) in names for cell in row.cells):
            return row.place.number
    return 0


def _require_bounded(content: bytes) -> None:
    """Raise `UnreadableTextError` for what would unfold into too much: `zipfile` unpacks no more of a part
    than its entry says.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            entries = parts.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableTextError(gettext(_NOT_READABLE)) from error
    if len(entries) > MAX_PARTS or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise UnreadableTextError(
            gettext("this workbook is too large once unpacked. Save the sheet as CSV UTF-8.")
        )


def _read_sheet(sheet: Any) -> Iterator[TableRow | RowError]:
    sheet.reset_dimensions()  # what the file claims about its size may be anything
    found = looked_at = number = 0
    try:
        for number, row in enumerate(sheet.iter_rows(), start=1):
            place = Place.row(number)
            looked_at += max(1, len(row))
            cells = [_text(cell.value) for cell in row]
            has_content = any(each.strip() for each in cells)
            found += has_content
            if problem := find_excess(cells, found) or _find_excess_cells(looked_at):
                yield RowError(place, problem)
                return
            if has_content:
                yield _find_error_value(row, place) or TableRow(place, cells)
    except _BROKEN:
        yield RowError(Place.row(number + 1), gettext(_NOT_READABLE))


def _find_excess_cells(count: int) -> str:
    if count <= MAX_CELLS:
        return ""
    return gettext("the sheet has too many cells, so the rows after it were not read.")


def _find_error_value(row: tuple[Any, ...], place: Place) -> RowError | None:
    """Return the error about the first cell that shows what went wrong with its formula, such as #REF!"""
    for index, cell in enumerate(row):
        if cell.value is not None and getattr(cell, "data_type", "") == _TYPE_ERROR:
            sentence = gettext("the formula of this cell shows %(value)s. Fix it, or write the value itself.")
            return RowError(place, sentence % {"value": cell.value}, name_column(index))
    return None


def _text(value: Any) -> str:
    """Return what a cell holds as text. A whole number has no decimals, a date is written as 2026-11-26."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
        case date() | time():
            return value.isoformat()
    return str(value).replace("_x000D_\n", "\n").replace("\r\n", "\n")
