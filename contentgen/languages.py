"""The texts of scripts in the language of a page."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

SOURCE = "en"  # the language that the texts are written in, which needs no catalogue
_LOCALE = Path(__file__).parent / "locale"
_YEAR = 365 * 24 * 3600  # seconds
_catalogue = JavaScriptCatalog.as_view(packages=["contentgen"])


@login_not_required
@require_safe
def texts_of_scripts(request: HttpRequest, version: str, language: str) -> HttpResponseBase:
    """Serve a language's catalogue as a script. Browsers keep it: a changed one has another address.

    Raises `Http404` for a language that is not one of LANGUAGES.
    """
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with override(language):
        response = _catalogue(request)
    if version == _version_of(language):
        patch_cache_control(response, public=True, max_age=_YEAR, immutable=True)
    return response


def page_language(request: HttpRequest) -> dict[str, object]:
    """Add the language of the page, and the address of its scripts' texts; "" where they need none."""
    language = get_language() or SOURCE
    address = (
        "" if language == SOURCE else reverse("texts-of-scripts", args=[_version_of(language), language])
    )
    return {"page_language": language, "texts_of_scripts": address}


@cache
def _version_of(language: str) -> str:
    compiled = _LOCALE / language / "LC_MESSAGES" / "djangojs.mo"
    return sha256(compiled.read_bytes()).hexdigest()[:12] if compiled.exists() else "0"
