"""API tokens: made, found again by their secret, and revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiToken, Scope, User

PREFIX = "cg_"  # so that people and secret scanners know one when they see it
_HINT = 10  # characters of a secret that stay readable
_USE_NOTED_EVERY = timedelta(minutes=1)


def issue(
    user: User, name: str, *, scope: Scope = Scope.WRITE, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which is told this once and never stored."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, scope=scope, hint=secret[:_HINT], digest=_digest(secret), expires_at=expires_at
    )
    return token, secret


def find(secret: str) -> ApiToken | None:
    """Return the token with this secret and its user, if both may come in now.

    One query, and a write a minute. A fast hash is enough: the secret holds 256 random bits, which nobody
    guesses at any speed.
    """
    token = ApiToken.objects.select_related("user").filter(digest=_digest(secret)).first()
    if token is None or not token.is_valid or not token.user.is_active:
        return None
    _note_use(token)
    return token


def revoke(token: ApiToken) -> bool:
    """End a token for good. Returns False when it had been revoked before."""
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()))


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = now - _USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=stale)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
