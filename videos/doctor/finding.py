"""What a check found out, in words for whoever has to mend it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How something stands, from good to bad."""

    OK = "ok"
    NOT_CHECKED = "not checked"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table: what was looked at, how it stands, what was seen, and what to do about it."""

    what: str
    health: Health
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is looked at, for `seconds` at most.

    `needs` names the checks without which it makes no sense: it begins when they have found nothing wrong.
    """

    name: str
    run: Callable[[], Iterable[Finding]]
    seconds: float = 6.0
    needs: tuple[str, ...] = ()


Findings = Iterator[Finding]


def ok(what: str, found: str) -> Finding:
    """Return that all is well."""
    return Finding(what, Health.OK, found)


def warning(what: str, found: str, advice: str) -> Finding:
    """Return that something works, and should be looked at."""
    return Finding(what, Health.WARNING, found, advice)


def wrong(what: str, found: str, advice: str) -> Finding:
    """Return that something does not work."""
    return Finding(what, Health.WRONG, found, advice)


def not_checked(what: str, why: str, advice: str = "") -> Finding:
    """Return that something could not be looked at, and why."""
    return Finding(what, Health.NOT_CHECKED, why, advice)
