"""System checks of a deployment behind a proxy: what would lead people, links or cookies astray.

They run with `check --deploy`, and with `doctor` in production. What the proxy really sends, `doctor` finds
out by a request of its own.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.http.request import validate_host
from django.urls import URLResolver, get_resolver

from contentgen.public_url import path_of


@register(deploy=True)
def check_trusted_proxy(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.W006: HTTPS that nobody tells the studio of."""
    if settings.TRUST_PROXY or not settings.SECURE_SSL_REDIRECT:
        return []
    return [
        Warning(
            "TRUST_PROXY is 0: behind a proxy that ends TLS, each page redirects to itself for ever.",
            hint="Set TRUST_PROXY to the number of proxies in front of the studio.",
            id="contentgen.W006",
        )
    ]


@register(deploy=True)
def check_public_url_is_set(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.W007: a studio that cannot say where it is."""
    if settings.PUBLIC_URL:
        return []
    return [
        Warning(
            "PUBLIC_URL is not set: mail has no links, services are not asked to call back, and the links "
            "that people copy have whatever name the proxy passes on.",
            hint="Set PUBLIC_URL to the studio's address, such as https://studio.example.org.",
            id="contentgen.W007",
        )
    ]


@register(deploy=True)
def check_public_host(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E010: a public address that the studio does not answer to."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    if not host or validate_host(host, settings.ALLOWED_HOSTS):
        return []
    return [
        Error(
            f"PUBLIC_URL is at {host}, which ALLOWED_HOSTS does not have: it answers 400 there.",
            hint=f"Add {host} to ALLOWED_HOSTS.",
            id="contentgen.E010",
        )
    ]


@register(deploy=True)
def check_public_scheme(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.W008 and W009: an address with another scheme than the studio is served with."""
    scheme = urlsplit(settings.PUBLIC_URL).scheme
    if scheme == "http" and settings.SECURE_SSL_REDIRECT:
        return [
            Warning(
                "PUBLIC_URL begins with http://, and the studio sends plain HTTP to HTTPS.",
                hint="Set PUBLIC_URL to the address with https://.",
                id="contentgen.W008",
            )
        ]
    if scheme == "https" and not settings.SESSION_COOKIE_SECURE:
        return [
            Warning(
                "PUBLIC_URL begins with https://, and cookies are sent over plain HTTP too.",
                hint="Unset SECURE_SSL_REDIRECT, which is 1 in production; or set it to 1.",
                id="contentgen.W009",
            )
        ]
    return []


@register()
def check_own_path(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E011: a path of PUBLIC_URL that begins as pages of the studio do."""
    first = (path_of(settings.PUBLIC_URL) or "").split("/")[1:2]
    if not first or first[0] not in _first_segments(get_resolver()) | {"static"}:
        return []
    return [
        Error(
            f"PUBLIC_URL is below /{first[0]}, where the studio has pages of its own.",
            hint="Serve it below another path: nobody could tell whether the proxy has taken that one away.",
            id="contentgen.E011",
        )
    ]


def _first_segments(resolver: URLResolver) -> set[str]:
    """Return what addresses of the studio begin with."""
    found = set()
    for pattern in resolver.url_patterns:
        first = str(pattern.pattern).removeprefix("^").split("/")[0]
        found |= _first_segments(pattern) if isinstance(pattern, URLResolver) and not first else {first}
    return found
