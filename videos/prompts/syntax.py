"""Prompts with blanks: `{name}` in a template becomes a field, and what is sent is the text filled in.

    template = (text | "{{" | "}}" | blank)*
    blank    = "{" name [ "|" value ("," value)* ] "}"
    name     = a letter, then at most 39 letters, digits and underscores, of any alphabet
    value    = 1 to 80 characters, none of them { } | , or a line break

Spaces around a name or a value are not part of it. A blank without a value is a text field, with one value a
text field that starts with it, with several a choice that starts with the first. `{{` and `}}` stand for one
brace. A name may come again: it is the same blank, and only one of them needs to give values.

Whatever is not so is text: `parse_template` takes every text there is. `validate_template` says what an
author should mend before such a text is kept as a template.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import ValidationError

MAX_VARIABLES = 12  # different names in one template
MAX_VALUE_LENGTH = 80  # characters of a value that a template names
MAX_ANSWER_LENGTH = 500  # characters of what somebody fills in

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_NAME = re.compile(r"[^\W\d_]\w{0,39}")
_LITERAL = {"{{": "{", "}}": "}"}


class MissingValuesError(ValueError):
    """Blanks were left empty; `names` are theirs, in order."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"Not filled in: {', '.join(names)}.")
        self.names = names


@dataclass(frozen=True)
class Variable:
    """A variable of a template. `values` are those it names, none, one or several."""

    name: str
    values: tuple[str, ...] = ()

    @property
    def is_choice(self) -> bool:
        return len(self.values) > 1

    @property
    def start(self) -> str:
        """What its field starts with."""
        return self.values[0] if self.values else ""

    @property
    def label(self) -> str:
        """The name for people to read."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Template:
    """A text cut at its blanks. Every part is text as it will be sent, or the name of a blank."""

    parts: tuple[str | Variable, ...]

    @cached_property
    def blanks(self) -> tuple[Variable, ...]:
        """The blanks by first mention, each once, with the values of the first mention that has any."""
        found: dict[str, Variable] = {}
        for part in self.parts:
            if isinstance(part, Variable) and not found.get(part.name, Variable("")).values:
                found[part.name] = part
        return tuple(found.values())

    @property
    def pieces(self) -> list[tuple[str, Variable | None]]:
        """The parts for drawing: text with None, or a blank with what it starts with, else its label."""
        whole = {blank.name: blank for blank in self.blanks}
        return [
            (part, None)
            if isinstance(part, str)
            else (whole[part.name].start or part.label, whole[part.name])
            for part in self.parts
        ]

    def fill(self, answers: Mapping[str, str]) -> str:
        """Return the text with every blank filled in, by name. A name that is missing keeps its start.

        Raises `UnfilledError` when there is nothing but space for some of them, and nothing else ever.
        """
        chosen = self._chosen(answers)
        if empty := tuple(name for name, answer in chosen.items() if not answer):
            raise MissingValuesError(empty)
        return self._written(chosen)

    def sketch(self, answers: Mapping[str, str]) -> str:
        """Return the text as far as it is filled in; what is still empty stands as `[label]`."""
        chosen = self._chosen(answers)
        return self._written({blank.name: chosen[blank.name] or f"[{blank.label}]" for blank in self.blanks})

    def _chosen(self, answers: Mapping[str, str]) -> dict[str, str]:
        return {blank.name: answers.get(blank.name, blank.start).strip() for blank in self.blanks}

    def _written(self, chosen: Mapping[str, str]) -> str:
        return "".join(part if isinstance(part, str) else chosen[part.name] for part in self.parts)


def parse_template(text: str) -> Template:
    """Cut a template at its blanks. Never raises: what is no blank is text."""
    parts: list[str | Variable] = []
    for match in _TOKEN.finditer(text):
        part = _blank(match[1]) if match[1] is not None else None
        parts.append(part if part is not None else _LITERAL.get(match[0], match[0]))
    return Template(tuple(parts))


def escape_braces(text: str) -> str:
    """Return the template that stands for exactly this text: `parse(escape(text)).fill({}) == text`."""
    return text.replace("{", "{{").replace("}", "}}")


def validate_template(text: str) -> None:
    """Raise `ValidationError`, with a sentence for its author, unless `text` can be kept as a template."""
    for match in _TOKEN.finditer(text):
        if match[0] in ("{", "}"):
            raise ValidationError(f"There is an unmatched “{match[0]}”. To write a literal brace, double it.")
        if match[1] is not None and _blank(match[1]) is None:
            raise ValidationError(_wrong_blank(match[0], match[1]))
    parsed = parse_template(text)
    if len(parsed.blanks) > MAX_VARIABLES:
        raise ValidationError(
            f"A template has at most {MAX_VARIABLES} variables; this one has {len(parsed.blanks)}."
        )
    for blank in parsed.blanks:
        if _disagree(parsed, blank):
            raise ValidationError(
                f"“{blank.name}” has different values in different places. List them only once."
            )


def _blank(inside: str) -> Variable | None:
    """What stands between two braces as a blank; None when it is none."""
    name, bar, listed = inside.partition("|")
    values = tuple(value.strip() for value in listed.split(",")) if bar else ()
    fits = all(0 < len(value) <= MAX_VALUE_LENGTH and not re.search(r"[|\r\n]", value) for value in values)
    return Variable(name.strip(), values) if fits and _NAME.fullmatch(name.strip()) else None


def _wrong_blank(whole: str, inside: str) -> str:
    shown = whole if len(whole) <= 60 else f"{whole[:57]}…}}"
    if not _NAME.fullmatch(inside.partition("|")[0].strip()):
        return (
            f"“{shown}” is not a variable: a name begins with a letter and has at most 40 letters, digits "
            "and underscores. For literal braces, write {{ and }}."
        )
    return (
        f"“{shown}”: after the bar, list values separated by commas, each with 1 to {MAX_VALUE_LENGTH} "
        "characters on one line."
    )


def _disagree(template: Template, blank: Variable) -> bool:
    mentions = [part for part in template.parts if isinstance(part, Variable) and part.name == blank.name]
    return len({part.values for part in mentions if part.values}) > 1
