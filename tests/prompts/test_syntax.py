from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from videos.prompts.syntax import (
    MAX_VALUE_LENGTH,
    MAX_VARIABLES,
    MissingValuesError,
    Variable,
    escape_braces,
    parse_template,
    validate_template,
)

BRACES = st.text(alphabet="{}|,ab 1_\n\r\\é")
ANYTHING = st.text() | BRACES


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("No variable at all", ()),
        ("{product}", (Variable("product"),)),
        ("{ product }", (Variable("product"),)),
        ("in {city|Paris, Tokyo }", (Variable("city", ("Paris", "Tokyo")),)),
        ("in {season|autumn}", (Variable("season", ("autumn",)),)),
        ("{b} before {a}, {b} again", (Variable("b"), Variable("a"))),
        ("{city} and {city|Paris,Rome}", (Variable("city", ("Paris", "Rome")),)),
        ("{größe_2}", (Variable("größe_2"),)),
        ("{{product}}", ()),
        ("{{{product}}}", (Variable("product"),)),
        ("{}", ()),
        ("{2nd}", ()),
        ("{a b}", ()),
        ("{a|}", ()),
        ("{a|b,,c}", ()),
        ("{a|b|c}", ()),
        ("{a|b\nc}", ()),
        ("{" + "a" * 41 + "}", ()),
    ],
)
def test_it_finds_the_variables(text: str, variables: tuple[Variable, ...]):
    assert parse_template(text).variables == variables


@pytest.mark.parametrize(
    ("text", "answers", "filled"),
    [
        ("A {thing} in {city|Paris,Tokyo}", {"thing": "fox"}, "A fox in Paris"),
        ("A {thing} in {city|Paris,Tokyo}", {"thing": " fox ", "city": "Rome"}, "A fox in Rome"),
        ("{a}, {a}", {"a": "{b}"}, "{b}, {b}"),
        ("{{a}} {a}", {"a": "x"}, "{a} x"),
        ("{a b} } {", {}, "{a b} } {"),
    ],
)
def test_it_fills_them(text: str, answers: dict[str, str], filled: str):
    assert parse_template(text).fill(answers) == filled


def test_it_says_which_are_empty():
    template = parse_template("{a} {b|x} {c|x,y} {d_e}")
    with pytest.raises(MissingValuesError) as refused:
        template.fill({"b": " ", "d_e": "here"})
    assert refused.value.names == ("a", "b")
    assert template.preview({"b": " "}) == "[a] [b] x [d e]"


@given(ANYTHING, st.dictionaries(st.sampled_from(["a", "b", "ab"]), ANYTHING))
def test_no_text_breaks_it(text: str, answers: dict[str, str]):
    template = parse_template(text)
    with suppress(ValidationError):
        validate_template(text)
    assert isinstance(template.preview(answers), str)
    empty = {
        variable.name
        for variable in template.variables
        if not answers.get(variable.name, variable.default).strip()
    }
    if empty:
        with pytest.raises(MissingValuesError) as refused:
            template.fill(answers)
        assert set(refused.value.names) == empty
    else:
        assert template.fill(answers) == template.preview(answers)


@given(ANYTHING)
def test_a_text_stays_itself(text: str):
    assert parse_template(escape_braces(text)).fill({}) == text
    assert parse_template(escape_braces(text)).variables == ()
    validate_template(escape_braces(text))


@given(st.text(alphabet=st.characters(exclude_characters="{}")))
def test_a_text_without_braces_needs_no_escaping(text: str):
    assert escape_braces(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A {product", "unmatched"),
        ("A product}", "unmatched"),
        ("{}", "is not a variable"),
        ("{my product}", "is not a variable"),
        ("{city|}", "after the bar"),
        ("{city|a|b}", "after the bar"),
        ("{city|" + "x" * (MAX_VALUE_LENGTH + 1) + "}", "after the bar"),
        ("{c|a,b} {c|a,c}", "different values"),
        (" ".join(f"{{v{n}}}" for n in range(MAX_VARIABLES + 1)), "at most 12 variables"),
    ],
)
def test_it_says_what_to_mend(text: str, said: str):
    with pytest.raises(ValidationError, match=said):
        validate_template(text)


@pytest.mark.parametrize("text", ["", "plain", "{a} {a|b} {a|b}", "{{a b}}", "{x|1,2,3}"])
def test_it_has_nothing_to_say_about_a_good_one(text: str):
    validate_template(text)
