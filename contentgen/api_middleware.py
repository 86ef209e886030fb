"""Middleware for the sake of programs: an answer to a wrong Host, and a short way to the APIs."""

import logging

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.log import log_response

from contentgen.middleware import View
from contentgen.monitoring.middleware import name_video
from videos.api.errors import ApiError
from videos.api.paths import is_api_path

logger = logging.getLogger(__name__)

_TOKEN_PATHS = ("/api/v1/", "/v1/")  # below which nothing looks at a session when a token is sent


class AllowedHostsMiddleware:
    """Refuses a request under a name that is not among ALLOWED_HOSTS, before anything else asks for the host.

    Django would raise an error wherever that happens first, whose answer names no reason, and log its
    traceback.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost:
            return _refuse_host(request)
        return self.get_response(request)


def _refuse_host(request: HttpRequest) -> HttpResponse:
    host = request.headers.get("host", "")[:255]
    message = f"This studio does not answer under the name {host!r}: add it to ALLOWED_HOSTS."
    if is_api_path(request.path_info):
        response: HttpResponse = ApiError(400, "host_not_allowed", message).response()
    else:
        response = HttpResponse(message, content_type="text/plain; charset=utf-8", status=400)
    response.headers["Content-Length"] = str(len(response.content))
    # One line: this marks the response as logged, so that Django adds none of its own.
    log_response("%s", message, response=response, request=request, logger=logger, level="warning")
    return response


class TokenRequestMiddleware:
    """Takes a request to an API that brings a token straight to its view.

    What comes after this middleware is for pages: sessions, messages, compression, static files. The views of
    the APIs are open and exempt from Django's CSRF check, because `videos.api.auth` does both checks itself,
    and they answer every error.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "authorization" not in request.headers or not request.path_info.startswith(_TOKEN_PATHS):
            return self.get_response(request)
        match = resolve(request.path_info)
        if not getattr(match.func, "has_error_shape", False):  # a page of people
            return self.get_response(request)
        request.resolver_match = match
        name_video(match.kwargs)
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, HttpResponse) and not response.has_header("Content-Length"):
            response.headers["Content-Length"] = str(len(response.content))
        return response
