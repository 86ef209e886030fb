"""How dates and numbers are written for the person whom a page or an email is for.

Amounts of money are not among them: `billing.money` writes those the same for everybody.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from asgiref.local import Local
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.numberformat import format as group_digits
from django.utils.translation import get_language

from accounts.models import DateStyle


@dataclass(frozen=True)
class Formats:
    """Django's format strings, and what stands in a number before the decimals and between the thousands."""

    day: str
    time: str
    exact_time: str
    joint: str = ", "  # between the two
    decimal_point: str = "."
    thousands: str = ","


FORMATS = {
    DateStyle.BRITISH: Formats("j M Y", "H:i", "H:i:s"),
    DateStyle.AMERICAN: Formats("M j, Y", "g:i A", "g:i:s A"),
    DateStyle.GERMAN: Formats("d.m.Y", "H:i", "H:i:s", decimal_point=",", thousands="."),
    DateStyle.ISO: Formats("Y-m-d", "H:i", "H:i:s", joint=" ", thousands="\N{NARROW NO-BREAK SPACE}"),
}
# How numbers, days and moments stand in stored sentences.
_ENGLISH_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?: (?:bytes|KB|MB|GB|TB|PB))?", re.ASCII)
_WRITTEN_DAYS = ("%d %b %Y", "%Y-%m-%d")
_WRITTEN_JOINTS = (", ", " ")
_OF_LANGUAGES = {"de": DateStyle.GERMAN}  # for who chose none of them; other languages as in English
_active = Local()  # as Django keeps the time zone: for this thread, or this task


def activate(style: str) -> None:
    """Write dates and numbers in this style from here on; as the language has it, where it is no style."""
    _active.style = DateStyle(style) if style in DateStyle.values else None


def deactivate() -> None:
    """Write dates and numbers as the language has it from here on."""
    _active.style = None


@contextmanager
def override(style: str) -> Iterator[None]:
    """Write dates and numbers in this style within the block."""
    before = getattr(_active, "style", None)
    activate(style)
    try:
        yield
    finally:
        _active.style = before


def active_style() -> str:
    """Return the name of the style that is active; empty where it is that of the language."""
    return getattr(_active, "style", None) or ""


def day_format() -> str:
    """Return Django's format string for a date in the style that is active."""
    return _formats().day


def time_format() -> str:
    """Return Django's format string for a time of day in the style that is active."""
    return _formats().time


def moment_format() -> str:
    """Return Django's format string for date and time in the style that is active."""
    formats = _formats()
    return f"{formats.day}{formats.joint}{formats.time}"


def exact_moment_format() -> str:
    """Return Django's format string for date and time to the second in the style that is active."""
    formats = _formats()
    return f"{formats.day}{formats.joint}{formats.exact_time}"


def format_day(value: date | None) -> str:
    """Return the date in words, such as “2 Mar 2026”; a time is that of the active time zone."""
    return format_date(_local(value), day_format()) if value else ""


def format_moment(value: datetime | None) -> str:
    """Return date and time, such as “2 Mar 2026, 17:30”."""
    return format_date(_local(value), moment_format()) if value else ""


def format_exact_moment(value: datetime | None) -> str:
    """Return date and time to the second, such as “2 Mar 2026, 17:30:05”."""
    return format_date(_local(value), exact_moment_format()) if value else ""


def format_time(value: datetime | None) -> str:
    """Return the time of day, such as “17:30”."""
    return format_date(_local(value), time_format()) if value else ""


def format_exact_time(value: datetime | None) -> str:
    """Return the time of day to the second, such as “17:30:05”."""
    return format_date(_local(value), _formats().exact_time) if value else ""


def format_number(value: float | Decimal | None) -> str:
    """Return a number with its thousands set apart, and at most two decimals."""
    if value is None:
        return ""
    formats = _formats()
    point, thousands = formats.decimal_point, formats.thousands
    digits = str(value) if isinstance(value, int) else f"{value:.2f}".rstrip("0").rstrip(".")
    return group_digits(digits, point, grouping=3, thousand_sep=thousands, force_grouping=True)


def format_size(size: float | str) -> str:
    """Return a number of bytes as Django does, such as “1.5 MB”, with the decimal point of the style."""
    return filesizeformat(size).replace(".", _formats().decimal_point)


def rewrite_number(text: str) -> str:
    """Return a number that was written in English, alone or as a size in bytes, such as “1,234.5 MB”, in the
    style that is active; any other text as it is.
    """
    if not _ENGLISH_NUMBER.fullmatch(text):
        return text
    formats = _formats()
    return text.translate({ord(","): formats.thousands, ord("."): formats.decimal_point})


def rewrite_moment(text: str) -> str:
    """Return a day or a moment, as the log and stored sentences have them, in the style that is active; any
    other text as it is. The time zone stays that of whoever wrote it.
    """
    for written in _WRITTEN_DAYS:
        with suppress(ValueError):
            return format_day(datetime.strptime(text, written).date())  # noqa: DTZ007  # written without one
        for joint in _WRITTEN_JOINTS:
            with suppress(ValueError):
                return format_moment(datetime.strptime(text, f"{written}{joint}%H:%M"))  # noqa: DTZ007
    return text


def _local(value: date) -> date:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def _formats() -> Formats:
    style: DateStyle | None = getattr(_active, "style", None)
    return FORMATS[style or _OF_LANGUAGES.get(get_language() or "", DateStyle.BRITISH)]
