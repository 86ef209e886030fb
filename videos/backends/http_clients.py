"""The HTTP clients that talk to a backend: one for writes, one for reads, one without the key."""

import ssl
from collections.abc import Callable
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2
import openai

from videos.backends.address_guard import AddressGuard
from videos.backends.bounds import PLAIN_HEADERS, bound_replies
from videos.backends.connection import Connection, is_http_url
from videos.backends.hops import via_headers

# Shorter than the five seconds after which uvicorn, for one, closes an idle connection: a request that leaves
# at the same moment would be lost.
KEEPALIVE_SECONDS = 4.0
MAX_REDIRECTS = 5  # a signed link is one or two away

# A LiteLLM proxy asks its provider up to three times when a submission ends in an error, also when the
# provider had accepted it: three paid jobs (1.106.2, measured by `make interop`). Others ignore the header.
NO_RETRY_HEADERS = {"x-litellm-num-retries": "0"}


def sdk_for_writes(connection: Connection, tls: ssl.SSLContext, guard: AddressGuard) -> openai.AsyncOpenAI:
    """Return the SDK for create and delete: no retries, no redirects, no reused connections.

    A 301 or 302 would turn a POST into a GET. An idle connection may be closed by the server just as the
    request leaves, and nobody could say whether a create that was lost that way had been accepted; a
    connection of its own costs one handshake for each paid job.
    """
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    return _sdk(connection, tls, guard, limits, follow_redirects=False)


def sdk_for_reads(connection: Connection, tls: ssl.SSLContext, guard: AddressGuard) -> openai.AsyncOpenAI:
    """Return the SDK for what may be repeated: connections are reused, redirects are followed.

    The key is not sent along to another host.
    """
    limits = httpx2.Limits(
        max_connections=None, max_keepalive_connections=50, keepalive_expiry=KEEPALIVE_SECONDS
    )
    return _sdk(connection, tls, guard, limits, follow_redirects=True)


def client_for_writes(connection: Connection, tls: ssl.SSLContext, guard: AddressGuard) -> httpx2.AsyncClient:
    """Return a plain client that keeps to the rules of `sdk_for_writes`."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    return _http_client(connection, tls, guard, limits, follow_redirects=False)


def client_for_reads(connection: Connection, tls: ssl.SSLContext, guard: AddressGuard) -> httpx2.AsyncClient:
    """Return a plain client that reuses connections. It follows no redirects: the key may be in a header
    that httpx2 would send along to another host.
    """
    limits = httpx2.Limits(
        max_connections=None, max_keepalive_connections=50, keepalive_expiry=KEEPALIVE_SECONDS
    )
    return _http_client(connection, tls, guard, limits, follow_redirects=False)


@cache
def ssl_context() -> ssl.SSLContext:
    """Return the process's one: reading the certificates takes 27 ms, and it keeps no connection."""
    return httpx2.create_ssl_context()


def unauthenticated_client(
    connection: Connection, tls: ssl.SSLContext, guard: AddressGuard
) -> httpx2.AsyncClient:
    """Return a client for files on servers other than the backend: it has no key that it could leak."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    return _http_client(connection, tls, guard, limits, follow_redirects=True)


def is_same_origin(url: str, base_url: str) -> bool:
    """Whether scheme, host and port are the same. Raises `httpx2.InvalidURL` for what is not http(s)."""
    parsed = httpx2.URL(url)
    if not is_http_url(parsed):
        raise httpx2.InvalidURL(f"{url!r} is no address on the web")
    return parsed.origin == httpx2.URL(base_url).origin


def _http_client(
    connection: Connection,
    tls: ssl.SSLContext,
    guard: AddressGuard,
    limits: httpx2.Limits,
    *,
    follow_redirects: bool,
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        verify=tls,
        limits=limits,
        timeout=httpx2.Timeout(connection.timeout, connect=connection.connect_timeout),
        follow_redirects=follow_redirects,
        max_redirects=MAX_REDIRECTS,
        # Nothing here needs cookies, and a cookie with a character that no header can hold would make every
        # later request impossible.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers=PLAIN_HEADERS,
        event_hooks=_hooks(connection, guard),
    )


def _hooks(connection: Connection, guard: AddressGuard) -> dict[str, list[Callable[..., Any]]]:
    bound, log = bound_replies(connection.max_reply_bytes), connection.exchange_log
    if log is None:
        return {"request": [guard.watch], "response": [bound]}
    return {"request": [guard.watch, log.note_request], "response": [bound, log.note_response]}


def _sdk(
    connection: Connection,
    tls: ssl.SSLContext,
    guard: AddressGuard,
    limits: httpx2.Limits,
    *,
    follow_redirects: bool,
) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=connection.base_url,
        api_key=connection.sent_key,
        timeout=httpx2.Timeout(connection.timeout, connect=connection.connect_timeout),
        max_retries=0,  # the SDK's own default of two retries would mean up to three paid jobs
        default_headers={**NO_RETRY_HEADERS, **via_headers(connection.hops)},
        http_client=_http_client(connection, tls, guard, limits, follow_redirects=follow_redirects),
    )
