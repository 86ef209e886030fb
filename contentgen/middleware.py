"""What happens to every request and response of the studio."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# Videos and archives are compressed already, and nobody could ask for ranges of them any more.
TEXT_TYPES = ("text/html", "text/css", "text/javascript", "image/svg+xml")


class TextCompressionMiddleware(GZipMiddleware):
    """Django's compression, for text alone; for static files too, unless `collectstatic` compressed them.

    A page may be compressed although it holds a secret (BREACH): its CSRF token is masked anew for every
    response, and Django makes the length of what it compresses random.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        content_type = response.headers.get("Content-Type", "").partition(";")[0]
        if content_type not in TEXT_TYPES or response.status_code == 206 or request.method == "HEAD":
            return response
        return super().process_response(request, response)
