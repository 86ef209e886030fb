"""API tokens: issue, authenticate by the secret, revoke."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import override

from accounts import presence, subjects
from accounts.models import ApiToken, Scope, User
from audit.trail import record, record_all
from audit.vocabulary import Action
from contentgen.prepared_query import PreparedQuery

PREFIX = "cg_"  # so that people and secret scanners know one when they see it
_HINT_LENGTH = 10  # characters of a secret that stay readable
_USE_PRECISION = timedelta(minutes=1)  # how old `last_used_at` may be
_TOKEN_FIELDS = [field.attname for field in ApiToken._meta.concrete_fields]
_USER_FIELDS = [field.attname for field in User._meta.concrete_fields]


def issue(
    user: User, name: str, *, scope: Scope = Scope.WRITE, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Create a token. Return it with its secret, which is never stored and cannot be had again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user,
            name=name,
            scope=scope,
            hint=secret[:_HINT_LENGTH],
            digest=_digest(secret),
            expires_at=expires_at,
        )
        with override("en"):
            note = f"May {token.get_scope_display().lower()}."
        record(Action.CREATED, subjects.token(token), note=note)
    return token, secret


def authenticate(secret: str) -> ApiToken | None:
    """Return the token with this secret, its user loaded; None unless the token is valid and the user active.

    Takes one query, and two writes a minute. A fast hash is enough: the secret holds 256 random bits, which
    nobody guesses at any speed.
    """
    token = _find(_digest(secret))
    if token is None or not token.is_valid or not token.user.is_active:
        return None
    _record_use(token)
    return token


def revoke(token: ApiToken) -> bool:
    """Revoke a token for good. Return False when it had been revoked before."""
    with transaction.atomic():
        revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
        if revoked:
            record(Action.REVOKED, subjects.token(token))
    return bool(revoked)


def _by_digest(digest: str) -> QuerySet[ApiToken, dict[str, Any]]:
    fields = [*_TOKEN_FIELDS, *(f"user__{name}" for name in _USER_FIELDS)]
    rows: QuerySet[ApiToken, dict[str, Any]] = ApiToken.objects.filter(digest=digest).values(*fields)
    return rows


_find_by_digest = PreparedQuery(_by_digest, "the digest")


def _find(digest: str) -> ApiToken | None:
    row = _find_by_digest.first(digest)
    if row is None:
        return None
    values = list(row.values())
    count = len(_TOKEN_FIELDS)
    token = ApiToken.from_db(DEFAULT_DB_ALIAS, _TOKEN_FIELDS, values[:count])
    token.user = User.from_db(DEFAULT_DB_ALIAS, _USER_FIELDS, values[count:])
    return token


def active_tokens(user: User) -> QuerySet[ApiToken]:
    """Return the user's tokens that work now."""
    is_current = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiToken.objects.filter(is_current, user=user, revoked_at=None)


def revoke_all(user: User) -> int:
    """Revoke all tokens of the user for good. Return how many worked until now."""
    with transaction.atomic():
        active = list(active_tokens(user).select_for_update())
        ApiToken.objects.filter(pk__in=[token.pk for token in active]).update(revoked_at=timezone.now())
        record_all(Action.REVOKED, [subjects.token(token) for token in active])
    return len(active)


def _record_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = now - _USE_PRECISION
    if token.last_used_at is None or token.last_used_at < stale:
        outdated = Q(last_used_at=None) | Q(last_used_at__lt=stale)
        ApiToken.objects.filter(outdated, pk=token.pk).update(last_used_at=now)
        presence.note_seen(token.user_id)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
