"""The parameters of a batch's rows: a column for each, or all as one JSON object in `parameters`."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from videos.parameter_texts import parse_object
from videos.parameters import PREFIX
from videos.services.batch_record import Record

OBJECT = "parameters"  # the column with all of them


def column_names(parameters: Iterable[str]) -> tuple[str, ...]:
    """Return what the columns of these parameters are called: case does not count."""
    return tuple(dict.fromkeys(name.casefold() for name in parameters))


def find_object_error(value: object) -> str:
    """Return a sentence for what is wrong with the value of the column `parameters`; empty if nothing is."""
    if value is None or isinstance(value, dict):
        return ""
    if not isinstance(value, str):
        return gettext("parameters must be a JSON object.")
    try:
        parse_object(value)
    except ValidationError as error:
        return f"parameters: {error.messages[0]}"
    return ""


def parameters_of(record: Record, names: Iterable[str]) -> dict[str, Any]:
    """Return what the record asks for by parameters, whose `names` are as its model, then others write them.

    A column of its own counts more than the object, which may hold what all rows share.
    """
    given = record.fields.get(OBJECT) or {}
    values = dict(given if isinstance(given, dict) else parse_object(given))
    columns = {str(key).casefold(): key for key in record.fields}
    found: set[str] = set()
    for name in names:
        column = columns.get(name.casefold())
        if column is None or column in found:
            continue
        found.add(column)
        value = record.fields[column]
        if value is not None and value != "":
            values[name] = value
    return values


def column_of(record: Record, field: str) -> str:
    """Return the column of a field as the services name it: that of `parameters.seed` is `seed`, or the
    object.
    """
    if not field.startswith(PREFIX):
        return field
    name = field.removeprefix(PREFIX).casefold()
    return next((key for key in record.fields if str(key).casefold() == name), OBJECT)


def sort_names(declared: Mapping[str, Iterable[str]], model: str) -> list[str]:
    """Return all declared names, those of `model` first. `declared` has the names by model."""
    own = list(declared.get(model, ()))
    return list(dict.fromkeys([*own, *(name for names in declared.values() for name in names)]))
