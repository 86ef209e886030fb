"""All routes of the project, and an address that leads to each."""

import re
from collections.abc import Iterator, Mapping

from django.urls import Resolver404, URLPattern, URLResolver, resolve

ARGUMENTS = {"base36": "1", "int": "1", "slug": "video_1", "str": "video_1", "path": "1"}
REGEX_MATCHES = (
    "accounts/",
    "API/nowhere",
    "api/nowhere",
    "nowhere",
)  # one of them leads to each route that is a regex


def routes_of(resolver: URLResolver, parents: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every route in its parts, as `ResolverMatch.route` joins them."""
    for pattern in resolver.url_patterns:
        part = str(pattern.pattern)
        route = (*parents, part.removeprefix("^") if parents else part)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes_of(pattern, route)


def address_of(route: tuple[str, ...], arguments: Mapping[str, str] = ARGUMENTS) -> str:
    """Return an address that leads to `route` and no other. `arguments` are by the names of converters."""
    *parents, last = (
        re.sub(r"<(?:(\w+):)?\w+>", lambda match: arguments[match[1] or "str"], part) for part in route
    )
    for ending in (last, *REGEX_MATCHES):
        address = "/" + "".join([*parents, ending])
        try:
            if resolve(address).route == "".join(route):
                return address
        except Resolver404:
            continue
    raise LookupError(f"No address is known that leads to {route}; add one to REGEX_MATCHES.")
