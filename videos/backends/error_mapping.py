"""What an error of the SDK or of the network means, for a create, for a read and for a download.

This is the table that decides whether paid work may be sent again, so every line that says "provably" has its
reason next to it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
import httpx2
import openai

from videos.backends.errors import BackendError, Refused, Unavailable, Unknown
from videos.backends.responses import parse_error, parse_json, refuses_key, retry_after

T = TypeVar("T")

# What a call can end with. Reading a streamed body bypasses the SDK's own wrapping, so httpx2's errors are
# here too; OSError covers ssl.SSLError and TimeoutError, which AnyIO lets through.
TRANSPORT_ERRORS = (
    openai.OpenAIError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    OSError,
    anyio.EndOfStream,
)

# Raised before the first byte of the request has left: no connection, no TLS session, no tunnel through the
# proxy.
NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)

# With a reply: the SDK raises its own, the client for other servers httpx2's.
WITH_REPLY = (openai.APIStatusError, httpx2.HTTPStatusError)

# 303 is left out: "see the result over there" is a way of saying that a POST was accepted.
MOVED = frozenset({301, 302, 307, 308})
TOO_EARLY = frozenset({400, 404, 409, 425})

SECRET_LENGTH = 8

# What servers say of a job that they do not have, or have no longer.
_NO_SUCH_JOB = re.compile(
    r"not[ _]found|no such|not exist|n't exist|unknown (video|job|id)|no longer|expired|invalid video.?id",
    re.IGNORECASE,
)

CODES = {
    400: "bad_request",
    404: "not_found",
    405: "unsupported",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media",
    422: "bad_request",
    429: "rate_limited",
    501: "unsupported",
}


@dataclass(frozen=True, slots=True)
class ErrorMapper:
    """Turns what a call raised into one of our three errors.

    `key` is the API key: it is cut out of every text, because servers like to quote the key that they refuse.
    """

    key: str = field(repr=False)

    @contextmanager
    def creating(self) -> Iterator[None]:
        """Within it, anything that goes wrong comes out as the verdict for a create."""
        try:
            yield
        except TRANSPORT_ERRORS as error:
            raise self.on_create(error) from error

    @contextmanager
    def deriving(self, source_id: str) -> Iterator[None]:
        """Within it, anything that goes wrong comes out as for a create, and as `Refused` with the code
        `source_unknown` when the server said that it does not know the job `source_id`, if that is not empty.
        """
        try:
            with self.creating():
                yield
        except Refused as error:
            if source_id and _misses_source(error):
                error.code = "source_unknown"
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Within it, anything that goes wrong comes out as the verdict for a read: never `Unknown`."""
        try:
            yield
        except Unknown as error:
            raise Unavailable(
                error.message, code=error.code, status=error.status, detail=error.detail
            ) from error
        except TRANSPORT_ERRORS as error:
            raise self.on_read(error) from error

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """Within it, anything that goes wrong comes out as the verdict for a download: never `Unknown`."""
        try:
            yield
        except TRANSPORT_ERRORS as error:
            raise self.on_content(error) from error

    def on_create(self, error: Exception) -> BackendError:
        """The verdict on a create: `Unknown` unless it is provable that no job came of it."""
        if isinstance(error, openai.APIStatusError):
            return self._create_status(error.response)
        cause = _root(error)
        if isinstance(cause, NOT_SENT):
            return self._unreachable(cause)
        code, what = _network(cause)
        return Unknown(f"{what} It may have accepted the job.", code=code, detail=self._trouble(cause))

    def on_read(self, error: Exception) -> BackendError:
        """The verdict on a retrieve, list or delete: repeating it costs nothing, so nothing is `Unknown`."""
        if isinstance(error, WITH_REPLY):
            return self._read_status(error.response)
        cause = _root(error)
        if isinstance(cause, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
            # The base URL was checked when the client was made, so a redirect or a job's link led there.
            return Refused(
                "The backend sent us to an address that is not on the web.",
                code="bad_redirect",
                detail=self._trouble(cause),
            )
        if isinstance(cause, NOT_SENT):
            return self._unreachable(cause)
        code, what = _network(cause)
        return Unavailable(what, code=code, detail=self._trouble(cause))

    def on_content(self, error: Exception) -> BackendError:
        """The verdict on a download: as for a read, but most refusals only mean "not yet"."""
        if isinstance(error, WITH_REPLY):
            response = error.response
            # A signed link that has expired is a 403 of the storage, which was never sent our key.
            elsewhere = "authorization" not in response.request.headers and response.status_code != 429
            if elsewhere or response.status_code in TOO_EARLY or response.status_code >= 500:
                return Unavailable(
                    "The backend does not have the video's file ready.",
                    code="content_not_ready",
                    status=response.status_code,
                    detail=self.received(response),
                    retry_after=retry_after(response.headers),
                )
            return self.on_read(error)
        cause = _root(error)
        if isinstance(cause, (httpx2.RemoteProtocolError, httpx2.ReadError)):
            return Unavailable(
                "The connection broke before the whole video had arrived.",
                code="truncated",
                detail=self._trouble(cause),
            )
        return self.on_read(error)

    def reply(self, response: httpx2.Response, read: Callable[[object, Mapping[str, str]], T]) -> T:
        """What `read` makes of a reply's JSON; its `Unknown` is raised again with all that was received."""
        try:
            return read(parse_json(response.content), response.headers)
        except Unknown as error:
            raise Unknown(
                error.message,
                code=error.code,
                status=response.status_code,
                detail=self.received(response),
            ) from error

    def received(self, response: httpx2.Response) -> str:
        """A reply as an operator wants to see it: status, then body. The body must have been read."""
        return self.hidden(f"HTTP {response.status_code} from {response.url}\n{response.text}")

    def hidden(self, text: str) -> str:
        """The text without the API key; one too short to be a secret ("none", "EMPTY") may stay."""
        return text.replace(self.key, "[api key]") if len(self.key) >= SECRET_LENGTH else text

    def _create_status(self, response: httpx2.Response) -> BackendError:
        status = response.status_code
        location = response.headers.get("location", "")
        if status in MOVED and location:
            return self._redirected(response, location)
        if status == 429:
            return self._rate_limited(response)
        if status < 400 or status in {408, 409} or status >= 500:
            # 503 too, even with Retry-After: gateways say it when a server behind them took the job and then
            # died.
            code = "bad_reply" if status < 400 else CODES.get(status, "server_error")
            return Unknown(
                self._sentence("The backend failed, and may have accepted the job", response),
                code=code,
                status=status,
                detail=self.received(response),
            )
        refusal = self._refused(response)
        if refusal.code == "not_found":  # of a job that is what it means; here it is the model or the address
            refusal.code = "not_served"
        return refusal

    def _read_status(self, response: httpx2.Response) -> BackendError:
        status = response.status_code
        if status == 429:
            return self._rate_limited(response)
        # 501 is "cannot", not "cannot now": how some gateways say that they have no list or no delete.
        if status in {408, 425} or (status >= 500 and status != 501):
            return Unavailable(
                self._sentence("The backend is not working", response),
                code=CODES.get(status, "server_error"),
                status=status,
                detail=self.received(response),
                retry_after=retry_after(response.headers),
            )
        if status < 400:
            return self._redirected(response, response.headers.get("location", ""))
        if status == 404:
            return Refused(
                "The backend does not know this job.",
                code="not_found",
                status=status,
                detail=self.received(response),
            )
        return self._refused(response)

    def _refused(self, response: httpx2.Response) -> Refused:
        status = response.status_code
        if refuses_key(status, parse_json(response.content)):
            code, message = "invalid_key", "The backend refused its API key."
        else:
            fallback = CODES.get(status, f"http_{status}")
            code, _ = parse_error(parse_json(response.content))
            code = fallback if not code or code.isdigit() else self.hidden(code)
            message = self._sentence("The backend refused the request", response)
        return Refused(message, code=code, status=status, detail=self.received(response))

    def _redirected(self, response: httpx2.Response, location: str) -> Refused:
        return Refused(
            f"The backend's address is wrong: it redirects to {self.hidden(location)[:500]}."
            " Put the address it redirects to in the settings.",
            code="redirected",
            status=response.status_code,
            detail=self.received(response),
        )

    def _rate_limited(self, response: httpx2.Response) -> Unavailable:
        return Unavailable(
            self._sentence("The backend takes no more requests for now", response),
            code="rate_limited",
            status=429,
            detail=self.received(response),
            retry_after=retry_after(response.headers),
        )

    def _unreachable(self, cause: BaseException) -> Unavailable:
        return Unavailable("The backend cannot be reached.", code="unreachable", detail=self._trouble(cause))

    def _sentence(self, ours: str, response: httpx2.Response) -> str:
        _, theirs = parse_error(parse_json(response.content))
        return f"{ours}: {self.hidden(theirs)[:500]}" if theirs else f"{ours}."

    def _trouble(self, cause: BaseException) -> str:
        return self.hidden(f"{type(cause).__name__}: {cause}")


def _misses_source(refusal: Refused) -> bool:
    """Whether a server that refused a request about a job gave as the reason that there is no such job.

    A route that is not there looks the same, which does no harm: either way nothing was accepted.
    """
    said_so = _NO_SUCH_JOB.search(f"{refusal.code} {refusal.message}")
    return refusal.status in {404, 410} or (refusal.status in {400, 422} and said_so is not None)


def is_job_elsewhere(error: BackendError) -> bool:
    """Whether a failed content call leaves it possible that the file is at the address the job names."""
    return error.code in {"content_not_ready", "not_a_video", "unsupported"}


def _root(error: BaseException) -> BaseException:
    """The network's own error: the SDK wraps it and keeps it as the cause."""
    return error.__cause__ or error if isinstance(error, openai.APIConnectionError) else error


def _network(cause: BaseException) -> tuple[str, str]:
    if isinstance(cause, (httpx2.TimeoutException, TimeoutError)):
        return "timeout", "The backend did not answer in time."
    if isinstance(cause, httpx2.DecodingError):
        return "bad_reply", "The backend sent a reply that cannot be understood."
    if isinstance(cause, httpx2.TooManyRedirects):
        return "bad_redirect", "The backend redirects in circles."
    return "dropped", "The backend dropped the connection."
