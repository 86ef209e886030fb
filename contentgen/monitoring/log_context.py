"""What a line of the log is about: the request, the person, the video, the backend and the attempt.

It is known where the work begins and wanted in each line that is logged below, so it is kept beside the call.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

REQUEST_ID, TASK = "request_id", "task"

_fields: ContextVar[Mapping[str, Any]] = ContextVar("log_fields", default=MappingProxyType({}))


def current_fields() -> Mapping[str, Any]:
    """Return what the lines logged now are about, by the names that they have in JSON."""
    return _fields.get()


def current_request_id() -> str:
    """Return the id of the request that is being answered, or that caused what is done; else empty."""
    return str(_fields.get().get(REQUEST_ID, ""))


def is_in_request() -> bool:
    """Whether a request is being answered here, rather than a task or a command carried out."""
    fields = _fields.get()
    return REQUEST_ID in fields and TASK not in fields


def bind(**fields: Any) -> None:
    """Let the lines from now on, until the surrounding block ends, be about `fields` too."""
    _fields.set({**_fields.get(), **_known(fields)})


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Let the lines inside the block be about `fields` too. What is empty or None is left as it was."""
    reset = _fields.set({**_fields.get(), **_known(fields)})
    try:
        yield
    finally:
        _fields.reset(reset)


def begin(**fields: Any) -> None:
    """Let the lines from now on be about `fields` alone: what this thread did before has ended."""
    _fields.set(_known(fields))


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}
