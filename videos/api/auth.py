"""Who is calling: a bearer token, or the session of someone who is signed in; and how often they may."""

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from accounts import tokens
from accounts.models import ApiToken, Scope, User
from videos.api.errors import ApiError

logger = logging.getLogger(__name__)

WINDOW = 60  # seconds over which requests are counted
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Caller:
    """Who asks; `token` is None for someone who is signed in with a browser."""

    user: User
    token: ApiToken | None

    @property
    def meter(self) -> str:
        """What requests are counted by."""
        return f"token:{self.token.pk}" if self.token else f"user:{self.user.pk}"


def authenticate(request: HttpRequest) -> Caller:
    """Return who is calling, with the right to do what the method does. Raises `ApiError`.

    A header counts before a cookie: 401 for a token that is unknown, expired or revoked, whoever is signed
    in. A session needs the CSRF token for whatever changes something; a bearer token does not, because no
    browser sends one by itself. A read token may only look (403). 429 with `Retry-After` past the limit.
    """
    caller = _by_token(request) if "Authorization" in request.headers else _by_session(request)
    if caller.token is not None and request.method not in _SAFE and caller.token.scope != Scope.WRITE:
        raise ApiError(403, "insufficient_scope", "This token may only read.")
    _count(caller)
    return caller


def _by_token(request: HttpRequest) -> Caller:
    scheme, _, secret = request.headers["Authorization"].partition(" ")
    token = tokens.authenticate(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise _stranger("This API token is unknown, expired or revoked.", "invalid_api_key")
    return Caller(token.user, token)


def _by_session(request: HttpRequest) -> Caller:
    if not isinstance(request.user, User):
        raise _stranger("Send an API token: 'Authorization: Bearer …'.", "missing_api_key")
    if request.method not in _SAFE and _is_forged(request):
        raise ApiError(403, "csrf_failed", "A request with a session cookie needs its X-CSRFToken header.")
    return Caller(request.user, None)


def _stranger(message: str, code: str) -> ApiError:
    return ApiError(401, code, message, headers={"WWW-Authenticate": "Bearer"})


def _is_forged(request: HttpRequest) -> bool:
    """What Django's own middleware would say of a view that is not exempt."""
    middleware = CsrfViewMiddleware(_guarded)
    middleware.process_request(request)
    return middleware.process_view(request, _guarded, (), {}) is not None


def _guarded(_: HttpRequest) -> HttpResponse:
    """Stands for a view that is not exempt from the CSRF check. Never called."""
    return HttpResponse()


def _count(caller: Caller) -> None:
    """Count the request in the present window; 429 when there were too many. Without a cache nobody waits."""
    now = time.time()
    meter = f"api-requests:{caller.meter}:{int(now // WINDOW)}"
    try:
        cache.add(meter, 0, WINDOW)
        count = cache.incr(meter)
    except Exception:  # each kind of cache has errors of its own, and none may close the door
        logger.warning("API requests cannot be counted", exc_info=True)
        return
    if count > settings.API_REQUESTS_PER_MINUTE:
        wait = WINDOW - int(now % WINDOW)
        message = f"More than {settings.API_REQUESTS_PER_MINUTE} requests in a minute; wait {wait} s."
        raise ApiError(429, "rate_limited", message, headers={"Retry-After": str(wait)})
