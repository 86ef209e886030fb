"""What each request is called, in the log, in metrics and in traces."""

import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from contentgen.monitoring import log_context, tracing
from contentgen.monitoring.measures import OTHER, REQUEST_SECONDS, REQUESTS
from contentgen.monitoring.ports import is_private_port

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/=+-]{1,64}")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_ON_THE_PRIVATE_PORT = ("/metrics", "/health")

View = Callable[..., HttpResponseBase]


class RequestMiddleware:
    """Gives each request an id, which the response returns, and counts it by the name of its view.

    The id is that of the proxy in front, if there is one and it sends a plain one of at most 64 characters.
    What the request sets off is logged with it, in the workers too. First of all middleware: whatever answers
    a request answers below.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_private_port(request) and not request.path_info.startswith(_ON_THE_PRIVATE_PORT):
            return HttpResponse("Only /metrics is here.\n", status=404, content_type="text/plain")
        request_id = _given(request, "X-Request-ID", _REQUEST_ID) or uuid.uuid4().hex
        began = time.perf_counter()
        log_context.begin(request_id=request_id)
        with tracing.span(
            "request", _given(request, "traceparent", _TRACEPARENT), request_id=request_id
        ) as span:
            response = self.get_response(request)
            view = _view_of(request)
            if span is not None:
                span.update_name(view)
                span.set_attribute("http.response.status_code", response.status_code)
        response.headers["X-Request-ID"] = request_id
        REQUESTS.add(view=view, status=str(response.status_code))
        REQUEST_SECONDS.observe(time.perf_counter() - began, view=view)
        return response

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: object, view_kwargs: dict[str, object]
    ) -> None:
        name_video(view_kwargs)


def name_video(view_kwargs: dict[str, object]) -> None:
    """Let the lines of this request name the video that its address names, if any."""
    log_context.bind(video=view_kwargs.get("public_id") or view_kwargs.get("video_id"))


def _given(request: HttpRequest, header: str, shape: re.Pattern[str]) -> str:
    """Return what our proxy says in a header; empty without a proxy, and where it has another shape."""
    value = request.headers.get(header, "") if settings.TRUST_PROXY else ""
    return value if shape.fullmatch(value) else ""


def _view_of(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match and match.view_name) or OTHER
