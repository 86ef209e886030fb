"""A short note after something was done, and the way to undo it."""

from django.contrib import messages
from django.http import HttpResponse
from django_htmx.http import trigger_client_event

from videos.views.loading import Request


def say(request: Request, response: HttpResponse, text: str, *, undo: str = "") -> HttpResponse:
    """Add `text` to what `response` brings: a toast for HTMX, a message on the next page otherwise.

    `undo` is an address that takes a POST. It is sent with HTMX wherever scripts run, and whatever comes back
    is swapped out of band only; without scripts it is a plain form, so it answers that with a redirect.
    """
    if request.htmx:
        return trigger_client_event(response, "toast", {"text": text, "undo": undo})
    messages.info(request, text, extra_tags=undo)
    return response
