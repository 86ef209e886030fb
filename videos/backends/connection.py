"""A backend's address and key, and how long to wait for it."""

from dataclasses import dataclass, field
from typing import Literal

import httpx2

from videos.backends.errors import RefusedError, UnavailableError
from videos.backends.exchanges import ExchangeLog


@dataclass(frozen=True, slots=True)
class Connection:
    """What is needed to call a backend. Times are in seconds.

    `timeout` limits each single wait for the backend to send or to take bytes, `connect_timeout` the TCP
    connection and then the TLS handshake. An empty `api_key` is for servers that want none. `service` is a
    name in `service_kinds`: which kind of service this is. `body` is how a Videos API server is sent a
    create: all of them read a form except those like NVIDIA Dynamo, which read JSON only. `hops` are the
    studios that requests come through, this one last (`backends.hops`). `callback_url` is told to services
    that call back when a job has ended; it holds a secret.

    `in_private_network` says whether the backend, and so what it names, may be at a private address; None
    where that is not known. `key_problem` is a sentence for staff about why the key must not be sent: then
    nothing is sent at all.

    `max_reply_bytes` limits what is read of one reply, the other two the file of a video and how long its
    download may take. `exchange_log` is told of what is sent by POST, and of the answers.
    """

    base_url: str
    api_key: str = field(repr=False)
    timeout: float = 60.0
    connect_timeout: float = 5.0
    body: Literal["multipart", "json"] = "multipart"
    service: str = "videos-api"
    hops: tuple[str, ...] = ()
    callback_url: str = field(default="", repr=False)
    in_private_network: bool | None = None
    key_problem: str = ""
    max_reply_bytes: int = 8 << 20
    max_download_bytes: int = 2 << 30
    max_download_seconds: float = 1800.0
    exchange_log: ExchangeLog | None = field(default=None, repr=False, compare=False)

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

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that nothing which is kept may hold: the key, and what the addresses carry."""
        url = httpx2.URL(self.base_url)
        return (self.sent_key, self.callback_url, url.password, url.query.decode())

    def check(self) -> None:
        """Make sure that a request can be made at all.

        Raises `UnavailableError` (`bad_base_url`) or `RefusedError` (`invalid_key`, `key_withheld`) if not.
        """
        if self.key_problem:
            raise RefusedError(self.key_problem, code="key_withheld")
        try:
            url = httpx2.URL(self.base_url)
        except httpx2.InvalidURL as error:
            raise _bad_base_url(str(error)) from error
        if not is_http_url(url):
            raise _bad_base_url(f"{self.base_url!r} is not http:// or https://, a host and perhaps a port")
        if not (self.sent_key.isascii() and self.sent_key.isprintable()):
            raise RefusedError("The backend's API key has characters no key can have.", code="invalid_key")

    def owns(self, url: httpx2.URL) -> bool:
        """Whether `url` is the backend's own: of its origin, or of its host after a redirect to HTTPS.

        Nobody else is sent the key, and nobody else's words are kept.
        """
        own = httpx2.URL(self.base_url)
        is_upgrade = (own.scheme, url.scheme) == ("http", "https") and own.port is None and url.port is None
        return url.origin == own.origin or (is_upgrade and url.host == own.host)


def is_http_url(url: httpx2.URL) -> bool:
    """Whether a request can be sent to `url`: http or https, a host, and a port that exists."""
    return url.scheme in {"http", "https"} and bool(url.host) and (url.port is None or 0 < url.port < 65_536)


def _bad_base_url(detail: str) -> UnavailableError:
    return UnavailableError(
        "The backend's address in the settings is wrong.", code="bad_base_url", detail=detail
    )
