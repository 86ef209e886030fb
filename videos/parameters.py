"""The parameters of a model: what an operator may declare, and what may be asked for by them.

A declaration is a JSON object, such as `{"name": "steps", "type": "integer", "minimum": 1, "maximum": 50}`.
Every error is a sentence: of a declaration with its place in the list, of a value at `parameters.NAME`.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, NoReturn, TypeGuard, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext

from accounts.formats import format_number
from contentgen.stored_texts import translated
from videos.backends.parameters import SEED, TYPES, Parameter, ParameterType, ParameterValue
from videos.validation import clean_line, clean_text, is_storable

__all__ = ["SEED", "Parameter", "ParameterValue"]

PREFIX = "parameters."  # of the names of errors
MAX_PARAMETERS = 40  # of one model
MAX_INTEGER = 2**53 - 1  # JSON's numbers are exact so far, and so are a browser's
MAX_NUMBER = 1e9
MAX_TEXT_LENGTH, USUAL_TEXT_LENGTH = 10_000, 2000  # characters
MAX_CHOICES, MAX_CHOICE_LENGTH = 100, 200
MAX_LABEL_LENGTH, MAX_HELP_LENGTH = 80, 300

# What a request says in fields of its own: a parameter must not say it again, or more is made than is priced.
RESERVED = frozenset(
    [
        *("characters", "custom_id", "duration", "fit", "first_frame", "frames", "id", "input_reference"),
        *("input_references", "last_frame", "model", "n", "num_outputs_per_prompt", "parameters", "prompt"),
        *("reference", "references", "seconds", "size", "takes", "video"),
    ]
)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,16}(?:[.,]0{1,9})?", re.ASCII)  # a spreadsheet turns 4 into 4.0 or 4,0
_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_KEYS = tuple(field.name for field in fields(Parameter))


# --- Declarations ------------------------------------------------------------------------------------------


def parse_declarations(declared: object) -> tuple[Parameter, ...]:
    """Return the parameters that a list of declarations describes.

    Raises `ValidationError` with a sentence for each declaration that cannot be used, which begins with its
    place in the list, from 1.
    """
    if not isinstance(declared, list):
        raise ValidationError(
            gettext('Give a list of parameters, such as [{"name": "seed", "type": "integer"}].')
        )
    if len(declared) > MAX_PARAMETERS:
        sentence = gettext("A model can have at most %(count)d parameters.")
        raise ValidationError(sentence % {"count": MAX_PARAMETERS})
    found: list[Parameter] = []
    problems: list[str] = []
    for number, entry in enumerate(declared, start=1):
        try:
            parameter = _parse_declaration(entry)
            if parameter.name.casefold() in {each.name.casefold() for each in found}:
                sentence = gettext("“%(name)s” is declared twice; upper and lower case are the same.")
                _fail(sentence, name=parameter.name)
            found.append(parameter)
        except ValidationError as error:
            problem = gettext("Parameter %(number)d: %(problem)s")
            problems.append(problem % {"number": number, "problem": error.messages[0]})
    if problems:
        raise ValidationError(problems)
    return tuple(found)


def known_parameters(declared: object) -> tuple[Parameter, ...]:
    """Return the parameters of declarations that were validated when they were stored; none for any others,
    which somebody may have written past all validation.
    """
    try:
        return parse_declarations(declared)
    except ValidationError:
        return ()


def declaration_of(parameter: Parameter) -> dict[str, Any]:
    """Return the declaration that `parse_declarations` reads `parameter` from."""
    entry = {name: value for name, value in asdict(parameter).items() if value not in (None, "", ())}
    if parameter.choices:
        entry["choices"] = list(parameter.choices)
    return entry


def _parse_declaration(entry: object) -> Parameter:
    if not isinstance(entry, dict):
        _fail(gettext('Write an object such as {"name": "seed", "type": "integer"}.'))
    if unknown := [str(key) for key in entry if key not in _KEYS]:
        sentence = gettext("“%(key)s” means nothing here. Known are %(keys)s.")
        _fail(sentence, key=unknown[0][:40], keys=", ".join(_KEYS))
    name, kind = entry.get("name"), entry.get("type")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        _fail(
            gettext("Give a name of letters, digits and underscores that begins with a letter, such as seed.")
        )
    if name.casefold() in RESERVED:
        sentence = gettext("“%(name)s” is a setting of every request, so no parameter can have this name.")
        _fail(sentence, name=name)
    if kind not in TYPES:
        _fail(gettext("“%(name)s” needs a type: one of %(types)s."), name=name, types=", ".join(TYPES))
    parameter = Parameter(
        name=name,
        label=_line(entry, "label", MAX_LABEL_LENGTH) or name.replace("_", " ").capitalize(),
        type=cast(ParameterType, kind),
        minimum=_bound(entry, "minimum"),
        maximum=_bound(entry, "maximum"),
        choices=_choices(entry),
        help=_line(entry, "help", MAX_HELP_LENGTH),
        max_length=_max_length(entry),
    )
    return _with_default(parameter, entry.get("default"))


def _bound(entry: Mapping[str, Any], key: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if entry["type"] not in ("integer", "number"):
        _fail(gettext("“%(key)s” is for integers and numbers only."), key=key)
    is_integer = entry["type"] == "integer"
    if not _is_number(value) or (is_integer and not float(value).is_integer()):
        whole, any_number = (
            gettext("“%(key)s” must be a whole number."),
            gettext("“%(key)s” must be a number."),
        )
        _fail(whole if is_integer else any_number, key=key)
    limit = MAX_INTEGER if is_integer else MAX_NUMBER
    if abs(value) > limit:
        sentence = gettext("“%(key)s” must be between %(low)s and %(high)s.")
        _fail(sentence, key=key, low=_words(-limit), high=_words(limit))
    if key == "maximum" and _is_number(entry.get("minimum")) and value < entry["minimum"]:
        _fail(gettext("“maximum” must not be below “minimum”."))
    return int(value) if is_integer else value


def _choices(entry: Mapping[str, Any]) -> tuple[ParameterValue, ...]:
    value = entry.get("choices")
    if entry["type"] != "choice":
        return () if value in (None, []) else _fail(gettext("“choices” are for the type choice only."))
    if not isinstance(value, (list, tuple)) or not 0 < len(value) <= MAX_CHOICES:
        sentence = gettext('“choices” must be a list of 1 to %(count)d values, such as ["low", "high"].')
        _fail(sentence, count=MAX_CHOICES)
    if not all(_is_choice(each) for each in value):
        _fail(
            gettext("Each of the “choices” must be a number, or a text of at most %(count)d characters."),
            count=MAX_CHOICE_LENGTH,
        )
    if len({str(each) for each in value}) < len(value):
        _fail(gettext("“choices” names a value twice."))
    return tuple(value)


def _is_choice(value: object) -> bool:
    if isinstance(value, str):
        is_line = value == clean_line(value) and 0 < len(value) <= MAX_CHOICE_LENGTH
        return is_line and is_storable(value)
    return _is_number(value) and abs(value) <= MAX_NUMBER


def _max_length(entry: Mapping[str, Any]) -> int | None:
    value = entry.get("max_length")
    if entry["type"] != "text":
        return None if value is None else _fail(gettext("“max_length” is for the type text only."))
    if value is None:
        return USUAL_TEXT_LENGTH
    if type(value) is not int or not 0 < value <= MAX_TEXT_LENGTH:
        sentence = gettext("“max_length” must be a whole number from 1 to %(limit)s.")
        _fail(sentence, limit=format_number(MAX_TEXT_LENGTH))
    return value


def _with_default(parameter: Parameter, default: object) -> Parameter:
    if default is None or default == "":
        return parameter
    try:
        value = _clean(parameter, default)
    except ValidationError as error:
        _fail(gettext("“default”: %(problem)s"), problem=error.messages[0])
    return Parameter(**{**_shallow(parameter), "default": value})


def _shallow(parameter: Parameter) -> dict[str, Any]:
    return {name: getattr(parameter, name) for name in _KEYS}


def _line(entry: Mapping[str, Any], key: str, limit: int) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or not is_storable(value) or len(value) > limit:
        _fail(gettext("“%(key)s” must be a text of at most %(limit)d characters."), key=key, limit=limit)
    return clean_line(value)


# --- Values ------------------------------------------------------------------------------------------------


def clean_values(declared: Iterable[Parameter], given: Mapping[str, object]) -> dict[str, ParameterValue]:
    """Return what is asked for by parameters, each in its own type, in the order of the declarations.

    Numbers and switches may be given as text, as forms and spreadsheets have them. An empty text and null are
    as good as left out: then a declared default is taken. Raises `ValidationError` by `parameters.NAME` for
    every value that cannot be used, and for every name that is not declared.
    """
    known = {parameter.name: parameter for parameter in declared}
    unknown = [name for name, value in given.items() if name not in known and not _is_left_out(value)]
    errors = {PREFIX + _printable(name): _refuse_unknown(_printable(name), known) for name in unknown}
    values: dict[str, ParameterValue] = {}
    for name, parameter in known.items():
        try:
            value = None if _is_left_out(given.get(name)) else _clean(parameter, given[name])
        except ValidationError as error:
            errors[PREFIX + name] = error.messages[0]
            continue
        chosen = parameter.default if value is None or value == "" else value
        if chosen is not None:
            values[name] = chosen
    if errors:
        raise ValidationError(errors)
    return values


def usable_values(declared: Iterable[Parameter], given: Mapping[str, object]) -> dict[str, ParameterValue]:
    """Return as `clean_values` does, without what cannot be used: values that were asked for of another
    model, or before the catalogue changed.
    """
    values: dict[str, ParameterValue] = {}
    for parameter in declared:
        kept = {parameter.name: given[parameter.name]} if parameter.name in given else {}
        try:
            values |= clean_values([parameter], kept)
        except ValidationError:
            continue
    return values


def canonical(values: Mapping[str, object]) -> str:
    """Return what two requests share that ask for the same parameters; empty without any."""
    return json.dumps(dict(values), sort_keys=True) if values else ""


def format_value(value: object) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return pgettext("switch", "On") if value else pgettext("switch", "Off")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _is_left_out(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _printable(name: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in str(name)[:64])


def _refuse_unknown(name: str, known: Mapping[str, Parameter]) -> str:
    if not known:
        return gettext("This model does not take “%(name)s”. It takes no parameters.") % {"name": name}
    sentence = gettext("This model does not take “%(name)s”. It takes %(names)s.")
    return sentence % {"name": name, "names": ", ".join(known)}


def _clean(parameter: Parameter, value: object) -> ParameterValue:
    """Return the value in the parameter's type. Raises `ValidationError` with a sentence."""
    return _CLEANERS[parameter.type](parameter, value)


