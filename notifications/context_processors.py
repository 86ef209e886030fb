"""What every page draws of notifications."""

from functools import partial

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from notifications.inbox import request_bell


def bell(request: HttpRequest) -> dict[str, object]:
    """Add the bell of whoever is signed in. It is lazy: fragments ask the database for none."""
    if not isinstance(getattr(request, "user", None), User):
        return {}
    return {"bell": SimpleLazyObject(partial(request_bell, request))}
