"""How large the body of a request may be: small for a form, larger for the views that say so."""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.http.response import HttpResponseBase

V = TypeVar("V", bound=Callable[..., HttpResponseBase])

_BOUNDARIES = 64 * 1024  # bytes of a form that are neither text nor file


def takes_upload(max_bytes: Callable[[], int]) -> Callable[[V], V]:
    """Decorate a view that takes files: `max_bytes` returns how many bytes they may have together."""

    def decorate(view: V) -> V:
        view.max_body_bytes = lambda: max_bytes() + form_limit()  # type: ignore[attr-defined]
        return view

    return decorate


def form_limit() -> int:
    """Return how many bytes a form without files may have."""
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + _BOUNDARIES


def body_limit(view: Callable[..., HttpResponseBase]) -> int:
    """Return how many bytes the body of a request to `view` may have, from somebody who is known."""
    limit: Callable[[], int] = getattr(view, "max_body_bytes", form_limit)
    return limit()