def _clean_integer(parameter: Parameter, value: object) -> int:
    number: object = value
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = int(value.strip().partition(".")[0].partition(",")[0])
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if type(number) is not int:
        _fail_for(
            parameter,
            gettext("%(label)s must be a whole number between %(low)s and %(high)s.")
            if _is_bounded(parameter)
            else gettext("%(label)s must be a whole number."),
        )
    _require_range(parameter, number, MAX_INTEGER)
    return number


def _clean_number(parameter: Parameter, value: object) -> float:
    number: object = value
    if isinstance(value, str):
        try:
            number = float(value.strip().replace(",", "."))
        except ValueError:
            number = None
    if not _is_number(number):
        _fail_for(
            parameter,
            gettext("%(label)s must be a number between %(low)s and %(high)s.")
            if _is_bounded(parameter)
            else gettext("%(label)s must be a number."),
        )
    _require_range(parameter, number, MAX_NUMBER)
    return float(number)


def _clean_boolean(parameter: Parameter, value: object) -> bool:
    word = value.strip().lower() if isinstance(value, str) else None
    if isinstance(value, bool):
        return value
    if word not in _TRUE | _FALSE:
        _fail_for(parameter, gettext("%(label)s must be true or false."))
    return word in _TRUE


def _clean_choice(parameter: Parameter, value: object) -> ParameterValue:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        for choice in parameter.choices:
            if str(value).strip() == str(choice):
                return choice
    choices = ", ".join(map(str, parameter.choices))
    return _fail_for(parameter, gettext("%(label)s must be one of %(choices)s."), choices=choices)


