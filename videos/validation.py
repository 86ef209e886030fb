"""Checks of text and ids that people and programs send."""


def is_unicode(text: str) -> bool:
    """Whether `text` can be written down: JSON can smuggle in half a character (a lone surrogate)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
