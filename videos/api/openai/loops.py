"""Requests that this studio sent itself, through a backend that leads back to it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from videos.api.errors import ApiError
from videos.api.http import View
from videos.backends.hops import LOOP_HEADER, MAX_HOPS, VIA_HEADER, TooManyHopsError, parse_hops
from videos.models import StudioState

_LEADS_BACK = (
    "This request was sent by this studio itself: its backend leads back to it. Nothing was created. "
    "Connect another backend."
)


def read_hops(request: HttpRequest) -> tuple[str, ...]:
    """Return the studios that the request has come through. Raises `ApiError` for one that must not go on."""
    try:
        return parse_hops(request.headers.get(VIA_HEADER, ""))
    except TooManyHopsError as error:
        message = f"This request has come through more than {MAX_HOPS} studios. Nothing was created."
        raise ApiError(400, "loop_detected", message) from error


def refuse_loops(request: HttpRequest) -> None:
    """Raise `ApiError` for a request that this studio sent itself.

    A 400 and no 508: the studio that sent it must know that nothing was accepted.
    """
    if _is_own(read_hops(request)):
        raise ApiError(400, "loop_detected", _LEADS_BACK)


def mark_own_requests(view: Callable[..., HttpResponseBase]) -> View:
    """Decorate a view, so that a studio which probes its own address learns from any answer that it does."""

    @wraps(view)
    def marking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if VIA_HEADER in request.headers:
            try:
                is_own = _is_own(read_hops(request))
            except ApiError:
                is_own = False
            if is_own:
                response[LOOP_HEADER] = "1"
        return response

    return marking


def _is_own(hops: tuple[str, ...]) -> bool:
    return bool(hops) and str(StudioState.objects.load().installation) in hops
