"""The port of its own that metrics may have."""

from django.conf import settings
from django.http import HttpRequest


def is_private_port(request: HttpRequest) -> bool:
    """Whether the request came in at METRICS_PORT. The web server says so, not the client."""
    return bool(settings.METRICS_PORT) and request.META.get("SERVER_PORT") == str(settings.METRICS_PORT)
