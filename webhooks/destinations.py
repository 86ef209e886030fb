"""Where webhooks may go: addresses on the internet, and inside only where a setting allows it.

Anybody with an account can enter an address, so the studio must not be led to what only its own network, or
this machine, may see. An address is checked as it is entered, and again each time that its host is looked up:
what a name stands for may have changed since (`network.py`).
"""

import ipaddress
from urllib.parse import urlsplit

import httpx2
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from contentgen.ip_addresses import Reach, reach_of, unwrap
from contentgen.stored_texts import translated
from webhooks.problems import INSIDE

MAX_URL = 1000  # characters
_WEB_PORTS = frozenset({80, 443})
_FIRST_UNPRIVILEGED_PORT = 1024  # below it are mail, SSH and the like, which must not be sent requests


class ForbiddenAddressError(Exception):
    """Nothing may be sent to an address. Its text says which, and why, in English: it is stored."""


def validate_url(url: str) -> str:
    """Return the address of a receiver, as it is stored. Raises `ValidationError` with a sentence.

    Nothing is looked up: a name that leads inside is refused when something is sent.
    """
    parsed = _parse(url.strip())
    if problem := _find_problem(parsed):
        raise ValidationError(problem)
    try:
        check_address(_literal(parsed.host))
    except ForbiddenAddressError as error:
        raise ValidationError(translated(str(error))) from error
    return url.strip()


def check_address(address: str) -> None:
    """Raise `ForbiddenAddressError` unless something may be sent to an IP address. Empty passes.

    Link-local addresses, where clouds keep the credentials of their machines, have to be named one by one.
    """
    if not address or _is_listed(address):
        return
    reach = reach_of(address)
    is_allowed = settings.WEBHOOK_PRIVATE_ADDRESSES and reach != Reach.LINK_LOCAL
    if reach != Reach.PUBLIC and not is_allowed:
        raise ForbiddenAddressError(INSIDE % {"address": address})


def _is_listed(address: str) -> bool:
    ip = unwrap(address)
    return any(ip in ipaddress.ip_network(network) for network in settings.WEBHOOK_ALLOWED_NETWORKS)


def _parse(url: str) -> httpx2.URL:
    example = "https://hooks.example.org/contentgen"
    not_one = ValidationError(gettext("Enter an address such as %(example)s.") % {"example": example})
    if len(url) > MAX_URL:
        raise ValidationError(gettext("An address has at most %(limit)s characters.") % {"limit": MAX_URL})
    if not url.isprintable() or any(each.isspace() for each in url) or "\\" in url:
        raise not_one
    try:
        parsed = httpx2.URL(url)
        _ = urlsplit(url).port
    except (httpx2.InvalidURL, ValueError) as error:
        raise not_one from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise not_one
    return parsed


def _find_problem(url: httpx2.URL) -> str:
    if url.userinfo:
        return gettext(
            "Leave user name and password out of the address: it is shown on pages. Use the signature."
        )
    if url.fragment:
        return gettext("Leave out what follows the “#”: it is never sent.")
    if url.scheme == "http" and not settings.WEBHOOK_HTTP:
        return gettext("Use an address that begins with https://: others could read what is sent over http.")
    if url.port is not None and url.port not in _WEB_PORTS and url.port < _FIRST_UNPRIVILEGED_PORT:
        return gettext("Use port 80, 443, or one from 1024 up.")
    return ""


def _literal(host: str) -> str:
    """Return the IP address that a host is, or surely stands for; empty for any other name."""
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return ""
