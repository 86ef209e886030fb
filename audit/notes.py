"""What entries say beside their action, which is kept in English, in the language of whoever reads."""

from collections.abc import Callable

from django.utils.translation import gettext

_translate: Callable[[str], str] = gettext  # until the project knows more: this app knows no other


def translate_notes_by(translate: Callable[[str], str]) -> None:
    """Have notes translated by `translate`, which knows the sentences of all apps."""
    global _translate  # set once, when the apps are ready
    _translate = translate


def translated_note(note: str) -> str:
    """Return a note in the active language; as it is, where it is nobody's sentence."""
    return _translate(note) if note else ""
