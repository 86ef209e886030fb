"""From which address a request comes, behind as many proxies as the operator says."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"  # of a Unix socket, for one, there is no address
_V6_PREFIX = 64  # bits; one household or server has at least so many addresses


def client_address(request: HttpRequest) -> str:
    """Return the address that the outermost of our `TRUST_PROXY` proxies was called from.

    Each of them appends the address that called it to `X-Forwarded-For`; whatever stands further left was
    written by the client, and may be a lie. Without proxies the header is not looked at. Where it has fewer
    entries than there are proxies, or no address in that place, the request did not come through them all:
    then it is the address of whoever called us.
    """
    count: int = settings.TRUST_PROXY
    forwarded = request.headers.get("x-forwarded-for", "").split(",")
    if count and len(forwarded) >= count and (address := _parse(forwarded[-count])):
        return address
    return _parse(request.META.get("REMOTE_ADDR", "")) or UNKNOWN


def client_network(request: HttpRequest) -> str:
    """Return the address as far as it tells clients apart: of IPv6 the first 64 bits."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{_V6_PREFIX}", strict=False).network_address)


def _parse(text: str) -> str:
    """Return an address in its one normal form, without port, brackets and zone; empty for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
