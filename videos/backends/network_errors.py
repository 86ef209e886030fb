"""What the SDK and the network raise, and which of it is proof that nothing was sent."""

import anyio
import httpx2
import openai

from videos.backends.bounds import ReplyTooLargeError

# All that a call can raise. Reading a streamed body bypasses the SDK's own wrapping, so httpx2's errors are
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

# There was a response: the SDK raises its own error, the client for other servers httpx2's.
STATUS_ERRORS = (openai.APIStatusError, httpx2.HTTPStatusError)


def root_cause(error: BaseException) -> BaseException:
    """Return the network's own error: the SDK wraps it and keeps it as the cause."""
    return error.__cause__ or error if isinstance(error, openai.APIConnectionError) else error


def describe_failure(cause: BaseException) -> tuple[str, str]:
    """Return the code and the message for a request that was sent and brought no usable response."""
    if isinstance(cause, (httpx2.TimeoutException, TimeoutError)):
        return "timeout", "The backend did not answer in time."
    if isinstance(cause, ReplyTooLargeError):
        return "bad_reply", "The backend sent a reply that is too large."
    if isinstance(cause, httpx2.DecodingError):
        return "bad_reply", "The backend sent a reply that cannot be understood."
    if isinstance(cause, httpx2.TooManyRedirects):
        return "bad_redirect", "The backend redirects in circles."
    return "dropped", "The backend dropped the connection."
