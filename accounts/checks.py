"""System checks of what lets people in: what is misconfigured, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004

from accounts import mail


@register()
def check_mail(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """accounts.W001: mail that reaches nobody. accounts.E001: mail without a sender."""
    if not mail.can_deliver():
        return [
            Warning(
                "Nobody can reset a password by email, and no invitation is mailed: there is no mail server.",
                hint="Set EMAIL_HOST and EMAIL_FROM (see docs/operations.md). Until then, change passwords in"
                " the admin, and pass on the links of invitations yourself.",
                id="accounts.W001",
            )
        ]
    if settings.EMAIL_HOST and settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        return [
            Error(
                "EMAIL_HOST is set, and EMAIL_FROM is not.",
                hint="Set EMAIL_FROM to the address that the studio's mail comes from.",
                id="accounts.E001",
            )
        ]
    return []


@register()
def check_joining(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """accounts.W002: open domains that nobody can join from. accounts.W003: the same by the provider."""
    found: list[CheckMessage] = []
    if settings.SIGNUP_EMAIL_DOMAINS and not mail.can_deliver():
        found.append(
            Warning(
                "SIGNUP_EMAIL_DOMAINS is set, and nobody can join by it: no mail server sends the link.",
                hint="Set EMAIL_HOST and EMAIL_FROM, or invite people.",
                id="accounts.W002",
            )
        )
    if settings.OIDC_SIGNUP == "domains" and not settings.SIGNUP_EMAIL_DOMAINS:
        found.append(
            Warning(
                "OIDC_SIGNUP is domains, and SIGNUP_EMAIL_DOMAINS names none: nobody joins by it.",
                hint="Set SIGNUP_EMAIL_DOMAINS, or OIDC_SIGNUP to invited, everyone or closed.",
                id="accounts.W003",
            )
        )
    return found


@register()
def check_provider(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """accounts.E002: half of a provider. accounts.E003: one that anybody on the way could stand in for."""
    given = {name for name in ("OIDC_ISSUER", "OIDC_CLIENT_ID") if getattr(settings, name)}
    if len(given) == 1:
        (missing,) = {"OIDC_ISSUER", "OIDC_CLIENT_ID"} - given
        return [
            Error(
                f"{given.pop()} is set, and {missing} is not.",
                hint="Set both for signing in with an OpenID Connect provider, or neither.",
                id="accounts.E002",
            )
        ]
    if settings.OIDC_ENABLED and settings.PRODUCTION and not settings.OIDC_ISSUER.startswith("https://"):
        return [
            Error(
                f"OIDC_ISSUER is {settings.OIDC_ISSUER}, which is not https.",
                hint="Whoever stands between studio and provider could sign in as anybody. Use https.",
                id="accounts.E003",
            )
        ]
    return []
