"""One request to one receiver: bounded in time and bytes, and never to where webhooks may not go.

The host is looked up once, each address it stands for is checked, and the connection is made to one of those:
a name that stands for another address the next time (DNS rebinding) leads nowhere. TLS is verified for the
host's name. Redirects are not followed, no cookie is kept, no proxy of the environment is used.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore2
import httpx2

from webhooks import problems
from webhooks.destinations import ForbiddenAddressError, check_address

CONNECT_SECONDS = 5.0  # for one address
MAX_ADDRESSES = 3  # that are tried of those a name stands for
BODY_SECONDS = 2.0  # for the body of a response: the status is what counts
MAX_BODY = 2048  # bytes that are read of it
_HTTP_DATE_LIMIT = 40  # characters

# A name server that does not answer holds a thread for longer than the request waits for it.
_resolver = ThreadPoolExecutor(max_workers=64, thread_name_prefix="webhooks-dns")


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt. `status` is None where no response came; `error` says why, in English."""

    status: int | None = None
    body: str = ""
    error: str = ""
    retry_after: str = ""  # as the receiver wrote it
    duration_ms: int = 0

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def post(url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Outcome:
    """Send one POST, and return what came of it within `seconds`. Raises nothing."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            found = await _post(httpx2.URL(url), headers, body, seconds)
    except Exception as error:  # noqa: BLE001  # whatever a receiver does, it is the receiver's failure
        found = Outcome(error=_explain(error, seconds))
    duration = round((time.monotonic() - started) * 1000)
    return Outcome(found.status, found.body, found.error, found.retry_after, duration)


async def _post(url: httpx2.URL, headers: Mapping[str, str], body: bytes, seconds: float) -> Outcome:
    target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    own = {"Host": url.netloc.decode("ascii"), "Content-Length": str(len(body))}
    request = httpcore2.Request(
        "POST",
        target,
        headers=[(name.encode(), value.encode()) for name, value in (own | dict(headers)).items()],
        content=body,
        extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)},
    )
    tls = _tls() if url.scheme == "https" else None
    async with httpcore2.AsyncConnectionPool(tls, network_backend=_GuardedNetwork()) as pool:
        response = await pool.handle_async_request(request)
        try:
            return await _read(response)
        finally:
            await response.aclose()


async def _read(response: httpcore2.Response) -> Outcome:
    text = (await _begin_of_body(response)).decode(errors="replace").replace("\x00", "\ufffd")
    waits = [value for name, value in response.headers if name.lower() == b"retry-after"]
    return Outcome(
        status=response.status,
        body=text,
        error=_explain_status(response.status),
        retry_after=waits[0][:_HTTP_DATE_LIMIT].decode("ascii", "replace") if waits else "",
    )


async def _begin_of_body(response: httpcore2.Response) -> bytes:
    """Return the first bytes of the body; what does not come, or comes slowly, is not waited for."""
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in response.aiter_stream():
                read += chunk[: MAX_BODY - len(read)]
                if len(read) >= MAX_BODY:
                    break
    except (TimeoutError, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException):
        pass
    return bytes(read)


class _GuardedNetwork(httpcore2.AnyIOBackend):
    """Connects to addresses that were checked, and to no others."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # httpcore2's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await _look_up(host, port)
        for address in addresses:  # all of them: one that leads inside is reason enough
            check_address(address)
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses[:MAX_ADDRESSES]:
            try:
                return await super().connect_tcp(
                    address, port, CONNECT_SECONDS, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


async def _look_up(host: str, port: int) -> list[str]:
    """Return the IP addresses that a host stands for now, the preferred one first. Raises `OSError`."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_resolver, _resolve, host, port)
    return list(dict.fromkeys(found))


def _resolve(host: str, port: int) -> list[str]:
    """Ask the system; one thread waits for the answer."""
    return [str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@cache
def _tls() -> ssl.SSLContext:
    """Return the process's one: reading the certificates takes 27 ms, and it keeps no connection."""
    return httpx2.create_ssl_context()


def _explain_status(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return problems.REDIRECTED % {"status": status}
    return problems.REFUSED % {"status": status}


def _explain(error: Exception, seconds: float) -> str:
    """Return an English sentence for people about a request that got no response."""
    if isinstance(error, ForbiddenAddressError):
        return str(error)
    if isinstance(error, TimeoutError | httpcore2.TimeoutException):
        return problems.NO_RESPONSE % {"seconds": f"{seconds:g}"}
    if isinstance(error, socket.gaierror):
        return problems.UNKNOWN_HOST
    if isinstance(error, httpcore2.ConnectError):
        return (problems.NO_CONNECTION % {"error": error})[:300]
    if isinstance(error, httpcore2.NetworkError | httpcore2.ProtocolError):
        return problems.BROKE_OFF
    return f"{type(error).__name__}: {error}"[:300]
