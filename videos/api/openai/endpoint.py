"""Endpoints of the Videos API: dispatched by method, authenticated, and answered in the protocol's shape."""

import json
from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from videos.api.auth import authenticate
from videos.api.contract import Contract
from videos.api.errors import ApiError
from videos.api.http import View, with_error_shape
from videos.api.openai import extensions
from videos.api.openai.loops import mark_own_requests, refuse_loops
from videos.api.openai.requests import CONTRACT
from videos.api.paths import hint_for

Endpoint = Callable[..., HttpResponseBase]


def dispatch_by_method(contract: Contract = CONTRACT, **endpoints: Endpoint) -> View:
    """Return the view that answers each method with its endpoint.

    An endpoint is called with the request, the caller and the parts of the path. GET answers HEAD too. Every
    error is answered in the protocol's shape. A POST that this studio sent itself is refused.
    """

    @mark_own_requests
    @with_error_shape(contract)
    def view(request: HttpRequest, **parts: str) -> HttpResponseBase:
        endpoint = endpoints.get("GET" if request.method == "HEAD" else str(request.method))
        if endpoint is None:
            return HttpResponseNotAllowed(endpoints)
        if request.method == "POST":
            refuse_loops(request)
        response = endpoint(request, authenticate(request), **parts)
        if ignored := extensions.noted(request):
            response["Ignored-Fields"] = ignored
        return response

    return view


@with_error_shape(CONTRACT)
def unknown_url(request: HttpRequest) -> HttpResponse:
    """Answer 404 to every other address below /v1/."""
    message = f"Invalid URL ({request.method} {request.path[:200]}).{hint_for(request.path_info)}"
    raise ApiError(404, "unknown_url", message)


def json_response(body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a JSON response. All values are plain, so Django's slower encoder is not needed."""
    return HttpResponse(json.dumps(body), content_type="application/json", headers=dict(headers or {}))
