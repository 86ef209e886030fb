"""What counts as a public id, and as text that a database can hold."""

import pytest

from videos.models.video import new_public_id
from videos.validation import is_public_id, is_storable


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
