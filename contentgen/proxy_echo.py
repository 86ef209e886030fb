"""What arrives here of a request that went through the proxies: told to `doctor` alone, which asks for it."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.client_address import client_address

HEADER = "ContentGen-Doctor"  # holds what `permit` returns
_SALT, _MAX_AGE = "contentgen.proxy_echo", 60  # seconds


def permit() -> str:
    """Return what shows that whoever asks has this studio's SECRET_KEY."""
    return signing.dumps("doctor", salt=_SALT)


@login_not_required
@require_safe
@never_cache
def echo(request: HttpRequest) -> JsonResponse:
    """Return client, scheme and host as the studio sees them, and what the proxies wrote of the client."""
    try:
        signing.loads(request.headers.get(HEADER, ""), salt=_SALT, max_age=_MAX_AGE)
    except signing.BadSignature:
        return JsonResponse({"error": "Only this studio's doctor is told."}, status=404)
    seen: dict[str, Any] = {
        "client": client_address(request),
        "scheme": request.scheme,
        "host": request.headers.get("Host", ""),
        "forwarded_for": request.headers.get("X-Forwarded-For", ""),
    }
    return JsonResponse(seen)