def _clean_text(parameter: Parameter, value: object) -> str:
    if not isinstance(value, str):
        _fail_for(parameter, gettext("%(label)s must be text."))
    if not is_storable(value):
        _fail_for(parameter, gettext("%(label)s contains a character that cannot be stored."))
    text, limit = clean_text(value), parameter.max_length or USUAL_TEXT_LENGTH
    if len(text) > limit:
        sentence = gettext("%(label)s can have at most %(limit)s characters; this one has %(count)s.")
        _fail_for(parameter, sentence, limit=format_number(limit), count=format_number(len(text)))
    return text


_CLEANERS: dict[str, Callable[[Parameter, object], ParameterValue]] = {
    "integer": _clean_integer,
    "number": _clean_number,
    "boolean": _clean_boolean,
    "choice": _clean_choice,
    "text": _clean_text,
}


def _require_range(parameter: Parameter, value: float, limit: float) -> None:
    low = -limit if parameter.minimum is None else parameter.minimum
    high = limit if parameter.maximum is None else parameter.maximum
    if not low <= value <= high:
        sentence = gettext("%(label)s must be between %(low)s and %(high)s.")
        _fail_for(parameter, sentence, low=_words(low), high=_words(high))


def _is_bounded(parameter: Parameter) -> bool:
    return parameter.minimum is not None and parameter.maximum is not None


def _words(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else f"{number:g}"


def _is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that can be computed with: not true or false, not infinite."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _fail_for(parameter: Parameter, sentence: str, **values: str) -> NoReturn:
    """Raise `ValidationError` with a sentence about the parameter, by its label and its bounds."""
    bounds = {"low": parameter.minimum, "high": parameter.maximum}
    known = {name: _words(bound) for name, bound in bounds.items() if bound is not None}
    _fail(sentence, **({"label": translated(parameter.label)} | known | values))


def _fail(sentence: str, **values: object) -> NoReturn:
    """Raise `ValidationError` with a sentence and what its placeholders stand for."""
    raise ValidationError(sentence % values if values else sentence)
