"""The formats in which Django itself writes dates, as in the columns of the administration: the person's own.

Django keeps them for as long as the process lives, and turns them into text each time it writes a date.
"""

from collections.abc import Callable
from typing import Self

from accounts.formats import day_format, exact_moment_format, moment_format, override, time_format
from accounts.models import DateStyle


class _ActiveFormat(str):
    """A format string that is written as the active style has it; where it is encoded, in the usual style."""

    __slots__ = ("_read",)
    _read: Callable[[], str]

    def __new__(cls, read: Callable[[], str]) -> Self:
        with override(DateStyle.BRITISH):
            text = super().__new__(cls, read())
        text._read = read
        return text

    def __str__(self) -> str:
        return self._read()


DATE_FORMAT = SHORT_DATE_FORMAT = _ActiveFormat(day_format)
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = _ActiveFormat(moment_format)
TIME_FORMAT = _ActiveFormat(time_format)
EXACT_DATETIME_FORMAT = _ActiveFormat(exact_moment_format)  # ours: Django has none with seconds
