"""Errors of both APIs, in the one shape that both answer with."""

import sqlite3
from collections.abc import Callable, Mapping

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError
from django.http import JsonResponse

RETRY_AFTER = 5  # seconds after which a request may find the database again
_TEMPORARY_SQLITE_ERRORS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
}

_TYPES = {
    401: "authentication_error",
    402: "payment_required_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}


class ApiError(Exception):
    """An error answer: HTTP status, a code for programs, a sentence for people, and the field at fault.

    The body is the Videos API's: `{"error": {"type", "code", "message", "param"}}`, and what `details` add.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def body(self) -> dict[str, object]:
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        error = {"type": kind, "code": self.code, "message": self.message, "param": self.param}
        return {"error": error | self.details}

    def response(self) -> JsonResponse:
        return JsonResponse(self.body(), status=self.status, headers=self.headers)


def from_validation(
    error: ValidationError, *, status_for: Callable[[str], int], names: Mapping[str, str]
) -> ApiError:
    """Return the error for the first field that a service found wrong.

    `status_for` gives the HTTP status by the service's name of the field, `names` the API's name of it, where
    that is another.
    """
    field, sentences = next(iter(error.message_dict.items()))
    return ApiError(status_for(field), "invalid_value", sentences[0], param=names.get(field, field))


def not_found(what: str, public_id: str) -> ApiError:
    """Return the 404 for something that does not exist or is not the caller's own."""
    return ApiError(404, "not_found", f"{what} with id '{public_id[:80]}' not found.", param="id")


def unknown_parameter(name: str) -> ApiError:
    """Return the error for a field that means nothing here: it is never dropped in silence."""
    return ApiError(400, "unknown_parameter", f"Unknown parameter: '{name[:100]}'.", param=name[:100])


def database_unavailable() -> ApiError:
    """Return the error for a database that is busy or out of reach."""
    message = "The studio cannot use its database at the moment. Try again in a moment."
    return ApiError(503, "database_unavailable", message, headers={"Retry-After": str(RETRY_AFTER)})


def internal_error(code: str = "internal_error") -> ApiError:
    """Return the error for what nobody expected; the log has the reason."""
    return ApiError(500, code, "Something went wrong on our side. It has been logged.")


def is_database_unavailable(error: BaseException | None) -> bool:
    """Return whether trying again later can help: SQLite is locked by others, or PostgreSQL out of reach."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", None)  # its lowest byte is the kind of error
    return code is None or code & 0xFF in _TEMPORARY_SQLITE_ERRORS
