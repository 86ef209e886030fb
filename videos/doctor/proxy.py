"""The proxies in front: whether what they say of a request is true, and what a client can make them say."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings

from contentgen.proxy_echo import HEADER, permit
from contentgen.public_url import public_address
from videos.doctor.finding import Finding, Findings, not_checked, ok, warning, wrong
from videos.doctor.runner import describe

WHAT = "proxy"
_TIMEOUT = 4.0  # seconds
_MAX_REPLY = 10_000  # bytes
_FORGED = "198.51.100.77"  # of a network that is nobody's (RFC 5737)


def check_proxy() -> Findings:
    """Ask the studio through its public address what it sees, claiming another client and plain HTTP."""
    if not settings.PUBLIC_URL:
        yield not_checked(WHAT, "PUBLIC_URL is not set.", "Set it to the studio's address.")
        return
    try:
        seen = _ask()
    except HTTPError as error:
        found = f"{settings.PUBLIC_URL} answers {error.code} to a question that this studio would answer."
        yield wrong(WHAT, found, "Another program answers there, or a studio with another SECRET_KEY.")
    except Exception as error:  # noqa: BLE001  # whatever it is, it says nothing about the proxy
        advice = "It may be reachable from outside all the same: run this where it is."
        yield not_checked(WHAT, f"{settings.PUBLIC_URL} cannot be asked from here: {describe(error)}", advice)
    else:
        problems = list(_problems(seen))
        yield from problems or [ok(WHAT, f"It says {seen['client']}, {seen['scheme']} and {seen['host']}.")]


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _ask() -> dict[str, str]:
    path = f"{settings.FORCE_SCRIPT_NAME or ''}/health/proxy"
    claims = {HEADER: permit(), "X-Forwarded-For": _FORGED, "X-Forwarded-Proto": "http"}
    request = Request(public_address(path), headers=claims)  # noqa: S310  # http or https, by contentgen.E005
    with build_opener(_NoRedirects).open(request, timeout=_TIMEOUT) as reply:
        seen: dict[str, str] = json.loads(reply.read(_MAX_REPLY))
    return seen


def _problems(seen: dict[str, str]) -> Findings:
    public = urlsplit(settings.PUBLIC_URL)
    if seen["client"] == _FORGED:
        found = "Whoever claims in X-Forwarded-For to be somebody else is believed."
        advice = "Lower TRUST_PROXY to the number of proxies, or have the first of them set that header anew."
        yield wrong(WHAT, found, advice)
    yield from _wrong_count(seen)
    if seen["scheme"] != public.scheme:
        found = f"It arrives as {seen['scheme']}, and PUBLIC_URL is {public.scheme}."
        advice = "Have the proxy set X-Forwarded-Proto, whatever a client says, and set TRUST_PROXY."
        yield wrong(WHAT, found, advice)
    if seen["host"].lower() != public.netloc.lower():
        found = f"It arrives for the host {seen['host']}, and PUBLIC_URL has {public.netloc}."
        yield wrong(WHAT, found, "Have the proxy pass on the header Host as it is.")


def _wrong_count(seen: dict[str, str]) -> Findings:
    """Compare TRUST_PROXY with what the proxies themselves have added."""
    added = [each.strip() for each in seen["forwarded_for"].split(",") if each.strip()]
    added = added[1:] if added[:1] == [_FORGED] else added
    if len(added) != settings.TRUST_PROXY and seen["client"] != _FORGED:
        yield _count_finding(len(added))


def _count_finding(count: int) -> Finding:
    found = f"X-Forwarded-For has {count} of {settings.TRUST_PROXY} addresses that TRUST_PROXY counts on."
    advice = "Set TRUST_PROXY to the number of proxies, and have each add the address that called it."
    return warning(WHAT, found, advice)
