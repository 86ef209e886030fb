"""The audit log as a file, written while it is sent."""

import csv
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from audit.models import Entry

CHUNK = 2_000  # entries read at once
COLUMNS = (
    *("id", "at", "action", "user_id", "username", "is_staff", "token_id", "token_name"),
    *("door", "address", "request_id", "kind", "object_id", "label", "owner_id", "changes", "note"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for the beginning of a formula


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(entries: QuerySet[Entry]) -> Iterator[str]:
    """Yield the entries as CSV, oldest first, after a line with the names of the columns."""
    writer = csv.writer(_Echo())
    yield "\ufeff"  # by which spreadsheets know UTF-8
    yield writer.writerow(COLUMNS)
    for row in _rows(entries):
        changes = json.dumps(row["changes"], ensure_ascii=False) if row["changes"] else ""
        values = {**row, "changes": changes}
        yield writer.writerow([_cell(values[name]) for name in COLUMNS])


def json_lines(entries: QuerySet[Entry]) -> Iterator[str]:
    """Yield the entries as JSON, one a line, oldest first."""
    for row in _rows(entries):
        yield json.dumps(row, ensure_ascii=False) + "\n"


FORMATS: dict[str, tuple[str, Callable[[QuerySet[Entry]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_lines),
    "jsonl": ("application/jsonl; charset=utf-8", json_lines),
}


def _rows(entries: QuerySet[Entry]) -> Iterator[dict[str, Any]]:
    for row in entries.order_by("at", "pk").values(*COLUMNS).iterator(chunk_size=CHUNK):
        yield {**row, "at": row["at"].isoformat()}


def _cell(value: object) -> object:
    """Return the value of a cell. Text that a spreadsheet would carry out is quoted."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
