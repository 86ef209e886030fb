"""Rows of a batch written as JSON: an object a line, an array of objects, or OpenAI's batch requests.

Such a request wraps what is asked for: {"custom_id": …, "method": "POST", "url": "/v1/videos", "body": {…}}.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from accounts.formats import format_number
from videos.services.batch_record import Place, Record, RowError
from videos.services.batch_table import resolve_alias

MAX_KEYS = 100  # of one object
_CREATE_URL = re.compile(r"(https?://[^/]+)?(/openai)?/v1/videos/?")
_ENVELOPE = ("custom_id", "method", "url", "body")
_SPACE = re.compile(r"[ \t\r\n]*")  # JSON's own idea of white space

Parsed = Record | RowError


def parse_objects(text: str) -> Iterator[Parsed]:
    """Yield each object of the file, and what is wrong with any.

    Text that begins with `[` is one array, whose entries are counted; anything else has an object a line,
    which may end in the comma that it had in an array.
    """
    parsed = _parse_array(text) if text.lstrip().startswith("[") else _parse_lines(text)
    for count, item in enumerate(parsed, start=1):
        if count > settings.MAX_BATCH_ROWS:
            excess = gettext("the file has more than %(count)s rows, so the rest was not read.")
            yield RowError(item.place, excess % {"count": format_number(settings.MAX_BATCH_ROWS)})
            return
        yield item if isinstance(item, RowError) else _with_aliases(_unwrap(item))


def _with_aliases(record: Parsed) -> Parsed:
    if isinstance(record, RowError):
        return record
    fields = {resolve_alias(name, record.fields): value for name, value in record.fields.items()}
    return replace(record, fields=fields)


def _parse_lines(text: str) -> Iterator[Parsed]:
    # Not splitlines(): JSON text may contain line separators such as U+2028.
    for number, source in enumerate(text.split("\n"), start=1):
        line = source.strip().removesuffix(",")
        if line:
            place = Place.line(number)
            try:
                yield _record(place, _DECODER.decode(line))
            except json.JSONDecodeError as error:
                sentence = gettext("this is not JSON: %(problem)s at character %(position)d.")
                yield RowError(place, sentence % {"problem": error.msg, "position": error.pos + 1})
            except (ValueError, RecursionError) as error:
                yield RowError(place, gettext("this is not usable: %(problem)s.") % {"problem": error})


def _parse_array(text: str) -> Iterator[Parsed]:
    """Decode the entries one by one: a row that cannot be read is named, and the array may be long."""
    position, number = _skip_space(text, text.index("[") + 1), 0
    while not text.startswith("]", position):
        number += 1
        place = Place.entry(number)
        try:
            value, position = _DECODER.raw_decode(text, position)
            position = _skip_space(text, position)
            if not text.startswith((",", "]"), position):
                raise json.JSONDecodeError("Expecting ',' or ']'", text, position)  # noqa: TRY301
        except json.JSONDecodeError as error:
            sentence = gettext(
                "this is not JSON: %(problem)s at line %(line)d, character %(position)d, so the rest was not "
                "read."
            )
            values = {"problem": error.msg, "line": error.lineno, "position": error.colno}
            yield RowError(place, sentence % values)
            return
        except (ValueError, RecursionError) as error:
            sentence = gettext("this is not usable: %(problem)s, so the rest was not read.")
            yield RowError(place, sentence % {"problem": error})
            return
        yield _record(place, value)
        if text.startswith(",", position):
            position = _skip_space(text, position + 1)
    if rest := text[position + 1 :].strip():
        sentence = gettext("“%(text)s” does not belong there.") % {"text": rest[:40]}
        yield RowError(Place(number + 1, gettext_noop("after the array")), sentence)


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _record(place: Place, value: Any) -> Parsed:
    if isinstance(value, dict):
        return (
            Record(place, value)
            if len(value) <= MAX_KEYS
            else RowError(place, gettext("it has too many keys."))
        )
    return RowError(place, gettext('this is not a JSON object such as {"prompt": "A fox in the snow"}.'))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError(gettext("a key is named twice"))
    return record


_DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates)


def _unwrap(record: Record) -> Parsed:
    """Return what one of OpenAI's batch requests asks for; another record as it is."""
    envelope = record.fields
    if "body" not in envelope:
        return record
    body = envelope["body"]
    if str(envelope.get("method", "POST")).upper() != "POST":
        return record.error("method", gettext("method must be POST."))
    url = envelope.get("url", "/v1/videos")
    if not (isinstance(url, str) and _CREATE_URL.fullmatch(url)):
        return record.error(
            "url", gettext("url must be /v1/videos: only new videos are created from a file.")
        )
    if not isinstance(body, dict):
        return record.error("body", gettext("body must be an object with the prompt."))
    outside = {name: value for name, value in envelope.items() if name not in _ENVELOPE}
    fields = {**body, **outside, "custom_id": envelope.get("custom_id")}
    return Record(record.place, fields, {name: f"body.{name}" for name in body})
