"""Where a backend is, and the two HTTP clients that talk to it."""

import ssl
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal

import httpx2
import openai

from videos.backends.errors import Refused, Unavailable

# Shorter than the five seconds after which uvicorn, for one, hangs up on an idle connection: a request that
# leaves at the same moment would be lost.
KEEPALIVE_SECONDS = 4.0
REDIRECTS = 5  # a signed link is one or two away


@dataclass(frozen=True, slots=True)
class Connection:
    """A backend's address and key, and how patient to be with it, in seconds.

    `timeout` bounds each single wait for the backend to take or send bytes, `connect_timeout` the TCP
    connection and then the TLS handshake. An empty `api_key` is for servers that want none. `body` is how a
    create is sent: every server reads the form but NVIDIA Dynamo's kind, which reads JSON only.
    """

    base_url: str
    api_key: str = field(repr=False)
    timeout: float = 60.0
    connect_timeout: float = 5.0
    body: Literal["multipart", "json"] = "multipart"

    @property
    def deadline(self) -> float:
        """Seconds after which any one call is over, however slowly the backend drips its bytes.

        Room for a connection, a handshake, one full wait while sending and one while receiving. A lease on a
        row that is being submitted must last longer than this.
        """
        return 2 * (self.connect_timeout + self.timeout)

    @property
    def secret(self) -> str:
        """What is sent as the key: the SDK refuses to work without one."""
        return self.api_key or "no-key-configured"

    def check(self) -> None:
        """Raise `Unavailable` (`bad_base_url`) or `Refused` (`invalid_key`) if no request can be made."""
        try:
            url = httpx2.URL(self.base_url)
        except httpx2.InvalidURL as error:
            raise _bad_base_url(str(error)) from error
        if not _is_web(url):
            raise _bad_base_url(f"{self.base_url!r} is not http:// or https://, a host and perhaps a port")
        if not (self.secret.isascii() and self.secret.isprintable()):
            raise Refused("The backend's API key has characters no key can have.", code="invalid_key")


# A LiteLLM proxy asks its provider up to three times when a submission ends in an error, also when the
# provider had accepted it: three paid jobs (1.106.2, measured by `make interop`). Others ignore the header.
NO_RETRIES = {"x-litellm-num-retries": "0"}


def sdk_for_writes(connection: Connection, tls: ssl.SSLContext) -> openai.AsyncOpenAI:
    """For create and delete: no redirects (301 and 302 would turn them into a GET) and no reused connections.

    An idle connection may be hung up on just as the request leaves, and a create lost that way is `Unknown`;
    a connection of its own costs one handshake per paid job.
    """
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    return _sdk(connection, tls, limits, follow_redirects=False)


def sdk_for_reads(connection: Connection, tls: ssl.SSLContext) -> openai.AsyncOpenAI:
    """For what may be repeated: reused connections; redirects followed, without the key to other hosts."""
    limits = httpx2.Limits(
        max_connections=None, max_keepalive_connections=50, keepalive_expiry=KEEPALIVE_SECONDS
    )
    return _sdk(connection, tls, limits, follow_redirects=True)


def unauthenticated_client(connection: Connection, tls: ssl.SSLContext) -> httpx2.AsyncClient:
    """For files on servers other than the backend: it holds no key, so it can give none away."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    return _http(connection, tls, limits, follow_redirects=True)


def same_server(url: str, base_url: str) -> bool:
    """Whether scheme, host and port are the same. Raises `httpx2.InvalidURL` for what is not on the web."""
    asked = httpx2.URL(url)
    if not _is_web(asked):
        raise httpx2.InvalidURL(f"{url!r} is no address on the web")
    return asked.origin == httpx2.URL(base_url).origin


def _http(
    connection: Connection, tls: ssl.SSLContext, limits: httpx2.Limits, *, follow_redirects: bool
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        verify=tls,
        limits=limits,
        timeout=httpx2.Timeout(connection.timeout, connect=connection.connect_timeout),
        follow_redirects=follow_redirects,
        max_redirects=REDIRECTS,
        # Nothing here needs cookies, and one that a server sets with a letter no header can hold would make
        # every later request impossible.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        event_hooks={"request": [_only_http]},
    )


def _sdk(
    connection: Connection, tls: ssl.SSLContext, limits: httpx2.Limits, *, follow_redirects: bool
) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=connection.base_url,
        api_key=connection.secret,
        timeout=httpx2.Timeout(connection.timeout, connect=connection.connect_timeout),
        max_retries=0,  # the SDK's own default of two retries would mean up to three paid jobs
        default_headers=NO_RETRIES,
        http_client=_http(connection, tls, limits, follow_redirects=follow_redirects),
    )


async def _only_http(request: httpx2.Request) -> None:
    # A redirect can lead anywhere: httpx2 would follow it to ws:// as well, and trip over a port of 99999.
    if not _is_web(request.url):
        raise httpx2.UnsupportedProtocol(f"{request.url} is no address on the web", request=request)


def _is_web(url: httpx2.URL) -> bool:
    return url.scheme in {"http", "https"} and bool(url.host) and (url.port is None or 0 < url.port < 65_536)


def _bad_base_url(detail: str) -> Unavailable:
    return Unavailable("The backend's address in the settings is wrong.", code="bad_base_url", detail=detail)
