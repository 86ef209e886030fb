"""Who is acting, from where and through which door.

It is known where a request comes in, and needed where an entry is written, far below; all that lies between
does not care. So it is kept beside the call.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from audit.vocabulary import Door


class Person(Protocol):
    """What an entry keeps of an account."""

    pk: int
    is_staff: bool

    def get_username(self) -> str: ...


class Token(Protocol):
    """What an entry keeps of an API token."""

    pk: int
    name: str


def _nobody() -> Person | None:
    return None


@dataclass
class Origin:
    """Where what happens now comes from.

    `find_person` says who is signed in, and is asked only when an entry is written. `token` is that of a
    program, which is known later than the rest.
    """

    door: Door = Door.SYSTEM
    address: str = ""
    request_id: str = ""
    find_person: Callable[[], Person | None] = _nobody
    token: Token | None = None


_current: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Let what is done inside the block come from `origin`."""
    reset = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(reset)


def enter(door: Door) -> None:
    """Let all that this thread does from now on come through `door`, by nobody who is signed in."""
    _current.set(Origin(door))


def current_origin() -> Origin:
    """Return where what happens now comes from: the studio itself, unless somebody said otherwise."""
    return _current.get() or Origin()


def identify(person: Person, token: Token | None = None) -> None:
    """Say who sends the request that is being answered, and by which token, once that is known."""
    origin = _current.get()
    if origin is not None:
        origin.find_person, origin.token = (lambda: person), token
