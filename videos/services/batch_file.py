"""Reading a batch: many wishes in one CSV or JSON Lines file."""

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
    """One wish as written. `line` counts from 1; `reference` is a path as it stands in the file, or empty;
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
class Fault:
    """What is wrong in a line of the file, in a sentence. Lines count from 1."""

    line: int
    sentence: str


Record = tuple[int, dict[str, Any]]


def read_batch(path: Path) -> tuple[list[Row], list[Fault]]:
    """Return the rows of the file, and everything in it that is no row, each in the order of the lines.

    `path` ends in one of SUFFIXES. Empty cells and missing keys take the studio's defaults. Raises OSError
    when the file cannot be read.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [], [Fault(line, "this is not UTF-8. Save the file as UTF-8 text.")]
    rows: list[Row] = []
    faults: list[Fault] = []
    for record in _csv(text) if path.suffix.lower() == ".csv" else _json_lines(text):
        if isinstance(record, Fault):
            faults.append(record)
            continue
        sentences = _faults_of(record[1])
        faults += [Fault(record[0], sentence) for sentence in sentences]
        if not sentences:
            rows.append(_row(*record))
    if not rows and not faults:
        faults.append(Fault(1, "there is no video in this file."))
    return rows, faults


def _csv(text: str) -> Iterator[Record | Fault]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        wrong = _faults_of_header(header)
        yield from (Fault(1, sentence) for sentence in wrong)
        if wrong:
            return  # without a header nobody knows what the cells mean
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return
            if cells and len(cells) != len(header):
                yield Fault(line, f"it has {len(cells)} cells, but the header names {len(header)} columns.")
            elif cells:
                yield line, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        yield Fault(line, f"this is not CSV ({error}), so the lines after it were not read.")


def _faults_of_header(header: list[str]) -> list[str]:
    if not any(header):
        return [f"the first line must name the columns: {', '.join(COLUMNS)}; only prompt is required."]
    faults = [f"the column “{name}” is named twice." for name in COLUMNS if header.count(name) > 1]
    faults += [f"unknown column “{name}”. {_KNOWN}" for name in header if name not in COLUMNS]
    if "prompt" not in header:
        faults.append("the column “prompt” is missing.")
    return faults


def _json_lines(text: str) -> Iterator[Record | Fault]:
    # Not splitlines(): a JSON text may hold a line separator such as U+2028.
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            record = json.loads(written, object_pairs_hook=_without_duplicates)
        except json.JSONDecodeError as error:
            yield Fault(line, f"this is not JSON: {error.msg} at character {error.pos + 1}.")
        except (ValueError, RecursionError) as error:
            yield Fault(line, f"this is not usable: {error}.")
        else:
            if isinstance(record, dict):
                yield line, record
            else:
                yield Fault(line, 'this is not a JSON object such as {"prompt": "A fox in the snow"}.')


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key is named twice")
    return record


_KNOWN = f"Known are {', '.join(COLUMNS)}."


def _faults_of(record: dict[str, Any]) -> list[str]:
    faults = [f"unknown key “{name}”. {_KNOWN}" for name in record if name not in COLUMNS]
    for name in ("prompt", "model", "size", "reference", "fit"):
        value = record.get(name)
        if value is not None and not isinstance(value, str):
            faults.append(f"{name} must be text.")
        elif value and "\x00" in value:
            faults.append(f"{name} holds a character that cannot be stored (NUL).")
    if isinstance(record.get("fit"), str) and _fit(record) not in Fit.values:
        faults.append("fit must be crop or pad.")
    if record.get("prompt") in (None, ""):
        faults.append("the prompt is missing.")
    if _seconds(record.get("seconds")) is None:
        faults.append("seconds must be a whole number, such as 4.")
    return faults


def _seconds(value: object) -> int | None:
    """Return a length in seconds, the studio's default where none is given, None where it is not a number."""
    if isinstance(value, str):
        value = value.strip()
        if value and not (value.isascii() and value.isdecimal() and len(value) < 10):
            return None
    if value in (None, ""):
        return int(settings.DEFAULT_SECONDS)
    return int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None


def _fit(record: dict[str, Any]) -> str:
    return (record.get("fit") or "").strip() or Fit.CROP.value


def _row(line: int, record: dict[str, Any]) -> Row:
    def text(name: str, default: str = "") -> str:
        return (record.get(name) or "").strip() or default

    return Row(
        line=line,
        prompt=text("prompt"),
        model=text("model", settings.DEFAULT_MODEL),
        seconds=_seconds(record.get("seconds")) or 0,
        size=text("size", settings.DEFAULT_SIZE),
        reference=text("reference"),
        fit=_fit(record),
    )
