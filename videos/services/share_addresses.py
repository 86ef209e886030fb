"""The addresses of a link, whole, as they are copied into a chat."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from contentgen.public_url import public_address
from videos.models import ShareLink


def link_address(request: HttpRequest, link: ShareLink) -> str:
    """Return the address to pass on; empty for a link that is over, or whose secret cannot be read."""
    secret = link.secret if link.status == "active" else ""
    return whole_address(request, reverse("videos:shared", args=[secret])) if secret else ""


def whole_address(request: HttpRequest, path: str) -> str:
    """Return `path` with scheme and host: those of PUBLIC_URL where it is set, else of the request."""
    return public_address(path) if settings.PUBLIC_URL else request.build_absolute_uri(path)
