"""The messages of allauth that our catalogue translates are still what allauth says."""

from pathlib import Path

import allauth
import pytest
from babel.messages.pofile import read_po

from accounts.allauth_texts import TEXTS


@pytest.fixture(scope="module")
def said() -> set[str]:
    path = Path(allauth.__file__).parent / "locale" / "de" / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return {message.id for message in read_po(file) if isinstance(message.id, str)}


@pytest.mark.parametrize("text", TEXTS)
def test_allauth_says_it(text: str, said: set[str]):
    assert text in said
