"""The response to an exception that nothing handled: 503 while the database is busy or away, else 500."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import translation

from videos.api.errors import RETRY_AFTER, database_unavailable, internal_error, is_database_unavailable
from videos.api.paths import is_api_path


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for the exception that is being handled, as a page or in the shape of the APIs.

    Asks the database nothing, and so renders no context processor.
    """
    is_api = is_api_path(request.path_info)
    if not is_database_unavailable(sys.exc_info()[1]):
        return internal_error().response() if is_api else HttpResponse(_draw("500.html"), status=500)
    if is_api:
        return database_unavailable().response()
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    return HttpResponse(_draw("503.html"), status=503, headers=headers)


def _draw(template: str) -> str:
    """Return the page in the language of the request; in English where translating is what fails."""
    page = loader.get_template(template)
    try:
        return page.render()
    except Exception:  # noqa: BLE001  # whatever it is, this page is the last that can be shown
        with translation.override(None):
            return page.render()
