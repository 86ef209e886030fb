"""Read a batch: many requests in one file, a table, a workbook or JSON."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from contentgen.stored_texts import sentence
from videos.capabilities import OfferCatalogue
from videos.models import Fit
from videos.models.batch import KEY_LIMIT
from videos.models.tag import TAG_LIMIT
from videos.services.batch_csv import parse_table
from videos.services.batch_encoding import (
    ZIP_MARK,
    DecodedText,
    UnreadableTextError,
    decode_text,
    read_bounded,
    require_bounded,
)
from videos.services.batch_json import parse_objects
from videos.services.batch_parameters import (
    OBJECT,
    column_names,
    column_of,
    find_object_error,
    parameters_of,
    sort_names,
)
from videos.services.batch_record import Place, Record, RowError
from videos.services.batch_table import Columns, parse_rows
from videos.services.batch_template import BatchTemplate, Defaults
from videos.services.batch_xlsx import read_workbook
from videos.services.sizes import resolve_size
from videos.validation import clean_line, clean_text, has_visible_text, is_storable

COLUMNS = (
    "prompt",
    "model",
    "seconds",
    "size",
    "ratio",
    "resolution",
    "reference",
    "last_frame",
    "references",
    "fit",
    "custom_id",
    "tags",
    "collection",
    OBJECT,
)
TABLES = (".csv", ".tsv")
WORKBOOKS = (".xlsx", ".xlsm")
SUFFIXES = (*TABLES, *WORKBOOKS, ".jsonl", ".ndjson", ".json")
MAX_TAGS = 10  # of one row
MAX_WARNED_COLUMNS = 100

# What the protocol has and a file cannot ask for. Leaving it out would make another video than was meant.
_UNSUPPORTED = {
    "input_references": gettext_lazy(
        "input_references cannot be read from a file. Name image files in “references”."
    ),
    "input_reference": gettext_lazy(
        "input_reference cannot be read from a file. Name an image file in “reference”."
    ),
    "characters": gettext_lazy("characters cannot be chosen in a file."),
}
# A spreadsheet turns 4 into 4.0, or 4,0 where the comma is the decimal point.
_WHOLE_NUMBER = re.compile(r"([0-9]{1,9})(?:[.,]0{1,9})?")


@dataclass(frozen=True)
class Row:
    """One request of the file. `ratio` and `resolution`, if there are any, stand for the size, which is then
    empty until the catalogue has been asked (`with_sizes`). `reference` and `last_frame` are names of images
    as written in the file, or empty; `references` are further ones; `fit` is crop or pad; `custom_id` is the
    key that the file gives the row, or empty; `parameters` are as written, by name; `collection` is the name
    or id of one, or empty.
    """

    record: Record
    prompt: str
    model: str
    seconds: int
    size: str
    reference: str
    last_frame: str
    references: tuple[str, ...]
    fit: str
    custom_id: str
    ratio: str = ""
    resolution: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    collection: str = ""

    @property
    def place(self) -> Place:
        return self.record.place

    @property
    def image_paths(self) -> dict[str, tuple[str, ...]]:
        """The paths of its images, by column."""
        frames = {"reference": self.reference, "last_frame": self.last_frame}
        return {name: (path,) for name, path in frames.items() if path} | {"references": self.references}

    @property
    def label(self) -> str:
        """Where it stands in the file, with its key."""
        place = self.place.in_words
        return f"{place} ({self.custom_id})" if self.custom_id else place

    def error(self, column: str, message: str) -> RowError:
        """Return the error about a column of this row, which may be named as the services name fields."""
        return self.record.error(column_of(self.record, column), message)


@dataclass(frozen=True)
class BatchFile:
    """What a file holds: the rows that are valid, the errors of all others, each in the order of the file,
    and warnings, which are sentences.
    """

    rows: list[Row]
    errors: list[RowError]
    warnings: list[str]


# Warnings are stored, and translated when they are shown.
_UNUSED = sentence(gettext_noop("Not used: %(names)s. Known columns are %(known)s."))
_GUESSED = gettext_noop("The file is not UTF-8, so it was read as Windows-1252.")
_GUESSED_LETTERS = sentence(
    gettext_noop(
        "The file is not UTF-8, so it was read as Windows-1252. Check its letters: %(place)s begins "
        "“%(prompt)s”."
    )
)

Declared = Mapping[str, Iterable[str]]


def read_batch_file(path: Path, declared: Declared | None = None) -> BatchFile:
    """Read the file at `path`, whose name ends in one of SUFFIXES, as `parse_batch` does.

    Raises OSError if the file cannot be read.
    """
    try:
        content = read_bounded(path)
    except UnreadableTextError as error:
        return _unreadable(error)
    return parse_batch(content, path.suffix, declared)


def parse_batch(
    content: bytes,
    suffix: str,
    declared: Declared | None = None,
    template: BatchTemplate | None = None,
    defaults: Defaults | None = None,
) -> BatchFile:
    """Read what a file with this `suffix`, one of SUFFIXES, holds.

    `declared` are the names of the parameters that can be columns, by model. Empty cells and missing keys
    take the studio's defaults. With a `template`, its variables are columns, and make the prompt of each row
    that has none; `defaults` say what a row does not. Columns that mean nothing here are warned of.
    """
    declared = declared or {}
    template = template or BatchTemplate()
    known = (
        *COLUMNS,
        *template.columns,
        *column_names(name for names in declared.values() for name in names),
    )
    columns = Columns(known, required=() if template.columns else ("prompt",))
    try:
        require_bounded(len(content))
        parsed, decoded = _parse(content, suffix.lower(), columns)
    except UnreadableTextError as error:
        return _unreadable(error)
    filled = map((defaults or Defaults()).apply, map(template.fill, parsed))
    batch, unused = _read_rows(filled, known, declared)
    if unused:
        batch.warnings.append(_UNUSED % {"names": ", ".join(unused), "known": ", ".join(known)})
    if decoded and decoded.is_guess:
        batch.warnings.append(_describe_guess(batch.rows))
    return batch


def _parse(
    content: bytes, suffix: str, columns: Columns
) -> tuple[Iterable[Record | RowError], DecodedText | None]:
    """Return the records of the file, and its text where it is text."""
    # A workbook that was given another ending is a workbook all the same.
    if suffix in WORKBOOKS or (suffix in TABLES and content.startswith(ZIP_MARK)):
        return parse_rows(read_workbook(content, columns.known), columns), None
    is_table = suffix in TABLES
    decoded = decode_text(content, is_spreadsheet=is_table)
    return (parse_table(decoded.text, columns) if is_table else parse_objects(decoded.text)), decoded


def _unreadable(error: UnreadableTextError) -> BatchFile:
    return BatchFile([], [RowError(Place.line(error.line), str(error))], [])


def _read_rows(
    parsed: Iterable[Record | RowError], known: Sequence[str], declared: Declared
) -> tuple[BatchFile, list[str]]:
    """Return the rows with all that is wrong with them, and the names of the columns that are not used."""
    batch = BatchFile([], [], [])
    unused: dict[str, None] = {}
    parameters, meant = frozenset(known), {*COLUMNS, *_UNSUPPORTED}
    taken: dict[str, Place] = {}
    for record in parsed:
        if isinstance(record, RowError):
            batch.errors.append(record)
            continue
        names = (name for name in record.fields if name not in meant and name.casefold() not in parameters)
        unused.update((f"“{name[:40]}”", None) for name in names if len(unused) < MAX_WARNED_COLUMNS)
        errors = [*_find_record_errors(record), *_find_reused_key(record, taken)]
        batch.errors.extend(errors)
        if not errors:
            batch.rows.append(_build_row(record, declared))
    if not batch.rows and not batch.errors:
        batch.errors.append(RowError(Place.line(1), gettext("there is no video in this file.")))
    return batch, list(unused)


def _describe_guess(rows: Sequence[Row]) -> str:
    for row in rows:
        if not row.prompt.isascii():
            return _GUESSED_LETTERS % {"place": row.place.name, "prompt": row.prompt[:60]}
    return _GUESSED


def _find_record_errors(record: Record) -> list[RowError]:
    errors = [
        record.error(name, str(message)) for name, message in _UNSUPPORTED.items() if record.fields.get(name)
    ]
    for name in COLUMNS:
        if message := _find_field_error(name, record.fields.get(name)):
            errors.append(record.error(name, message))
    if _has_text(record, "size") and (_has_text(record, "ratio") or _has_text(record, "resolution")):
        errors.append(record.error("size", gettext("give either size, or ratio and resolution.")))
    return errors


def _has_text(record: Record, name: str) -> bool:
    value = record.fields.get(name)
    return isinstance(value, str) and bool(value.strip())


def _find_field_error(name: str, value: object) -> str:
    """Return a sentence for what is wrong with the value of a column; empty if nothing is."""
    if name == OBJECT:
        return find_object_error(value)
    if name == "seconds":
        return (
            "" if _parse_seconds(value) is not None else gettext("seconds must be a whole number, such as 4.")
        )
    if name == "references" and isinstance(value, list):
        if not all(isinstance(each, str) and each.strip() for each in value):
            return gettext("references must be paths: a list of them, or text with semicolons between them.")
        value = ";".join(value)
    if name == "tags" and isinstance(value, list):
        value = ",".join(str(each) for each in value)
    if value is not None and not isinstance(value, str):
        return gettext("%(column)s must be text.") % {"column": name}
    text = (value or "").strip()
    if "\x00" in text:
        return gettext("%(column)s holds a character that cannot be stored (NUL).") % {"column": name}
    check = _TEXT_CHECKS.get(name)
    return check(text) if check else ""


def _check_prompt(text: str) -> str:
    return "" if text else gettext("the prompt is missing.")


def _check_fit(text: str) -> str:
    return "" if not text or text.lower() in Fit.values else gettext("fit must be crop or pad.")


def _check_custom_id(text: str) -> str:
    if len(text) <= KEY_LIMIT and text.isprintable():
        return ""
    return gettext("custom_id must be one line of at most %(count)s characters.") % {"count": KEY_LIMIT}


def _check_tags(text: str) -> str:
    tags = parse_tags(text)
    if len(tags) > MAX_TAGS:
        return gettext("a row can have at most %(count)s tags.") % {"count": MAX_TAGS}
    if is_storable(text) and all(len(tag) <= TAG_LIMIT and has_visible_text(tag) for tag in tags):
        return ""
    words = gettext("tags must have 1 to %(count)s characters each, with commas or semicolons between them.")
    return words % {"count": TAG_LIMIT}


def parse_tags(value: object) -> tuple[str, ...]:
    """Return the tags of a list, or of a text with commas or semicolons between them, each once."""
    listed = value if isinstance(value, list) else re.split("[,;]", str(value or ""))
    return tuple(dict.fromkeys(tag for each in listed if (tag := clean_line(str(each)))))


_TEXT_CHECKS: dict[str, Callable[[str], str]] = {
    "prompt": _check_prompt,
    "fit": _check_fit,
    "custom_id": _check_custom_id,
    "tags": _check_tags,
}


def _find_reused_key(record: Record, taken: dict[str, Place]) -> list[RowError]:
    """Return the error about a key that an earlier row has; `taken` has the place of each key so far."""
    key = record.fields.get("custom_id")
    if not isinstance(key, str) or not key.strip():
        return []
    earlier = taken.setdefault(key.strip(), record.place)
    if earlier == record.place:
        return []
    message = gettext("%(place)s has the same custom_id.") % {"place": earlier.in_words}
    return [record.error("custom_id", message)]


def _parse_seconds(value: object) -> int | None:
    """Return a length in seconds: the studio's default if none is given, None if it is not a whole number."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return int(settings.DEFAULT_SECONDS)
    if isinstance(value, str):
        match = _WHOLE_NUMBER.fullmatch(value.strip())
        return int(match[1]) if match else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _parse_paths(value: object) -> tuple[str, ...]:
    """Return the paths of a list, or of a text with semicolons between them."""
    listed = value if isinstance(value, list) else str(value or "").split(";")
    return tuple(str(each).strip() for each in listed if str(each).strip())


