"""Checks of text and ids that people and programs send. No Django, no database: every layer may use them."""

import re

PUBLIC_ID_PATTERN = r"[A-Za-z0-9_-]{1,64}"  # of videos, characters and reference images, in every address

_PUBLIC_ID = re.compile(PUBLIC_ID_PATTERN)


def is_public_id(text: str) -> bool:
    """Whether `text` looks like a public id. Nothing else needs to reach a query, where a NUL would fail."""
    return _PUBLIC_ID.fullmatch(text) is not None


def is_storable(text: str) -> bool:
    """Whether a database can hold `text`: it has no NUL, and no half of a character.

    JSON can smuggle in the latter, a lone surrogate, which cannot be encoded.
    """
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable_text(text: str, limit: int) -> str:
    """Return what PostgreSQL can store of `text`, which may quote anything a server sent: at most `limit`
    characters, without NUL, and with a question mark for each lone surrogate.
    """
    return text.replace("\x00", "").encode(errors="replace").decode()[:limit]
