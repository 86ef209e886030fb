"""The three ways a backend can let us down, told apart by what they allow the caller to do next."""

DETAIL_LIMIT = 2000


class BackendError(Exception):
    """What went wrong between us and a backend; always one of the three subclasses below.

    `message` is a sentence for people, `code` is for programs (`moderation_blocked`, `rate_limited`,
    `invalid_key`, `unreachable`, `timeout`, `bad_reply` …), `status` is the HTTP status if there was a reply,
    `detail` is for operators: what was received, at most `DETAIL_LIMIT` characters, never the API key.
    """

    def __init__(self, message: str, *, code: str, status: int | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.detail = detail[:DETAIL_LIMIT]


class RefusedError(BackendError):
    """Permanent: provably not accepted, and asking the same again would be refused again."""


class UnavailableError(BackendError):
    """Provably nothing happened: ask again later, after `retry_after` seconds if the backend said so."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        detail: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code, status=status, detail=detail)
        self.retry_after = retry_after


class UnknownOutcomeError(BackendError):
    """Nobody can tell whether it was accepted, so it must not be sent again before somebody has looked."""