def with_sizes(rows: Iterable[Row]) -> tuple[list[Row], list[RowError]]:
    """Return the rows with the sizes that their ratios and resolutions name for their models, and the errors
    about those that name none. The catalogue is read once.
    """
    offers = OfferCatalogue()
    found = list(rows)
    errors: list[RowError] = []
    offers.preload({row.model for row in found})
    for number, row in enumerate(found):
        offer = offers.get(row.model)
        if row.size or offer is None:
            continue
        try:
            found[number] = replace(row, size=resolve_size(offer.model, row.ratio, row.resolution))
        except ValidationError as error:
            errors += [row.error(name, texts[0]) for name, texts in error.message_dict.items()]
    return found, errors


def _build_row(record: Record, declared: Declared) -> Row:
    def text(name: str, default: str = "") -> str:
        return (record.fields.get(name) or "").strip() or default

    model = text("model", settings.DEFAULT_MODEL)
    ratio, resolution = text("ratio"), text("resolution")
    return Row(
        ratio=ratio,
        resolution=resolution,
        record=record,
        prompt=clean_text(text("prompt")),
        model=model,
        seconds=_parse_seconds(record.fields.get("seconds")) or 0,
        size="" if ratio or resolution else text("size", settings.DEFAULT_SIZE),
        reference=text("reference"),
        last_frame=text("last_frame"),
        references=_parse_paths(record.fields.get("references")),
        fit=text("fit", Fit.CROP.value).lower(),
        custom_id=text("custom_id"),
        parameters=parameters_of(record, sort_names(declared, model)),
        tags=parse_tags(record.fields.get("tags")),
        collection=text("collection"),
    )
