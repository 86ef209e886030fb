"""The three ways a backend call can fail, told apart by what the caller may do next."""

MAX_DETAIL_LENGTH = 2000

# Of a `RefusedError`: the key is not accepted, or must not be sent, or something in front of the server lets
# nothing through.
ACCOUNT_CODES = frozenset({"invalid_key", "key_withheld", "blocked"})


class BackendError(Exception):
    """A call to a backend failed; always one of the three direct subclasses below.

    `message` is a sentence for people, `code` is for programs (`moderation_blocked`, `rate_limited`,
    `invalid_key`, `unreachable`, `timeout`, `bad_reply` …), `status` is the HTTP status if there was a
    response, `detail` is what was received, for operators: at most `MAX_DETAIL_LENGTH` characters, and never
    the API key.
    """

    def __init__(self, message: str, *, code: str, status: int | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.detail = detail[:MAX_DETAIL_LENGTH]


class RefusedError(BackendError):
    """Permanent: the request was provably not accepted, and the same request would be refused again.

    `may_concern_account` is set for a 401 or 403 of which nobody has found out yet whether it is about this
    request or about everything that is sent with this key.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        detail: str = "",
        may_concern_account: bool = False,
    ) -> None:
        super().__init__(message, code=code, status=status, detail=detail)
        self.may_concern_account = may_concern_account

    @property
    def concerns_account(self) -> bool:
        """Whether the backend refuses everything that we send, so that no single request is to blame."""
        return self.code in ACCOUNT_CODES


class FailedJobError(RefusedError):
    """The job ended without a video, which asking again does not change.

    `message` is the server's own sentence, or its word for the job's state.
    """


class UnavailableError(BackendError):
    """Temporary: provably nothing happened. Try again later.

    `retry_after` is the wait in seconds that the backend asked for, None if it did not ask for any.
    """

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
    """Nobody can tell whether the request was accepted, so it must not be sent again until that is clear."""
