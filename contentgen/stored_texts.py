"""Sentences of the studio's own that are kept in English, and shown in the language of whoever reads them."""

from django.utils.translation import gettext


def translated(text: str) -> str:
    """Return a stored sentence in the active language; as it is, where it is not one of ours."""
    return gettext(text) if text else ""
