"""The web server's worker: gunicorn's own, whose refusals have the shape of the APIs' errors.

What gunicorn cannot parse never reaches Django, and its address may not be known: so whoever sent it gets the
answer that a program can read.
"""

import json
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from videos.api.errors import ApiError

_OUR_FAULT = (errors.ConfigurationProblem, errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's threaded worker, with its own answer to requests that break the rules of HTTP."""

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
