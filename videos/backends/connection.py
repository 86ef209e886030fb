"""A backend's address and key, and how long to wait for it."""

from dataclasses import dataclass, field
from typing import Literal

import httpx2

from videos.backends.errors import RefusedError, UnavailableError


@dataclass(frozen=True, slots=True)
class Connection:
    """What is needed to call a backend. Times are in seconds.

    `timeout` limits each single wait for the backend to send or to take bytes, `connect_timeout` the TCP
    connection and then the TLS handshake. An empty `api_key` is for servers that want none. `service` is
    a name in `drivers.registry`: which kind of service this is. `body` is how a Videos API server is sent a
    create: all of them read a form except those like NVIDIA Dynamo, which read JSON only.
    """

    base_url: str
    api_key: str = field(repr=False)
    timeout: float = 60.0
    connect_timeout: float = 5.0
    body: Literal["multipart", "json"] = "multipart"
    service: str = "videos-api"

    @property
    def deadline(self) -> float:
        """Seconds after which any one call has ended, however slowly the backend sends its bytes.

        That is one connection, one handshake, one full wait while sending and one while receiving. The lease
        on a row that is being submitted must last longer than this.
        """
        return 2 * (self.connect_timeout + self.timeout)

    @property
    def sent_key(self) -> str:
        """The key as it is sent: a placeholder when there is none, because the SDK requires one."""
        return self.api_key or "no-key-configured"

    def check(self) -> None:
        """Make sure that a request can be made at all.

        Raises `UnavailableError` (`bad_base_url`) or `RefusedError` (`invalid_key`) if not.
        """
        try:
            url = httpx2.URL(self.base_url)
        except httpx2.InvalidURL as error:
            raise _bad_base_url(str(error)) from error
        if not is_http_url(url):
            raise _bad_base_url(f"{self.base_url!r} is not http:// or https://, a host and perhaps a port")
        if not (self.sent_key.isascii() and self.sent_key.isprintable()):
            raise RefusedError("The backend's API key has characters no key can have.", code="invalid_key")


def is_http_url(url: httpx2.URL) -> bool:
    """Whether a request can be sent to `url`: http or https, a host, and a port that exists."""
    return url.scheme in {"http", "https"} and bool(url.host) and (url.port is None or 0 < url.port < 65_536)


def _bad_base_url(detail: str) -> UnavailableError:
    return UnavailableError(
        "The backend's address in the settings is wrong.", code="bad_base_url", detail=detail
    )
