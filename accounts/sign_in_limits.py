"""How often a password may be guessed, so that a stranger who guesses does not lock the owner out.

Wrong guesses count for the name *and* the network they come from. Many wrong guesses for one name, from
anywhere, leave each network a single guess at a time, but never none: whoever knows the password gets in. A
browser in which somebody has signed in before is known by a cookie, and has a limit of its own that strangers
do not touch.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.client_address import client_network
from accounts.models import User

COOKIE = "known_device"
_COOKIE_AGE = 365 * 24 * 3600  # seconds
_SALT = "accounts.known_device"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` attempts in `seconds`, counted from the first."""

    name: str
    amount: int
    seconds: int

    def key(self, *subject: str) -> str:
        return f"sign-in:{self.name}:{hashlib.sha256(repr(subject).encode()).hexdigest()}"

    def allows(self, *subject: str) -> bool:
        """Count one attempt of this subject, and return whether it was still allowed."""
        return self.count(self.key(*subject))

    def count(self, key: str) -> bool:
        """Count one attempt under `key`, and return whether it was still allowed."""
        cache.add(key, 0, self.seconds)
        try:
            return int(cache.incr(key)) <= self.amount
        except ValueError:  # it expired between the two
            return True


FROM_NETWORK = Limit("network", 30, 60)  # for any names
FOR_NAME_FROM_NETWORK = Limit("name-and-network", 5, 300)
FOR_NAME = Limit("name", 50, 3600)  # from anywhere
FOR_NAME_UNDER_ATTACK = Limit("name-under-attack", 1, 300)  # from each network
FROM_DEVICE = Limit("device", 10, 300)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A guess that was counted before it was tried, because many may be tried at once."""

    is_allowed: bool
    keys: tuple[str, ...] = ()

    def forgive(self) -> None:
        """Take the guess back: it was right."""
        for key in self.keys:
            try:
                cache.decr(key)
            except ValueError:
                continue


def begin_attempt(request: HttpRequest, username: str) -> Attempt:
    """Count a guess at the password of `username`, and return whether it may be tried."""
    name, network = unicodedata.normalize("NFKC", username).strip().casefold(), client_network(request)
    if device := _known_device(request, username):
        key = FROM_DEVICE.key(device)
        return Attempt(FROM_DEVICE.count(key), (key,))
    from_network, for_name = FROM_NETWORK.key(network), FOR_NAME.key(name)
    if not FROM_NETWORK.count(from_network):
        return Attempt(is_allowed=False)
    limit = FOR_NAME_FROM_NETWORK if FOR_NAME.count(for_name) else FOR_NAME_UNDER_ATTACK
    for_both = limit.key(name, network)
    return Attempt(limit.count(for_both), (from_network, for_name, for_both))


def remember_device(response: HttpResponse, user: User) -> None:
    """Give the browser the cookie by which it is known to have signed in; a changed password ends that."""
    response.set_cookie(
        COOKIE,
        signing.dumps([user.pk, _mark(user)], salt=_SALT),
        max_age=_COOKIE_AGE,
        path=f"{settings.SESSION_COOKIE_PATH}accounts/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_device(request: HttpRequest, username: str) -> str:
    """Return what tells this browser apart if `username` has signed in with it before; else nothing."""
    cookie = request.COOKIES.get(COOKIE, "")
    try:
        content: Any = signing.loads(cookie, salt=_SALT, max_age=_COOKIE_AGE)
        pk, mark = content
    except (signing.BadSignature, TypeError, ValueError):
        return ""
    user = User.objects.filter(pk=pk, username__iexact=username).first()
    return cookie if user is not None and constant_time_compare(mark, _mark(user)) else ""


def _mark(user: User) -> str:
    return salted_hmac(_SALT, user.password).hexdigest()
