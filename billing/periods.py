"""The days, weeks and months of budgets, in the studio's time zone, whichever a page is drawn in."""

from datetime import date, datetime, time, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext, pgettext_lazy


class Period(models.TextChoices):
    """How long a budget lasts before it is full again. Weeks begin on Monday."""

    DAY = "day", pgettext_lazy("budget period", "day")
    WEEK = "week", pgettext_lazy("budget period", "week")
    MONTH = "month", pgettext_lazy("budget period", "month")
    TOTAL = "total", pgettext_lazy("budget period", "in all")


EPOCH = date(2000, 1, 1)  # before any studio's first video


def first_day(period: str, today: date) -> date:
    """Return the first day of the period that `today` is in."""
    match period:
        case Period.DAY:
            return today
        case Period.WEEK:
            return today - timedelta(days=today.weekday())
        case Period.MONTH:
            return today.replace(day=1)
    return EPOCH


def next_day(period: str, today: date) -> date | None:
    """Return the first day of the period after that of `today`; None for the one that never ends."""
    start = first_day(period, today)
    match period:
        case Period.DAY:
            return start + timedelta(days=1)
        case Period.WEEK:
            return start + timedelta(days=7)
        case Period.MONTH:
            return (start + timedelta(days=32)).replace(day=1)
    return None


def midnight(day: date) -> datetime:
    """Return when `day` begins in the studio's time zone."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


def day_of(now: datetime | None = None) -> date:
    """Return the day of a moment in the studio's time zone; by default today."""
    return timezone.localdate(now, timezone.get_default_timezone())


def start_of(period: str, now: datetime) -> datetime:
    """Return when the period that `now` is in began."""
    return midnight(first_day(period, day_of(now)))


def end_of(period: str, now: datetime) -> datetime | None:
    """Return when the next period begins; None for the one that never ends."""
    day = next_day(period, day_of(now))
    return None if day is None else midnight(day)


def in_words(period: str) -> str:
    """Return the current period as the end of a sentence: today, this week, this month, in all."""
    match period:
        case Period.DAY:
            return pgettext("budget period", "today")
        case Period.WEEK:
            return pgettext("budget period", "this week")
        case Period.MONTH:
            return pgettext("budget period", "this month")
    return pgettext("budget period", "in all")
