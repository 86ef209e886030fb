"""The response to an exception that nothing handled: 503 while the database is busy or away, else 500."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults

from videos.api.errors import RETRY_AFTER, database_unavailable, internal_error, is_database_unavailable
from videos.api.paths import is_api_path


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for the exception that is being handled, as a page or in the shape of the APIs.

    Asks the database nothing, and so renders no context processor.
    """
    is_api = is_api_path(request.path_info)
    if not is_database_unavailable(sys.exc_info()[1]):
        return internal_error().response() if is_api else defaults.server_error(request)
    if is_api:
        return database_unavailable().response()
    page = loader.get_template("503.html").render()
    return HttpResponse(
        page, status=503, headers={"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    )
