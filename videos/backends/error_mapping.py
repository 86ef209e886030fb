"""Which of our errors an error of the SDK or of the network becomes, for a create, a read and a download.

This table decides whether paid work may be sent again, so every line that says "provably" has its reason next
to it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx2

from videos.backends.address_guard import ForbiddenAddressError
from videos.backends.connection import Connection
from videos.backends.error_causes import (
    MAX_WORDS,
    content_refusal,
    is_gone,
    is_page,
    lacks_credit,
    words_of,
)
from videos.backends.errors import (
    ACCOUNT_CODES,
    BackendError,
    FailedJobError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from videos.backends.network_errors import (
    NOT_SENT,
    STATUS_ERRORS,
    TRANSPORT_ERRORS,
    describe_failure,
    root_cause,
)
from videos.backends.redaction import MIN_SECRET_LENGTH
from videos.backends.responses import is_key_refusal, parse_error, parse_json, parse_retry_after

T = TypeVar("T")

# 303 is left out: "see the result over there" is a way of saying that a POST was accepted.
REDIRECT_STATUSES = frozenset({301, 302, 307, 308})
NOT_READY_STATUSES = frozenset({400, 404, 409, 425})

# How servers say that they do not have a job, or no longer.
_JOB_NOT_FOUND = re.compile(
    r"not[ _]found|no such|not exist|n't exist|unknown (video|job|id)|no longer|expired|invalid video.?id",
    re.IGNORECASE,
)

CODE_BY_STATUS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
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
    """Turns what a call raised into a `BackendError`.

    The connection's key is cut out of every text, because servers like to quote the key that they refuse. Of
    responses of other hosts, to which a redirect or a job's address led, nothing but the status is read or
    told: they may be what the backend has no business to make us read.
    """

    connection: Connection

    @contextmanager
    def creating(self) -> Iterator[None]:
        """Raise what goes wrong in the block as the error of a create: see `map_create_error`."""
        try:
            yield
        except TRANSPORT_ERRORS as error:
            raise self.map_create_error(error) from error

    @contextmanager
    def deriving(self, source_id: str) -> Iterator[None]:
        """Raise what goes wrong in the block as the error of a create that is made from the job `source_id`.

        When the server said that it does not know that job, it is a `RefusedError` with the code
        `source_unknown`. An empty `source_id` stands for no job.
        """
        try:
            with self.creating():
                yield
        except RefusedError as error:
            if source_id and _source_is_unknown(error):
                error.code = "source_unknown"
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raise what goes wrong in the block as the error of a read: never `UnknownOutcomeError`."""
        try:
            yield
        except UnknownOutcomeError as error:
            raise UnavailableError(
                error.message, code=error.code, status=error.status, detail=error.detail
            ) from error
        except TRANSPORT_ERRORS as error:
            raise self.map_read_error(error) from error

    @contextmanager
    def downloading(self) -> Iterator[None]:
        """Raise what goes wrong in the block as the error of a download: never `UnknownOutcomeError`."""
        try:
            yield
        except TRANSPORT_ERRORS as error:
            raise self.map_download_error(error) from error

    def map_create_error(self, error: Exception) -> BackendError:
        """Return the error for a create: `UnknownOutcomeError` unless it is provable that no job came of it.

        `error` is one of `TRANSPORT_ERRORS`.
        """
        if isinstance(error, STATUS_ERRORS):
            return self._map_create_status(error.response)
        cause = root_cause(error)
        if isinstance(cause, NOT_SENT):
            return self._unreachable_error(cause)
        code, message = describe_failure(cause)
        return UnknownOutcomeError(
            f"{message} It may have accepted the job.", code=code, detail=self._describe_cause(cause)
        )

    def map_read_error(self, error: Exception) -> BackendError:
        """Return the error for a retrieve, a list or a delete.

        Repeating these costs nothing, so none is an `UnknownOutcomeError`.
        """
        if isinstance(error, STATUS_ERRORS):
            return self._map_read_status(error.response)
        cause = root_cause(error)
        if isinstance(cause, (httpx2.UnsupportedProtocol, httpx2.InvalidURL, ForbiddenAddressError)):
            # The base URL was checked when the client was made, so a redirect or a job's link led there.
            return RefusedError(
                "The backend sent us to an address that is not on the web.",
                code="bad_redirect",
                detail=self._describe_cause(cause),
            )
        if isinstance(cause, NOT_SENT):
            return self._unreachable_error(cause)
        code, message = describe_failure(cause)
        return UnavailableError(message, code=code, detail=self._describe_cause(cause))

    def map_download_error(self, error: Exception) -> BackendError:
        """Return the error for a download: as for a read, but most refusals only mean "not yet"."""
        if isinstance(error, STATUS_ERRORS):
            response = error.response
            # A signed link that has expired is a 403 of the storage, which was never sent our key.
            is_elsewhere = not self.is_own(response) and response.status_code != 429
            if not is_elsewhere and is_gone(response.status_code, self.content_of(response)):
                return self._gone_error(response)
            if is_elsewhere or response.status_code in NOT_READY_STATUSES or response.status_code >= 500:
                return UnavailableError(
                    "The backend does not have the video's file ready.",
                    code="content_not_ready",
                    status=response.status_code,
                    detail=self.describe_response(response),
                    retry_after=parse_retry_after(response.headers),
                )
            return self.map_read_error(error)
        cause = root_cause(error)
        if isinstance(cause, (httpx2.RemoteProtocolError, httpx2.ReadError)):
            return UnavailableError(
                "The connection broke before the whole video had arrived.",
                code="truncated",
                detail=self._describe_cause(cause),
            )
        return self.map_read_error(error)

    def parse_reply(self, response: httpx2.Response, parse: Callable[[object, Mapping[str, str]], T]) -> T:
        """Return what `parse` makes of a response's decoded JSON and its headers.

        An `UnknownOutcomeError` that it raises is raised again with the whole response in the detail.
        """
        try:
            return parse(parse_json(self.content_of(response)), response.headers)
        except UnknownOutcomeError as error:
            raise UnknownOutcomeError(
                error.message,
                code=error.code,
                status=response.status_code,
                detail=self.describe_response(response),
            ) from error

    def content_refusal(self, response: httpx2.Response) -> FailedJobError | None:
        """Return the content filter's refusal of a job in the HTTP error of its status call, if it is one.

        LiteLLM answers with a 500 when Veo's filter stopped the video, which asking again does not change.
        """
        words = content_refusal(self.content_of(response))
        if words is None:
            return None
        return FailedJobError(
            self.redact(words)[:MAX_WORDS],
            code="moderation_blocked",
            status=response.status_code,
            detail=self.describe_response(response),
        )

    def describe_response(self, response: httpx2.Response) -> str:
        """Return status, address and body of a response, for operators. The body must have been read."""
        text = response.text if self.is_own(response) else "(another host's words, which are not kept)"
        return self.redact(f"HTTP {response.status_code} from {response.url}\n{text}")

    def is_own(self, response: httpx2.Response) -> bool:
        """Whether the backend itself answered, and no other host."""
        return self.connection.owns(response.request.url)

    def content_of(self, response: httpx2.Response) -> bytes:
        """Return the body, which must have been read; empty when it is another host's."""
        return response.content if self.is_own(response) else b""

    def redact(self, text: str) -> str:
        """Return the text without the API key. One too short to be a secret ("none", "EMPTY") may stay."""
        key = self.connection.sent_key
        return text.replace(key, "[api key]") if len(key) >= MIN_SECRET_LENGTH else text

    def _map_create_status(self, response: httpx2.Response) -> BackendError:
        status = response.status_code
        location = response.headers.get("location", "")
        if status in REDIRECT_STATUSES and location:
            return self._redirect_error(response, location)
        # Every 4xx but 408 and 409 is a refusal: the server, or what stands in front of it, did not take the
        # request on. A firewall's page is one too.
        if lacks_credit(status, self.content_of(response)):
            return self._credit_error(response)
        if status == 429:
            return self._rate_limit_error(response)
        if status < 400 or status in {408, 409} or status >= 500:
            # 503 too, even with Retry-After: gateways say it when a server behind them took the job and then
            # died.
            code = "bad_reply" if status < 400 else CODE_BY_STATUS.get(status, "server_error")
            return UnknownOutcomeError(
                self._message(f"The backend answered with an error (HTTP {status})", response),
                code=code,
                status=status,
                detail=self.describe_response(response),
            )
        refusal = self._refusal(response)
        if refusal.code == "not_found":  # elsewhere that is the job; here it is the model or the address
            refusal.code = "not_served"
        return refusal

    def _map_read_status(self, response: httpx2.Response) -> BackendError:
        status = response.status_code
        if lacks_credit(status, self.content_of(response)):
            return self._credit_error(response)
        if status == 429:
            return self._rate_limit_error(response)
        if is_gone(status, self.content_of(response)):
            return self._gone_error(response)
        # 501 is "cannot", not "cannot now": some gateways say so that they have no list or no delete.
        if status in {408, 425} or (status >= 500 and status != 501):
            return UnavailableError(
                self._message("The backend is not working", response),
                code=CODE_BY_STATUS.get(status, "server_error"),
                status=status,
                detail=self.describe_response(response),
                retry_after=parse_retry_after(response.headers),
            )
        if status < 400:
            return self._redirect_error(response, response.headers.get("location", ""))
        if status == 404:
            return RefusedError(
                "The backend does not know this job.",
                code="not_found",
                status=status,
                detail=self.describe_response(response),
            )
        return self._refusal(response)

    def _refusal(self, response: httpx2.Response) -> RefusedError:
        status = response.status_code
        fallback = CODE_BY_STATUS.get(status, f"http_{status}")
        code, _ = parse_error(parse_json(self.content_of(response)))
        # `invalid_key` is our conclusion about the account, so a server's word for one request is not taken.
        code = fallback if not code or code.isdigit() or code in ACCOUNT_CODES else self.redact(code)
        return RefusedError(
            self._message("The backend refused the request", response),
            code=code,
            status=status,
            detail=self.describe_response(response),
            may_concern_account=is_key_refusal(status, parse_json(self.content_of(response))),
        )

    def _gone_error(self, response: httpx2.Response) -> RefusedError:
        return RefusedError(
            self._message("The backend no longer has this video", response),
            code="gone",
            status=response.status_code,
            detail=self.describe_response(response),
        )

    def _credit_error(self, response: httpx2.Response) -> UnavailableError:
        return UnavailableError(
            self._message("The backend's account is out of credit", response),
            code="out_of_credit",
            status=response.status_code,
            detail=self.describe_response(response),
            retry_after=parse_retry_after(response.headers),
        )

    def _redirect_error(self, response: httpx2.Response, location: str) -> RefusedError:
        return RefusedError(
            f"The backend's address is wrong: it redirects to {self.redact(location)[:500]}."
            " Put the address it redirects to in the settings.",
            code="redirected",
            status=response.status_code,
            detail=self.describe_response(response),
        )

    def _rate_limit_error(self, response: httpx2.Response) -> UnavailableError:
        return UnavailableError(
            self._message("The backend takes no more requests for now", response),
            code="rate_limited",
            status=429,
            detail=self.describe_response(response),
            retry_after=parse_retry_after(response.headers),
        )

    def _unreachable_error(self, cause: BaseException) -> UnavailableError:
        return UnavailableError(
            "The backend cannot be reached.", code="unreachable", detail=self._describe_cause(cause)
        )

    def _message(self, summary: str, response: httpx2.Response) -> str:
        reason = self.redact(words_of(self.content_of(response)))[:MAX_WORDS]
        if is_page(self.content_of(response)):
            title = f", titled “{reason}”" if reason else ""
            return f"{summary}: instead of a reason came a web page{title} (HTTP {response.status_code})."
        return f"{summary}: {reason}" if reason else f"{summary}."

    def _describe_cause(self, cause: BaseException) -> str:
        return self.redact(f"{type(cause).__name__}: {cause}")


def _source_is_unknown(refusal: RefusedError) -> bool:
    """Whether a server refused to make something from a job because it does not know that job.

    A route that does not exist looks the same, which does no harm: either way nothing was accepted.
    """
    match = _JOB_NOT_FOUND.search(f"{refusal.code} {refusal.message}")
    return refusal.status in {404, 410} or (refusal.status in {400, 422} and match is not None)


def may_be_stored_elsewhere(error: BackendError) -> bool:
    """Whether after this error of the content call the file may be at the address that the job names."""
    is_refused = isinstance(error, RefusedError) and error.may_concern_account
    return is_refused or error.code in {"content_not_ready", "not_a_video", "unsupported", "gone"}
