"""Pages and their parts, compressed on their way out."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# What is text. Films and archives are compressed already, and ranges of them could not be asked for any more.
TYPES = ("text/html", "text/css", "text/javascript", "image/svg+xml")


class CompressText(GZipMiddleware):
    """Django's middleware for what is text, static files too where nobody has collected and compressed them.

    A page may be compressed though it holds a secret (BREACH): its CSRF token is masked anew for every
    answer, and Django makes the length of what it compresses random.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind not in TYPES or response.status_code == 206 or request.method == "HEAD":
            return response
        return super().process_response(request, response)
