"""Checks of text and ids that people and programs send."""


def is_unicode(text: str) -> bool:
    """Whether `text` can be written down: JSON can smuggle in half a character (a lone surrogate)."""
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
