"""The web server's worker: gunicorn's own, whose refusals arrive, and have the shape of the APIs' errors.

What gunicorn cannot parse never reaches Django, and its address may not be known: so whoever sent it gets the
answer that a program can read.
"""

import json
import time
from http import HTTPStatus
from socket import socket
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from videos.api.errors import ApiError

# What may still come of a body that was answered unread. gunicorn itself takes 64 KiB of it.
MAX_UNREAD_BYTES = 512 * 1024 * 1024
MAX_UNREAD_SECONDS = 30.0
_CHUNK = 64 * 1024  # bytes read at once
_OUR_FAULT = (errors.ConfigurationProblem, errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's threaded worker, with its own answer to requests that break the rules of HTTP."""

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer the request, and let its sender finish. Returns whether the connection may be used again.

        A proxy that is cut off while it hands a body on answers 502, and nobody learns why it was refused.
        """
        is_kept = super().handle_request(req, conn)
        return _discard(req.body, conn.sock) and bool(is_kept)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        refusal = _refusal_of(exc, self.cfg)
        if refusal is None:
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("Refused a request from %s: %s", addr[0] if addr else "a socket", refusal.message)
        try:
            util.write_nonblock(client, _response_to(refusal))
        except OSError:
            self.log.debug("The refusal could not be sent.")


def _discard(body: Any, connection: socket) -> bool:
    """Read what nobody has read of a body. Returns whether that was all of it."""
    before = connection.gettimeout()
    deadline, left = time.monotonic() + MAX_UNREAD_SECONDS, MAX_UNREAD_BYTES
    try:
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            connection.settimeout(seconds)
            data = body.read(_CHUNK)
            if not data:
                return True
            left -= len(data)
    except (OSError, errors.ParseException):
        return False
    finally:
        connection.settimeout(before)
    return False


def _refusal_of(exc: BaseException, cfg: Any) -> ApiError | None:
    """Return the answer to a request that is at fault; None if it is us."""
    match exc:
        case errors.LimitRequestHeaders():
            message = (
                f"The headers of the request are too large: at most {cfg.limit_request_fields}, each of at"
                f" most {cfg.limit_request_field_size:,} bytes."
            )
            return ApiError(431, "headers_too_large", message)
        case errors.LimitRequestLine():
            message = f"The address is longer than {cfg.limit_request_line:,} bytes."
            return ApiError(414, "address_too_long", message)
        case errors.UnsupportedTransferCoding():
            return ApiError(501, "unsupported_transfer_coding", "Of the transfer codings, use chunked alone.")
        case errors.ExpectationFailed():
            return ApiError(417, "expectation_failed", "Of the expectations, use 100-continue alone.")
        case (
            errors.ConfigurationProblem()
            | errors.InvalidResponseHeader()
            | errors.InvalidResponseHeaderName()
        ):
            return None
        case errors.ParseException():
            return ApiError(400, "bad_request", f"The request breaks the rules of HTTP: {exc}"[:300])
    return None


def _response_to(refusal: ApiError) -> bytes:
    body = json.dumps(refusal.body()).encode()
    lines = [
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}",
        "Connection: close",
        "Content-Type: application/json",
        "X-Content-Type-Options: nosniff",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
