"""What templates know of signing in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import mail, roles
from accounts.models import AccountDeletion, User


def account(request: HttpRequest) -> dict[str, Any]:
    """Return what may be done here, and by whom; nothing is asked of the database for it."""
    return {
        "may_create": SimpleLazyObject(lambda: _asks(request, roles.may_create)),
        "may_manage": SimpleLazyObject(lambda: _asks(request, roles.may_manage)),
        "account_notices": SimpleLazyObject(lambda: _notices(request)),
        "can_mail": mail.can_deliver(),
        "signup_domains": settings.SIGNUP_EMAIL_DOMAINS,
        "oidc_name": settings.OIDC_NAME if settings.OIDC_ENABLED else "",
    }


def _notices(request: HttpRequest) -> dict[str, Any]:
    """Return what the pages of an account remind of; asked of the database by them alone."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    offered = AccountDeletion.objects.filter(heir=user, accepted_at=None, started_at=None)
    return {
        "deletion": AccountDeletion.objects.filter(user=user).first(),
        "offers": offered.exists(),
    }


def _asks(request: HttpRequest, rule: Any) -> bool:
    user = getattr(request, "user", None)
    return isinstance(user, User) and bool(rule(user))
