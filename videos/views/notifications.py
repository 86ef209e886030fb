"""A short note after something was done."""

from django.contrib import messages
from django.http import HttpResponse
from django_htmx.http import trigger_client_event

from videos.views.access import Request


def notify(request: Request, response: HttpResponse, text: str) -> HttpResponse:
    """Return `response` with `text` beside it: a toast for HTMX, else a message on the next page."""
    if request.htmx:
        return trigger_client_event(response, "toast", {"text": text})
    messages.info(request, text)
    return response
