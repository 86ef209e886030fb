"""What does not fit between storage and database, and what would mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """What is wrong with a file, in words that follow its name."""

    MISSING = "is missing"
    UNREADABLE = "cannot be read"
    EMPTY = "is empty"
    WRONG_SIZE = "has another size than was stored"
    WRONG_CHECKSUM = "has another content than was stored"
    STRAY = "belongs to no row"
    PARTIAL = "was never finished"


class Remedy(StrEnum):
    """What is done about it. Nothing is ever deleted, and nothing is paid for."""

    QUARANTINE = "move it to quarantine"
    REMAKE = "make it again from the original"
    DOWNLOAD = "download it from the backend again, which is free"
    NONE = "nothing: restore it from a backup"


@dataclass(frozen=True, slots=True)
class FileFinding:
    """One file that does not fit. `name` is its name in storage; empty where a row names none.

    `model`, `pk` and `field` say which row names it, `label` the same for people; empty for a file without.
    """

    problem: Problem
    name: str
    remedy: Remedy
    model: str = ""
    pk: int = 0
    field: str = ""
    label: str = ""

    def __str__(self) -> str:
        name = self.name.encode(errors="backslashreplace").decode()
        of = f", the {self.field.replace('_', ' ')} of {self.label}," if self.label else ""
        return f"{name or '(no file)'}{of} {self.problem}"
