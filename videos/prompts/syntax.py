"""The syntax of prompt templates: `{name}` becomes a field, and the prompt is the text filled in.

    template = (text | "{{" | "}}" | variable)*
    variable = "{" name [ "|" value ("," value)* ] "}"
    name     = a letter, then at most 39 letters, digits and underscores, of any alphabet
    value    = 1 to 80 characters, none of them { } | , or a line break

Spaces around a name or a value are not part of it. A variable without a value is a text field, with one
value a text field that starts with it, with several a choice that starts with the first. `{{` and `}}` stand
for one brace. A name may come again: it is the same variable, and only one mention needs to give values.

Whatever does not follow the syntax is text: `parse_template` takes every text there is. `validate_template`
says what an author should correct before such a text is saved as a template.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from videos.validation import has_visible_text

MAX_VARIABLES = 12  # different names in one template
MAX_VALUE_LENGTH = 80  # characters of a value that a template names
MAX_INPUT_LENGTH = 500  # characters that somebody fills in

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_NAME = re.compile(r"[^\W\d_]\w{0,39}")
_LITERAL = {"{{": "{", "}}": "}"}


class MissingValuesError(ValueError):
    """Variables were left empty; `names` says which, in order."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"Not filled in: {', '.join(names)}.")
        self.names = names


@dataclass(frozen=True)
class Variable:
    """A variable of a template, with the values that the template gives it: none, one or several."""

    name: str
    values: tuple[str, ...] = ()

    @property
    def is_choice(self) -> bool:
        return len(self.values) > 1

    @property
    def default(self) -> str:
        """What its field starts with; may be empty."""
        return self.values[0] if self.values else ""

    @property
    def label(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Template:
    """A text split at its variables. Every part is text as it will be sent, or a variable."""

    parts: tuple[str | Variable, ...]

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The variables by first mention, each once, with the values of the first mention that has any."""
        found: dict[str, Variable] = {}
        for part in self.parts:
            if isinstance(part, Variable) and not found.get(part.name, Variable("")).values:
                found[part.name] = part
        return tuple(found.values())

    @property
    def segments(self) -> list[tuple[str, Variable | None]]:
        """The parts for drawing: text with None, or a variable and its default, else its label."""
        variables = {variable.name: variable for variable in self.variables}
        return [
            (part, None)
            if isinstance(part, str)
            else (variables[part.name].default or part.label, variables[part.name])
            for part in self.parts
        ]

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with every variable replaced by its value, by name, else by its default.

        Raises `MissingValuesError`, and nothing else, when some have neither; spaces do not count.
        """
        resolved = self._resolve(values)
        if missing := tuple(name for name, value in resolved.items() if not value):
            raise MissingValuesError(missing)
        return self._replace(resolved)

    def preview(self, values: Mapping[str, str]) -> str:
        """Return the text as far as it is filled in; a variable that is still empty reads `[label]`."""
        resolved = self._resolve(values)
        return self._replace({each.name: resolved[each.name] or f"[{each.label}]" for each in self.variables})

    def _resolve(self, values: Mapping[str, str]) -> dict[str, str]:
        given = {each.name: values.get(each.name, each.default).strip() for each in self.variables}
        return {name: value if has_visible_text(value) else "" for name, value in given.items()}

    def _replace(self, values: Mapping[str, str]) -> str:
        return "".join(part if isinstance(part, str) else values[part.name] for part in self.parts)


def parse_template(text: str) -> Template:
    """Split a template at its variables. Never raises: what is no variable is text."""
    parts: list[str | Variable] = []
    for match in _TOKEN.finditer(text):
        part = _parse_variable(match[1]) if match[1] is not None else None
        parts.append(part if part is not None else _LITERAL.get(match[0], match[0]))
    return Template(tuple(parts))


def find_variables(text: str) -> list[str]:
    """Return the variables and doubled braces of a text as they are written, in order, each mention."""
    return [
        match[0]
        for match in _TOKEN.finditer(text)
        if match[0] in _LITERAL or (match[1] is not None and _parse_variable(match[1]) is not None)
    ]


def escape_braces(text: str) -> str:
    """Return the template of exactly this text: `parse_template(escape_braces(text)).fill({}) == text`."""
    return text.replace("{", "{{").replace("}", "}}")


def validate_template(text: str) -> None:
    """Raise `ValidationError`, with a sentence for its author, unless `text` can be kept as a template."""
    for match in _TOKEN.finditer(text):
        if match[0] in ("{", "}"):
            sentence = gettext("There is an unmatched “%(brace)s”. To write a literal brace, double it.")
            raise ValidationError(sentence % {"brace": match[0]})
        if match[1] is not None and _parse_variable(match[1]) is None:
            raise ValidationError(_variable_error(match[0], match[1]))
    parsed = parse_template(text)
    if len(parsed.variables) > MAX_VARIABLES:
        sentence = gettext("A template has at most %(limit)d variables; this one has %(count)d.")
        raise ValidationError(sentence % {"limit": MAX_VARIABLES, "count": len(parsed.variables)})
    for variable in parsed.variables:
        if _has_conflicting_values(parsed, variable):
            sentence = gettext("“%(name)s” has different values in different places. List them only once.")
            raise ValidationError(sentence % {"name": variable.name})


def _parse_variable(inside: str) -> Variable | None:
    """Return what stands between two braces as a variable; None when it is none."""
    name, bar, listed = inside.partition("|")
    values = tuple(value.strip() for value in listed.split(",")) if bar else ()
    is_valid = all(0 < len(each) <= MAX_VALUE_LENGTH and not re.search(r"[|\r\n]", each) for each in values)
    return Variable(name.strip(), values) if is_valid and _NAME.fullmatch(name.strip()) else None


def _variable_error(whole: str, inside: str) -> str:
    shown = whole if len(whole) <= 60 else f"{whole[:57]}…}}"
    if not _NAME.fullmatch(inside.partition("|")[0].strip()):
        sentence = gettext(
            "“%(variable)s” is not a variable: a name begins with a letter and has at most 40 letters, "
            "digits and underscores. For literal braces, write {{ and }}."
        )
        return sentence % {"variable": shown}
    sentence = gettext(
        "“%(variable)s”: after the bar, list values separated by commas, each with 1 to %(limit)d characters "
        "on one line."
    )
    return sentence % {"variable": shown, "limit": MAX_VALUE_LENGTH}


def _has_conflicting_values(template: Template, variable: Variable) -> bool:
    mentions = [part for part in template.parts if isinstance(part, Variable) and part.name == variable.name]
    return len({part.values for part in mentions if part.values}) > 1
