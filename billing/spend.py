"""What was spent, summed up: by person, day, model, backend or token, and against the time before."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.models import User
from accounts.roles import may_manage
from billing.models import Kind, LedgerLine
from billing.money import ZERO
from billing.periods import day_of, midnight

MAX_DAYS = 3660  # in one report


@dataclass(frozen=True)
class Grouping:
    """By what spending is told apart: its name, the heading of its table, the columns that it is grouped by,
    and the one that names a group.
    """

    label: StrOrPromise
    heading: StrOrPromise
    keys: tuple[str, ...]
    name: str
    missing: StrOrPromise = ""


GROUPINGS = {
    "day": Grouping(gettext_lazy("Day"), gettext_lazy("By day"), ("day",), "day"),
    "person": Grouping(gettext_lazy("Person"), gettext_lazy("By person"), ("user_id",), "username"),
    "model": Grouping(gettext_lazy("Model"), gettext_lazy("By model"), ("model",), "model"),
    "backend": Grouping(gettext_lazy("Backend"), gettext_lazy("By backend"), ("backend_id",), "backend_name"),
    "collection": Grouping(
        gettext_lazy("Collection"),
        gettext_lazy("By collection"),
        ("collection_id",),
        "collection_name",
        gettext_lazy("In no collection"),
    ),
    "token": Grouping(
        gettext_lazy("API token"),
        gettext_lazy("By API token"),
        ("token_id",),
        "token_name",
        gettext_lazy("Without a token"),
    ),
}


# Help with prompts is paid for as well, under keys below zero: it costs, and is no video.
_VIDEO_CHARGES = Q(kind=Kind.CHARGE, video_id__gt=0)


@dataclass(frozen=True)
class Span:
    """The days from `first` to `last`, both included, in the studio's time zone."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Span":
        """As many days, right before these."""
        return Span(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def every_day(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.days)]

    @property
    def condition(self) -> Q:
        """The condition for lines that were written in these days."""
        return Q(at__gte=midnight(self.first), at__lt=midnight(self.last + timedelta(days=1)))


@dataclass(frozen=True)
class SpendRow:
    """What a group spent: `videos` are its paid submissions, `unpriced` those without any known price.

    `key` tells groups of one name apart. `before` is what it spent in as many days before.
    """

    name: str
    videos: int
    unpriced: int
    spent: Decimal
    key: tuple[object, ...] = ()
    before: Decimal = ZERO


def lines_visible_to(user: User) -> QuerySet[LedgerLine]:
    """Return one's own lines; for managers those of everybody."""
    return LedgerLine.objects.all() if may_manage(user) else LedgerLine.objects.filter(user_id=user.pk)


def spend_by(lines: QuerySet[LedgerLine], span: Span, by: str) -> list[SpendRow]:
    """Return what was spent in the span, a row for each day, or else the largest first. One query."""
    grouping = GROUPINGS[by]
    found = lines.filter(span.condition).order_by()
    if by == "day":
        found = found.annotate(day=TruncDate("at", tzinfo=timezone.get_default_timezone()))
    rows: Iterable[dict[str, Any]] = found.values(*grouping.keys).annotate(
        name=Max(grouping.name),
        total=Sum("spent"),
        charges=Count("pk", filter=_VIDEO_CHARGES),
        unknown=Count("pk", filter=_VIDEO_CHARGES & Q(is_priced=False)),
        moved=Count("pk", filter=~Q(spent=0) | _VIDEO_CHARGES),
    )
    result = [
        SpendRow(
            _name_of(row["name"], grouping),
            row["charges"],
            row["unknown"],
            row["total"] or ZERO,
            tuple(row[key] for key in grouping.keys),
        )
        for row in rows
        if row["moved"]
    ]
    return _sorted(result, by)


def _sorted(rows: Iterable[SpendRow], by: str) -> list[SpendRow]:
    if by == "day":
        return sorted(rows, key=lambda row: row.name)
    return sorted(rows, key=lambda row: (-row.spent, row.name))


def compare_spend(lines: QuerySet[LedgerLine], span: Span, by: str) -> list[SpendRow]:
    """Return the rows of `spend_by`, and beside each what it was `before`. Two queries.

    A day is compared with the one so many days before. What spent in the time before alone has a row too, so
    that the column adds up to what was spent then.
    """
    earlier = {_moved_key(row, span, by): row for row in spend_by(lines, span.before, by)}
    rows = {row.key: row for row in spend_by(lines, span, by)}
    compared = [
        replace(row, before=earlier[key].spent if key in earlier else ZERO) for key, row in rows.items()
    ]
    gone = [
        replace(
            row,
            name=str(key[0]) if by == "day" else row.name,
            key=key,
            videos=0,
            unpriced=0,
            spent=ZERO,
            before=row.spent,
        )
        for key, row in earlier.items()
        if key not in rows
    ]
    return _sorted([*compared, *gone], by)


def _moved_key(row: SpendRow, span: Span, by: str) -> tuple[object, ...]:
    """Return the key of what the row of the time before is compared with: of a day, the one as much later."""
    if by != "day":
        return row.key
    return (date.fromisoformat(row.name) + timedelta(days=span.days),)


def _name_of(value: object, grouping: Grouping) -> str:
    return str(value) if value not in (None, "") else str(grouping.missing)


@dataclass(frozen=True)
class SpendTotal:
    """What was spent in a span, on how many submissions, and how many of those had no known price."""

    spent: Decimal
    videos: int
    unpriced: int


def total_of(lines: QuerySet[LedgerLine], span: Span) -> SpendTotal:
    """Return the sum over a span. One query."""
    found: dict[str, Any] = (
        lines.filter(span.condition)
        .order_by()
        .aggregate(
            total=Sum("spent"),
            charges=Count("pk", filter=_VIDEO_CHARGES),
            unknown=Count("pk", filter=_VIDEO_CHARGES & Q(is_priced=False)),
        )
    )
    return SpendTotal(found["total"] or ZERO, found["charges"], found["unknown"])


def reserved_now(lines: QuerySet[LedgerLine]) -> Decimal:
    """Return what is set aside for videos that may still be charged."""
    total: Decimal | None = lines.order_by().aggregate(total=Sum("reserved"))["total"]
    return total or ZERO


def forecast_month(lines: QuerySet[LedgerLine], *, today: date | None = None) -> Decimal:
    """Return what this month would cost if every day of it cost as much as the days until today."""
    day = today or day_of()
    first = day.replace(day=1)
    month = (first + timedelta(days=32)).replace(day=1) - first
    spent = total_of(lines, Span(first, day)).spent
    return (spent / day.day * month.days).quantize(Decimal("0.01"))


def default_span(*, today: date | None = None) -> Span:
    """Return the last 30 days."""
    last = today or day_of()
    return Span(last - timedelta(days=29), last)
