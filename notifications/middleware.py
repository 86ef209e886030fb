"""The bell rides on what a page polls anyway, so it needs no poller of its own."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.http import trigger_client_event

from accounts.models import User
from notifications.inbox import bell_of
from notifications.news import describe_bell

HEADER = "Bell-Version"
_EVENT = "studio:bell"


class BellMiddleware:
    """Adds an event with the bell to each fragment, for a page that shows another version of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        shown = request.headers.get(HEADER)
        if shown is None or "HX-Request" not in request.headers or response.status_code >= 300:
            return response
        user = getattr(request, "user", None)
        if isinstance(user, User):
            bell = bell_of(user.pk)
            if bell.version != shown:
                trigger_client_event(response, _EVENT, describe_bell(user.pk, bell, shown))
        return response
