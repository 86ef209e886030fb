"""Files for programs, which follow redirects or do not."""

from dataclasses import replace

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from videos.media.file_response import StoredFile, file_response


def send_file(request: HttpRequest, stored: StoredFile) -> HttpResponseBase:
    """Respond as `file_response` does, without a redirect for whoever would not follow it.

    That is a program whose operator says so (`API_REDIRECTS`), and a page of another origin: the store would
    have to allow that origin too.
    """
    is_relayed = not settings.API_REDIRECTS or "Origin" in request.headers
    return file_response(request, replace(stored, is_relayed=is_relayed))
