"""What counts as a public id, and as text that a database can hold."""

import pytest

from videos.models.video import new_public_id
from videos.validation import clean_line, clean_text, has_visible_text, is_public_id, is_storable


def test_the_ids_we_make_are_public_ids():
    assert is_public_id(new_public_id())


@pytest.mark.parametrize("text", ["a", "A-b_9", "x" * 64])
def test_a_public_id_has_letters_digits_hyphens_and_underscores(text: str):
    assert is_public_id(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a\n", "\x00", "é", "' OR 1=1", "../a", "a."])
def test_nothing_else_is_a_public_id(text: str):
    assert not is_public_id(text)


@pytest.mark.parametrize("text", ["", "A boat\r\n", "é \U0001f6f6", "\x01"])
def test_ordinary_text_can_be_stored(text: str):
    assert is_storable(text)


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "half \udc00"])
def test_nul_and_half_a_character_cannot_be_stored(text: str):
    assert not is_storable(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n\u3000\u00a0",
        "\u200b\u200c\u200d\u2060\ufeff",
        "\u2800\u2800",
        "\u115f\u1160\u3164\uffa0",
        "\x01\x1b\x7f\x85",
        "\ufe0f\ufe00\U000e0100",
        "\U000e0041\U000e0042\U000e007f",
        "\u00ad\u034f\u061c\u180e\u200e\u202e\u2066",
        "\ufffc \U0001d159",
    ],
)
def test_text_in_which_nothing_can_be_seen_is_as_good_as_empty(text: str):
    assert not has_visible_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "\u200b.",
        "\U0001f468\u200d\U0001f469",
        "\u0645\u06cc\u200c\u062e\u0648",
        "क्\u200dष",
        "\u2764\ufe0f",
        "\u2801",
        "ㅎ",
    ],
)
def test_text_with_anything_to_see_is_not_empty_and_keeps_its_joiners(text: str):
    assert has_visible_text(text)
    assert clean_text(text) == text
    assert clean_line(text) == text


def test_control_characters_are_cleaned_but_line_breaks_and_tabs_stay():
    assert clean_text("\x07a\x1b[31m\tb\r\nc\rd\x7f\x9be\n") == "a[31m\tb\nc\nde"
    assert clean_line(" a\x07\n b\t") == "a b"


def test_direction_overrides_are_cleaned():
    assert clean_text("boat\u202egpj.exe\u202c \u202aa\u202b\u202d") == "boatgpj.exe a"
    assert clean_line("a\u2066b\u2067c\u2068d\u2069\u202e") == "abcd"


def test_right_to_left_text_keeps_its_marks_and_isolates():
    assert (
        clean_text("\u2067\u05e9\u05dc\u05d5\u05dd\u2069 \u200fabc")
        == "\u2067\u05e9\u05dc\u05d5\u05dd\u2069 \u200fabc"
    )
    assert clean_line("\u200f\u05e9\u05dc\u05d5\u05dd") == "\u200f\u05e9\u05dc\u05d5\u05dd"
