"""Templates of batches: a prompt whose variables are columns, or all combinations of their values."""

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.formats import format_number
from videos.prompts.syntax import MissingValuesError, Template, parse_template, validate_template
from videos.services.batch_record import Record, RowError


@dataclass(frozen=True)
class BatchTemplate:
    """The text of a template; without one, every row has a prompt of its own."""

    text: str = ""

    @cached_property
    def _parsed(self) -> Template:
        return parse_template(self.text)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of its variables as columns are compared."""
        return tuple(variable.name.casefold() for variable in self._parsed.variables)

    def fill(self, record: Record | RowError) -> Record | RowError:
        """Return the record with a prompt, which is its own, or the template filled in from its columns."""
        if not self.text or isinstance(record, RowError) or str(record.fields.get("prompt") or "").strip():
            return record
        given = {name: str(record.fields.get(name.casefold()) or "").strip() for name in self._names}
        try:
            prompt = self._parsed.fill({name: value for name, value in given.items() if value})
        except MissingValuesError as error:
            sentence = gettext("“%(name)s” of the template is empty.") % {"name": error.names[0]}
            return record.error(error.names[0].casefold(), sentence)
        return replace(record, fields={**record.fields, "prompt": prompt})

    @property
    def _names(self) -> list[str]:
        return [variable.name for variable in self._parsed.variables]


@dataclass(frozen=True)
class Defaults:
    """What rows ask for that do not say it themselves, by column; with `override` all rows.

    A size, and a ratio or a resolution, stand for each other: where a row has one of them, it says its size.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    override: bool = False

    def apply(self, record: Record | RowError) -> Record | RowError:
        """Return the record with what it does not say."""
        if isinstance(record, RowError) or not self.values:
            return record
        fields = dict(record.fields)
        says_size = any(str(fields.get(name) or "").strip() for name in _SIZES)
        for name, value in self.values.items():
            given = says_size if name in _SIZES else bool(str(fields.get(name) or "").strip())
            if not given or self.override:
                fields |= dict.fromkeys(_SIZES, "") if name in _SIZES else {}
                fields[name] = value
        return replace(record, fields=fields)


_SIZES = ("size", "ratio", "resolution")


def read_template(text: str, reserved: Collection[str]) -> BatchTemplate:
    """Return the template, whose variables must not be called as columns are, which are `reserved`.

    Raises `ValidationError` with a sentence.
    """
    validate_template(text)
    template = BatchTemplate(text)
    if taken := [name for name in template.columns if name in reserved]:
        sentence = gettext("“%(name)s” is a column of every batch. Give the variable another name.")
        raise ValidationError(sentence % {"name": taken[0]})
    return template


def combinations(text: str) -> Iterator[dict[str, str]]:
    """Return all combinations of the values that the template names, the last variable changing fastest, each
    with its `prompt` and the value of each variable.

    Raises `ValidationError` with a sentence for a template that is not one, that names no values for a
    variable, or whose combinations are more than a batch may have rows.
    """
    validate_template(text)
    template = parse_template(text)
    empty = [variable.name for variable in template.variables if not variable.values]
    if empty:
        sentence = gettext("Name the values of “%(name)s”, such as {%(name)s|one,two}.")
        raise ValidationError(sentence % {"name": empty[0]})
    if not template.variables:
        raise ValidationError(
            gettext("Name at least one variable with its values, such as {city|Paris,Tokyo}.")
        )
    count = math.prod(len(variable.values) for variable in template.variables)
    if count > settings.MAX_BATCH_ROWS:
        sentence = gettext("These are %(count)s combinations, and a batch can have %(most)s rows.")
        values = {"count": format_number(count), "most": format_number(settings.MAX_BATCH_ROWS)}
        raise ValidationError(sentence % values)
    return _combine(template)


def _combine(template: Template) -> Iterator[dict[str, str]]:
    names = [variable.name for variable in template.variables]
    for values in itertools.product(*(variable.values for variable in template.variables)):
        chosen = dict(zip(names, values, strict=True))
        yield {**chosen, "prompt": template.fill(chosen)}
