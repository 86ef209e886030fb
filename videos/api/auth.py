"""Authentication and rate limit of both APIs: a bearer token, or the session of someone who is signed in."""

from dataclasses import dataclass

from django.http import HttpRequest
from ninja.utils import check_csrf

from accounts import tokens
from accounts.models import ApiToken, Scope, User
from videos.api.errors import ApiError
from videos.api.rate_limit import enforce_rate_limit

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Caller:
    """Who is calling; `token` is None for someone who is signed in with a browser."""

    user: User
    token: ApiToken | None

    @property
    def rate_limit_key(self) -> str:
        """The name under which this caller's requests are counted."""
        return f"token:{self.token.pk}" if self.token else f"user:{self.user.pk}"


def authenticate(request: HttpRequest) -> Caller:
    """Return who is calling, once it is clear that they may use the request's method. Raises `ApiError`.

    A header takes precedence over a cookie: 401 for a token that is unknown, expired or revoked, whoever is
    signed in. A session needs the CSRF token for every unsafe method (403); a bearer token does not, because
    no browser sends one by itself. A read token may only read (403). 429 with `Retry-After` past the limit.
    """
    caller = (
        _authenticate_token(request) if "Authorization" in request.headers else _authenticate_session(request)
    )
    if caller.token is not None and request.method not in _SAFE_METHODS and caller.token.scope != Scope.WRITE:
        raise ApiError(403, "insufficient_scope", "This token may only read.")
    enforce_rate_limit(caller.rate_limit_key)
    return caller


def _authenticate_token(request: HttpRequest) -> Caller:
    scheme, _, secret = request.headers["Authorization"].partition(" ")
    token = tokens.authenticate(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise _unauthenticated("This API token is unknown, expired or revoked.", "invalid_api_key")
    return Caller(token.user, token)


def _authenticate_session(request: HttpRequest) -> Caller:
    if not isinstance(request.user, User):
        raise _unauthenticated("Send an API token: 'Authorization: Bearer …'.", "missing_api_key")
    if check_csrf(request) is not None:
        raise ApiError(403, "csrf_failed", "A request with a session cookie needs its X-CSRFToken header.")
    return Caller(request.user, None)


def _unauthenticated(message: str, code: str) -> ApiError:
    return ApiError(401, code, message, headers={"WWW-Authenticate": "Bearer"})
