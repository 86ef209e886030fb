"""Declarations of parameters, and values for them: what is taken, and the sentence for what is not."""

import contextlib
import json
import math
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from videos.backends.parameters import VIDEOS_API_PARAMETERS, Parameter, ParameterValue
from videos.backends.service_kinds import SERVICES
from videos.parameter_texts import parse_assignments, parse_object
from videos.parameters import (
    RESERVED,
    clean_values,
    declaration_of,
    known_parameters,
    parse_declarations,
    usable_values,
)

SEED = {"name": "seed", "type": "integer", "minimum": 0, "maximum": 100}
DECLARED = parse_declarations(
    [
        SEED,
        {"name": "guidance", "type": "number", "minimum": 1, "maximum": 20.5},
        {"name": "audio", "label": "Sound", "type": "boolean"},
        {"name": "quality", "type": "choice", "choices": ["low", "high", 16]},
        {"name": "avoid", "type": "text", "max_length": 10},
        {"name": "fps", "type": "integer", "default": 16},
    ]
)


def refusals(given_values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ValidationError) as refused:
        clean_values(DECLARED, given_values)
    return {name: messages[0] for name, messages in refused.value.message_dict.items()}


# --- Declarations ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (7, "Write an object"),
        ({}, "Give a name"),
        ({"name": "1st", "type": "text"}, "Give a name"),
        ({"name": "a b", "type": "text"}, "Give a name"),
        ({"name": "é", "type": "text"}, "Give a name"),
        ({"name": "Prompt", "type": "text"}, "setting of every request"),
        ({"name": "n", "type": "integer"}, "setting of every request"),
        ({"name": "a"}, "needs a type"),
        ({"name": "a", "type": "int"}, "needs a type"),
        ({"name": "a", "type": ["text"]}, "needs a type"),
        ({"name": "a", "type": "text", "min": 1}, "“min” means nothing here"),
        ({"name": "a", "type": "text", "minimum": 1}, "for integers and numbers only"),
        ({"name": "a", "type": "integer", "minimum": "1"}, "must be a whole number"),
        ({"name": "a", "type": "integer", "minimum": True}, "must be a whole number"),
        ({"name": "a", "type": "integer", "minimum": 1.5}, "must be a whole number"),
        ({"name": "a", "type": "integer", "minimum": 2, "maximum": 1}, "must not be below"),
        ({"name": "a", "type": "integer", "maximum": 2**53}, "must be between"),
        ({"name": "a", "type": "number", "maximum": math.inf}, "must be a number"),
        ({"name": "a", "type": "number", "minimum": math.nan}, "must be a number"),
        ({"name": "a", "type": "choice"}, "must be a list of"),
        ({"name": "a", "type": "choice", "choices": []}, "must be a list of"),
        ({"name": "a", "type": "choice", "choices": ["x", None]}, "must be a number, or a text"),
        ({"name": "a", "type": "choice", "choices": ["x\x00"]}, "must be a number, or a text"),
        ({"name": "a", "type": "choice", "choices": ["1", 1]}, "names a value twice"),
        ({"name": "a", "type": "text", "choices": ["x"]}, "for the type choice only"),
        ({"name": "a", "type": "text", "max_length": 0}, "must be a whole number from 1"),
        ({"name": "a", "type": "integer", "max_length": 5}, "for the type text only"),
        ({"name": "a", "type": "integer", "maximum": 5, "default": 6}, "“default”: A must be between"),
        ({"name": "a", "type": "text", "label": "\ud800"}, "“label” must be a text"),
        ({"name": "a", "type": "text", "help": "x" * 301}, "“help” must be a text"),
        ({"name": "SEED", "type": "integer"}, "declared twice"),
    ],
)
def test_a_declaration_that_cannot_be_used_is_named_by_its_place(entry: object, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_declarations([SEED, entry])

    (message,) = refused.value.messages
    assert message.startswith("Parameter 2: ")
    assert sentence in message


@pytest.mark.parametrize("declared", [{}, "[]", None, 7, [{"name": "a", "type": "text"}] * 41])
def test_what_is_no_list_of_declarations_is_refused(declared: object) -> None:
    with pytest.raises(ValidationError):
        parse_declarations(declared)
    assert known_parameters(declared) == ()


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        parse_declarations([{}, SEED, {"name": "a"}])

    assert [message[:12] for message in refused.value.messages] == ["Parameter 1:", "Parameter 3:"]


def test_declarations_can_be_written_and_read_again() -> None:
    shipped = [*VIDEOS_API_PARAMETERS, *(each for kind in SERVICES.values() for each in kind.parameters)]
    for parameter in [*DECLARED, *shipped]:
        entry = json.loads(json.dumps(declaration_of(parameter)))
        assert parse_declarations([entry]) == (parameter,)


def test_no_parameter_is_called_as_a_field_of_the_apis_is() -> None:
    assert {"prompt", "model", "seconds", "size", "input_reference", "characters", "n", "takes"} <= RESERVED


# --- Values ------------------------------------------------------------------------------------------------


def test_values_come_in_their_own_types() -> None:
    given_values = {
        "seed": "4,0",
        "guidance": "1,5",
        "audio": "Off",
        "quality": "16",
        "avoid": " fog\r\n ",
        "fps": 24.0,
    }

    values = clean_values(DECLARED, given_values)

    assert values == {
        "seed": 4,
        "guidance": 1.5,
        "audio": False,
        "quality": 16,
        "avoid": "fog",
        "fps": 24,
    }
    assert [type(value) for value in values.values()] == [int, float, bool, int, str, int]


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_what_is_empty_is_left_out_and_a_default_taken(nothing: object) -> None:
    assert clean_values(DECLARED, dict.fromkeys(["seed", "audio", "fps", "stranger"], nothing)) == {"fps": 16}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("seed", "abc", "Seed must be a whole number between 0 and 100."),
        ("seed", 1.5, "Seed must be a whole number between 0 and 100."),
        ("seed", True, "Seed must be a whole number between 0 and 100."),
        ("seed", -1, "Seed must be between 0 and 100."),
        ("seed", 10**400, "Seed must be between 0 and 100."),
        ("seed", [1], "Seed must be a whole number between 0 and 100."),
        ("guidance", "nan", "Guidance must be a number between 1 and 20.5."),
        ("guidance", math.inf, "Guidance must be a number between 1 and 20.5."),
        ("guidance", 21, "Guidance must be between 1 and 20.5."),
        ("guidance", 10**400, "Guidance must be between 1 and 20.5."),
        ("audio", "perhaps", "Sound must be true or false."),
        ("audio", 1, "Sound must be true or false."),
        ("quality", "best", "Quality must be one of low, high, 16."),
        ("quality", {}, "Quality must be one of low, high, 16."),
        ("avoid", "x" * 11, "Avoid can have at most 10 characters; this one has 11."),
        ("avoid", "a\x00b", "Avoid contains a character that cannot be stored."),
        ("avoid", "\ud800", "Avoid contains a character that cannot be stored."),
        ("avoid", 7, "Avoid must be text."),
        (
            "steps",
            5,
            "This model does not take “steps”. It takes seed, guidance, audio, quality, avoid, fps.",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: object, sentence: str) -> None:
    assert refusals({name: value, "fps": 24}) == {f"parameters.{name}": sentence}


def test_all_that_is_wrong_is_told() -> None:
    assert set(refusals({"seed": -1, "x\x00y": 1, "audio": "?"})) == {
        "parameters.seed",
        "parameters.x?y",
        "parameters.audio",
    }


def test_what_another_model_was_asked_for_is_taken_as_far_as_it_fits() -> None:
    assert usable_values(DECLARED, {"seed": 7, "guidance": 99, "steps": 5}) == {"seed": 7, "fps": 16}


@pytest.mark.parametrize("text", ["[]", "7", "{", '{"a": 1, "a": 2}', "null", "nope"])
def test_text_that_is_no_object_of_parameters_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="JSON object"):
        parse_object(text)


