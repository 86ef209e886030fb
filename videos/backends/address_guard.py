"""Which addresses a backend may send us to.

A backend names addresses: it redirects its content, and its jobs say where their files are. One on the
internet must not make the studio read what only this network, or this machine, may see. What is checked is
the address that a connection has reached, before anything is sent there: a name may stand for another address
each time that it is looked up.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx2

from contentgen.ip_addresses import Reach, reach_of
from videos.backends.connection import Connection, is_http_url

# What a client sends of ours by itself. It belongs to the backend alone.
_CREDENTIALS = ("authorization", "cookie", "openai-organization", "openai-project")


class ForbiddenAddressError(httpx2.ConnectError):
    """A backend sent us to an address that it must not name. Nothing was sent there."""


class AddressGuard:
    """Watches the requests of the clients of one backend; `watch` is a request hook of httpx2's.

    - The backend itself may be anywhere, unless it is known not to be inside a private network
      (`connection.in_private_network`). Where that is not known, its first connection decides for the others.
    - It may name public addresses, and those that are no closer to us than its own: one in a private network
      names others there, one on this machine others on this machine. Link-local ones it may not name at all.
    - No credentials of ours are sent to anybody but the backend.

    Where an HTTP proxy is set in the environment, it is the proxy that connects, so only addresses that are
    written out are checked; names are then the proxy's business.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._own_host = httpx2.URL(connection.base_url).host
        self._own_addresses: set[str] = set()

    @property
    def is_backend_private(self) -> bool | None:
        """Whether the backend was met at an address that is not public; None while it was not met."""
        if not self._own_addresses:
            return None
        return any(reach_of(address) > Reach.PUBLIC for address in self._own_addresses)

    async def watch(self, request: httpx2.Request) -> None:
        """Check where a request goes; called for each, also for those that follow a redirect."""
        # A redirect can lead anywhere: httpx2 would follow it to ws:// too, and trip over a port of 99999.
        if not is_http_url(request.url):
            raise httpx2.UnsupportedProtocol(f"{request.url} is no address on the web", request=request)
        if not self._connection.owns(request.url):
            for name in _CREDENTIALS:
                request.headers.pop(name, None)
        host = request.url.host
        if _is_ip(host):
            await self._check(host, host, is_connected=False)
        request.extensions = {**request.extensions, "trace": self._trace(request.url)}

    def _trace(self, url: httpx2.URL) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
        """Return the hook with which httpcore2 tells of a connection that it opens for a request to `url`."""
        is_direct = True

        async def trace(event: str, info: dict[str, Any]) -> None:
            nonlocal is_direct
            if event == "connection.connect_tcp.started":
                is_direct = info["host"] == url.raw_host.decode("ascii")  # else a proxy is connected to
            elif event == "connection.connect_tcp.complete" and is_direct:
                stream = info["return_value"]
                try:
                    await self._check(url.host, stream.get_extra_info("server_addr")[0], is_connected=True)
                except BaseException:
                    await stream.aclose()
                    raise

        return trace

    async def _check(self, host: str, address: str, *, is_connected: bool) -> None:
        """Raise `httpx2.ConnectError` unless a request for `host` may go to `address`."""
        reach = reach_of(address)
        if host == self._own_host:
            self._check_own(address, reach, is_connected=is_connected)
        elif address in self._own_addresses:
            return
        elif reach == Reach.LINK_LOCAL or reach > await self._reach_of_backend():
            raise ForbiddenAddressError(
                f"{host} is at {address}, inside a private network or on this machine."
            )

    def _check_own(self, address: str, reach: Reach, *, is_connected: bool) -> None:
        known = self._connection.in_private_network
        before = max(map(reach_of, self._own_addresses), default=reach)
        is_moved = reach > (before if known is None else Reach.LINK_LOCAL if known else Reach.PUBLIC)
        if is_moved or (reach == Reach.LINK_LOCAL and not _is_ip(self._own_host)):
            raise httpx2.ConnectError(
                f"{self._own_host} is at {address} now, inside a private network, where it was not before. "
                "If that is right, a superuser sets “inside a private network” in the admin."
            )
        if is_connected:
            self._own_addresses.add(address)

    async def _reach_of_backend(self) -> Reach:
        """Return how close the addresses are that the backend may name."""
        known = self._connection.in_private_network
        if known is False:
            return Reach.PUBLIC
        addresses = self._own_addresses or await _look_up(self._own_host)
        reach = min(map(reach_of, addresses), default=Reach.PUBLIC)
        return max(reach, Reach.PRIVATE) if known else reach


async def _look_up(host: str) -> set[str]:
    """Return the addresses that a name stands for now; none where that cannot be found out."""
    try:
        return {str(address[0]) for *_, address in await anyio.getaddrinfo(host, None)}
    except OSError:
        return set()


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
