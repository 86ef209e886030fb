"""Read a batch: many requests in one CSV or JSON Lines file."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from videos.models import Fit

COLUMNS = ("prompt", "model", "seconds", "size", "reference", "fit")
SUFFIXES = (".csv", ".jsonl")


@dataclass(frozen=True)
class Row:
    """One request of the file. `line` counts from 1; `reference` is a path as written in the file, or empty;
    `fit` is crop or pad.
    """

    line: int
    prompt: str
    model: str
    seconds: int
    size: str
    reference: str
    fit: str


@dataclass(frozen=True)
class RowError:
    """What is wrong with a line of the file. `line` counts from 1; `message` is a sentence."""

    line: int
    message: str


Record = tuple[int, dict[str, Any]]


def read_batch_file(path: Path) -> tuple[list[Row], list[RowError]]:
    """Return the valid rows of the file, and the errors of all others, each in the order of the lines.

    `path` ends in one of SUFFIXES. Empty cells and missing keys take the studio's defaults. Raises OSError
    if the file cannot be read.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [], [RowError(line, "this is not UTF-8. Save the file as UTF-8 text.")]
    rows: list[Row] = []
    errors: list[RowError] = []
    for record in _parse_csv(text) if path.suffix.lower() == ".csv" else _parse_json_lines(text):
        if isinstance(record, RowError):
            errors.append(record)
            continue
        messages = _find_record_errors(record[1])
        errors += [RowError(record[0], message) for message in messages]
        if not messages:
            rows.append(_build_row(*record))
    if not rows and not errors:
        errors.append(RowError(1, "there is no video in this file."))
    return rows, errors


def _parse_csv(text: str) -> Iterator[Record | RowError]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        messages = _find_header_errors(header)
        yield from (RowError(1, message) for message in messages)
        if messages:
            return  # without a header, the meaning of the cells is unknown
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return
            if cells and len(cells) != len(header):
                yield RowError(
                    line, f"it has {len(cells)} cells, but the header names {len(header)} columns."
                )
            elif cells:
                yield line, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        yield RowError(line, f"this is not CSV ({error}), so the lines after it were not read.")


def _find_header_errors(header: list[str]) -> list[str]:
    if not any(header):
        return [f"the first line must name the columns: {', '.join(COLUMNS)}; only prompt is required."]
    errors = [f"the column “{name}” is named twice." for name in COLUMNS if header.count(name) > 1]
    errors += [f"unknown column “{name}”. {_KNOWN_COLUMNS}" for name in header if name not in COLUMNS]
    if "prompt" not in header:
        errors.append("the column “prompt” is missing.")
    return errors


def _parse_json_lines(text: str) -> Iterator[Record | RowError]:
    # Not splitlines(): JSON text may contain line separators such as U+2028.
    for line, source in enumerate(text.split("\n"), start=1):
        if not source.strip():
            continue
        try:
            record = json.loads(source, object_pairs_hook=_without_duplicates)
        except json.JSONDecodeError as error:
            yield RowError(line, f"this is not JSON: {error.msg} at character {error.pos + 1}.")
        except (ValueError, RecursionError) as error:
            yield RowError(line, f"this is not usable: {error}.")
        else:
            if isinstance(record, dict):
                yield line, record
            else:
                yield RowError(line, 'this is not a JSON object such as {"prompt": "A fox in the snow"}.')


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key is named twice")
    return record


_KNOWN_COLUMNS = f"Known are {', '.join(COLUMNS)}."


def _find_record_errors(record: dict[str, Any]) -> list[str]:
    errors = [f"unknown key “{name}”. {_KNOWN_COLUMNS}" for name in record if name not in COLUMNS]
    for name in ("prompt", "model", "size", "reference", "fit"):
        value = record.get(name)
        if value is not None and not isinstance(value, str):
            errors.append(f"{name} must be text.")
        elif value and "\x00" in value:
            errors.append(f"{name} holds a character that cannot be stored (NUL).")
    if isinstance(record.get("fit"), str) and _parse_fit(record) not in Fit.values:
        errors.append("fit must be crop or pad.")
    if record.get("prompt") in (None, ""):
        errors.append("the prompt is missing.")
    if _parse_seconds(record.get("seconds")) is None:
        errors.append("seconds must be a whole number, such as 4.")
    return errors


def _parse_seconds(value: object) -> int | None:
    """Return a length in seconds: the studio's default if none is given, None if it is not a whole number."""
    if isinstance(value, str):
        value = value.strip()
        if value and not (value.isascii() and value.isdecimal() and len(value) < 10):
            return None
    if value in (None, ""):
        return int(settings.DEFAULT_SECONDS)
    return int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None


def _parse_fit(record: dict[str, Any]) -> str:
    return (record.get("fit") or "").strip() or Fit.CROP.value


def _build_row(line: int, record: dict[str, Any]) -> Row:
    def text(name: str, default: str = "") -> str:
        return (record.get(name) or "").strip() or default

    return Row(
        line=line,
        prompt=text("prompt"),
        model=text("model", settings.DEFAULT_MODEL),
        seconds=_parse_seconds(record.get("seconds")) or 0,
        size=text("size", settings.DEFAULT_SIZE),
        reference=text("reference"),
        fit=_parse_fit(record),
    )