def test_an_object_is_read_from_text() -> None:
    assert parse_object(' {"seed": 7} ') == {"seed": 7}
    assert parse_object("  ") == {}


@pytest.mark.parametrize("lines", [["seed"], ["=7"], ["a b=1"], ["seed=1", " seed = 2"]])
def test_assignments_that_are_none_are_refused(lines: list[str]) -> None:
    with pytest.raises(ValidationError):
        parse_assignments(lines)


def test_assignments_are_read_line_by_line() -> None:
    assert parse_assignments(["seed=7", " avoid = a = b "]) == {"seed": "7", "avoid": "a = b"}


# --- Anything at all ---------------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([each.name for each in DECLARED]) | st.text(max_size=5), anything))
def test_what_is_accepted_is_of_its_type_and_in_its_range(values: dict[str, Any]) -> None:
    cleaned = _clean_or_none(values)
    if cleaned is None:
        return
    by_name = {parameter.name: parameter for parameter in DECLARED}
    assert all(_fits(by_name[name], value) for name, value in cleaned.items())
    assert clean_values(DECLARED, json.loads(json.dumps(cleaned))) == cleaned


def _clean_or_none(values: dict[str, Any]) -> dict[str, ParameterValue] | None:
    with contextlib.suppress(ValidationError):
        return clean_values(DECLARED, values)
    return None


def _fits(parameter: Parameter, value: ParameterValue) -> bool:
    if parameter.type == "choice":
        return value in parameter.choices
    kinds = {"integer": int, "number": float, "boolean": bool, "text": str}
    if type(value) is not kinds[parameter.type]:
        return False
    if isinstance(value, str):
        return "\x00" not in value and len(value) <= (parameter.max_length or 0)
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    return low <= value <= high


@given(anything)
def test_no_declaration_breaks_it(declared: Any) -> None:
    for parameter in known_parameters([declared]):
        assert parse_declarations([declaration_of(parameter)]) == (parameter,)
