"""Rows as JSON documents, and documents as values of rows, checked like anything from outside."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from billing.money import MoneyField
from videos.transfer.errors import RowError
from videos.transfer.fields import Kept
from videos.validation import is_public_id, is_storable

Document = dict[str, Any]
Resolve = Callable[[type[models.Model], Any], int | None]

TEXT_LIMITS = {"prompt": 32_000, "error_message": 4000, "error_detail": 4000, "note": 2000, "text": 2000}
TEXT_LIMIT = 32_000  # characters of any other text that has no limit of its own
_SIZE = re.compile(r"[0-9]{1,5}x[0-9]{1,5}")


def key_of(row: models.Model | None) -> str | int | None:
    """Return what stands for a row in the documents of others: its public id, or its name."""
    if row is None:
        return None
    for name in ("public_id", "username", "name"):
        if hasattr(row, name):
            return str(getattr(row, name))
    return int(row.pk)


def document_of(kept: Kept, row: models.Model) -> Document:
    """Return the row's values and the keys of what it is linked to."""
    values = {name: plain(getattr(row, name)) for name in kept.values}
    return values | {name: key_of(getattr(row, name)) for name in kept.links}


def plain(value: Any) -> Any:
    """Return a column's value as JSON has it: exact, and the same from every database."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):  # whose order is not the same on every database
        return {key: plain(each) for key, each in sorted(value.items())}
    return str(value) if isinstance(value, Decimal | UUID) else value


def values_of(kept: Kept, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that the document gives the values of. Raises `RowError`.

    A column that the document does not name has its default: another release may have written it.
    """
    fields = {name: kept.model._meta.get_field(name) for name in kept.values}
    return {
        name: _value(name, each, document[name])
        for name, each in fields.items()
        if name in document and isinstance(each, models.Field)
    }


def _value(name: str, column: models.Field[Any, Any], raw: Any) -> Any:
    try:
        value = column.to_python(raw)
        _check(name, column, raw, value)
    except (ValidationError, ValueError, TypeError, ArithmeticError) as error:
        why = " ".join(error.messages) if isinstance(error, ValidationError) else "It has the wrong form."
        raise RowError(f"“{name}” cannot be taken over: {why}") from error
    return value


def _check(name: str, column: models.Field[Any, Any], raw: Any, value: Any) -> None:
    """Raise `ValidationError` for what the column, or a page that shows it, could not bear."""
    if value is None:
        if not column.null:
            raise ValidationError("It is missing.")
        return
    _check_form(column, raw, value)
    if isinstance(value, str):
        _check_text(name, column, value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValidationError("The time has no time zone.")
    if not isinstance(column, MoneyField) and value not in column.empty_values:
        column.validate(value, None) if column.editable else _check_choice(column, value)
        column.run_validators(value)


def _check_form(column: models.Field[Any, Any], raw: Any, value: Any) -> None:
    """JSON says itself what a value is; only texts stand for others."""
    expected: Any = str
    if isinstance(column, models.BooleanField):
        expected = bool
    elif isinstance(column, models.JSONField):
        expected = column.default if isinstance(column.default, type) else (dict, list)
    elif isinstance(column, models.IntegerField | models.FloatField):
        expected = (int, float)
    if not isinstance(raw, expected) or (isinstance(raw, bool) and expected is not bool):
        raise ValidationError("It has the wrong form.")
    if isinstance(column, models.IntegerField) and raw != value:
        raise ValidationError("It is no whole number.")


def _check_choice(column: models.Field[Any, Any], value: Any) -> None:
    if column.choices and value not in {key for key, _ in column.flatchoices}:
        raise ValidationError(f"There is no “{str(value)[:40]}”.")


def _check_text(name: str, column: models.Field[Any, Any], value: str) -> None:
    limit = TEXT_LIMITS.get(name, TEXT_LIMIT) if column.max_length is None else column.max_length
    if len(value) > limit:
        raise ValidationError(f"It has more than {limit:,} characters.")
    if not is_storable(value):
        raise ValidationError("It holds characters that no database can store.")
    if name == "public_id" and not is_public_id(value):
        raise ValidationError("It is no id.")
    if name == "size" and value and not _SIZE.fullmatch(value):
        raise ValidationError("It is no size such as 1280x720.")


def links_of(kept: Kept, document: Mapping[str, Any], resolve: Resolve) -> dict[str, int | None]:
    """Return the columns that name other rows, with the keys those have here; None where there is none."""
    found = {}
    for name in kept.links:
        column = kept.model._meta.get_field(name)
        target = column.related_model
        key = document.get(name)
        if key is not None and not (isinstance(key, str | int) and is_storable(str(key))):
            raise RowError(f"“{name}” cannot be taken over: It is no key.")
        if isinstance(target, type):
            found[f"{name}_id"] = None if key is None else resolve(target, key)
    return found
