"""Authentication and rate limit of both APIs: a bearer token, or the session of someone who is signed in."""

from dataclasses import dataclass, replace
from decimal import Decimal

from django.http import HttpRequest
from django.urls import reverse
from ninja.utils import check_csrf

from accounts import roles, second_factor, tokens
from accounts.models import ApiToken, Scope, User
from audit.origin import identify
from contentgen.monitoring import log_context
from videos.api.errors import ApiError
from videos.api.payments import read_confirmed_price
from videos.api.rate_limit import enforce_rate_limit

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Caller:
    """Who is calling; `token` is None for someone who is signed in with a browser.

    `confirmed_price` is what the request says that it may cost, where it says so.
    """

    user: User
    token: ApiToken | None
    confirmed_price: Decimal | None = None

    @property
    def rate_limit_key(self) -> str:
        """The name under which this caller's requests are counted."""
        return f"token:{self.token.pk}" if self.token else f"user:{self.user.pk}"


def authenticate(request: HttpRequest) -> Caller:
    """Return who is calling, once it is clear that they may use the request's method. Raises `ApiError`.

    A header takes precedence over a cookie: 401 for a token that is unknown, expired or revoked, whoever is
    signed in. A session needs the CSRF token for every unsafe method (403); a bearer token does not, because
    no browser sends one by itself. A read token, and a viewer, may only read (403). 429 with `Retry-After`
    past the limit.
    """
    caller = (
        _authenticate_token(request) if "Authorization" in request.headers else _authenticate_session(request)
    )
    if caller.token is not None and request.method not in _SAFE_METHODS and caller.token.scope != Scope.WRITE:
        raise ApiError(403, "insufficient_scope", "This token may only read.")
    if request.method not in _SAFE_METHODS and not roles.may_create(caller.user):
        raise ApiError(403, "insufficient_role", roles.VIEWERS_ONLY_LOOK)
    enforce_rate_limit(caller.rate_limit_key)
    identify(caller.user, caller.token)
    log_context.bind(user=caller.user.pk)
    return replace(caller, confirmed_price=read_confirmed_price(request))


def _authenticate_token(request: HttpRequest) -> Caller:
    scheme, _, secret = request.headers["Authorization"].strip().partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer":
        raise _unauthenticated(request, _explain_scheme(scheme, secret))
    if not secret:
        raise _unauthenticated(request, "The Authorization header says 'Bearer' and no token: it is empty.")
    token = tokens.authenticate(secret)
    if token is None:
        raise _unauthenticated(request, "This API token is unknown, expired or revoked.")
    return Caller(token.user, token)


def _explain_scheme(scheme: str, secret: str) -> str:
    """Return what is wrong with a header that does not begin with `Bearer`, without quoting a secret."""
    if not scheme:
        return "The Authorization header is empty."
    if not secret or scheme.startswith(tokens.PREFIX):
        return "The Authorization header has a token without 'Bearer' before it."
    return "The Authorization header has another scheme than 'Bearer'."


def _authenticate_session(request: HttpRequest) -> Caller:
    if not isinstance(request.user, User):
        raise _unauthenticated(request, "There is no API token in this request.", "missing_api_key")
    if check_csrf(request) is not None:
        raise ApiError(403, "csrf_failed", "A request with a session cookie needs its X-CSRFToken header.")
    if second_factor.is_missing(request.user):
        raise ApiError(403, "second_factor_missing", "Set up a second factor first, on the page “Sign-in”.")
    return Caller(request.user, None)


def _unauthenticated(request: HttpRequest, problem: str, code: str = "invalid_api_key") -> ApiError:
    page = request.build_absolute_uri(reverse("api_tokens"))
    message = f"{problem} Send 'Authorization: Bearer {tokens.PREFIX}…' with a token made at {page}."
    return ApiError(401, code, message, headers={"WWW-Authenticate": 'Bearer realm="ContentGen"'})
