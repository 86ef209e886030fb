"""Parameters as people and programs write them in one text: as a JSON object, or as lines of assignments."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from videos.parameters import NAME


def parse_object(text: str) -> dict[str, Any]:
    """Return the JSON object of parameters that `text` holds; an empty one for an empty text.

    Raises `ValidationError` with a sentence.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        sentence = gettext('Write a JSON object such as {"seed": 7}: %(problem)s.')
        raise ValidationError(sentence % {"problem": error}) from error
    if not isinstance(value, dict):
        raise ValidationError(gettext('Write a JSON object such as {"seed": 7}.'))
    return value


def parse_assignments(lines: Iterable[str]) -> dict[str, str]:
    """Return the values in lines such as `seed = 7`, by name. Raises `ValidationError` with a sentence."""
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.partition("=")
        name = name.strip()
        if not equals or not NAME.fullmatch(name):
            sentence = gettext("Write NAME=VALUE, such as seed=7, not “%(line)s”.")
            raise ValidationError(sentence % {"line": line.strip()[:60]})
        if name in found:
            raise ValidationError(gettext("“%(name)s” is given twice.") % {"name": name})
        found[name] = value.strip()
    return found


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(gettext("a name is given twice"))
    return found
