"""In which language a page or an email is written."""

from contextlib import AbstractContextManager

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant, override
from django.utils.translation.trans_real import parse_accept_lang_header

from accounts.models import User


def language_of(person: User) -> str:
    """Return the language that the person chose, as LANGUAGES names it; that of the studio if none."""
    return chosen_by(person) or settings.LANGUAGE


def chosen_by(person: User) -> str:
    """Return the language that the person chose; "" if none, or one that is no longer offered."""
    return person.language if person.language in dict(settings.LANGUAGES) else ""


def override_for(person: User) -> AbstractContextManager[None]:
    """Write what is for this person in their language within the block."""
    return override(language_of(person))


def asked_for(request: HttpRequest) -> str:
    """Return the first language that the browser asks for and we have; that of the studio if none.

    Django's own `get_language_from_request` answers with LANGUAGE_CODE then, which is what programs read.
    """
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE
