"""A short note after something was done."""

from django.contrib import messages
from django.http import HttpResponse
from django_htmx.http import trigger_client_event
from django_stubs_ext import StrOrPromise

from videos.views.access import Request


def notify(request: Request, response: HttpResponse, text: StrOrPromise) -> HttpResponse:
    """Return `response` with `text` beside it: a toast for HTMX, else a message on the next page."""
    if request.htmx:
        return trigger_client_event(response, "toast", {"text": str(text)})
    messages.info(request, str(text))
    return response
