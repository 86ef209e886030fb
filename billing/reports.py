"""What the Spend page shows, and its CSV file."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from io import StringIO

from django.db.models import QuerySet
from django.utils.translation import gettext
from django_stubs_ext import StrOrPromise

from accounts.formats import format_number
from accounts.models import User
from accounts.roles import may_manage
from billing.attempts import Attempt, group_lines
from billing.charts import Bar, Row, draw_bars, draw_rows
from billing.models import LedgerLine
from billing.money import ZERO, format_money, plain_amount
from billing.spend import (
    GROUPINGS,
    MAX_DAYS,
    Span,
    SpendRow,
    SpendTotal,
    compare_spend,
    default_span,
    forecast_month,
    lines_visible_to,
    reserved_now,
    spend_by,
)

MAX_CHART_DAYS = 120  # columns that can be told apart
MAX_UNCONFIRMED = 100  # charges that are listed to be decided about


@dataclass(frozen=True)
class Query:
    """What is asked for: the days, how spending is told apart, and whether only one's own counts."""

    span: Span
    by: str
    only_own: bool
    problem: str = ""

    @classmethod
    def from_parameters(cls, values: Mapping[str, str]) -> "Query":
        """Read the query of an address; what cannot be used is told in `problem`, and the default shown."""
        by = values.get("by", "")
        by = by if by in GROUPINGS else "day"
        only_own = values.get("who") == "me"
        usual = default_span()
        try:
            last = date.fromisoformat(values.get("to") or usual.last.isoformat())
            first = date.fromisoformat(values.get("from") or min(usual.first, last).isoformat())
        except ValueError:
            return cls(usual, by, only_own, gettext("Write days such as 2026-11-30."))
        if first > last:
            return cls(usual, by, only_own, gettext("The first day must not be after the last."))
        # The time before is shown too, and must be days that there are.
        if (last - first).days >= MAX_DAYS or first.year < 1990 or last.year > 9000:
            problem = gettext("Choose at most %(count)s days.") % {"count": format_number(MAX_DAYS)}
            return cls(usual, by, only_own, problem)
        return cls(Span(first, last), by, only_own)


class SpendReport:
    """The Spend page of `user`: managers see what everybody spent, others their own."""

    def __init__(self, user: User, query: Query) -> None:
        self.user, self.query = user, query
        self.is_manager = may_manage(user)

    @cached_property
    def lines(self) -> QuerySet[LedgerLine]:
        if self.query.only_own:
            return LedgerLine.objects.filter(user_id=self.user.pk)
        return lines_visible_to(self.user)

    @cached_property
    def rows(self) -> list[SpendRow]:
        return compare_spend(self.lines, self.query.span, self.query.by)

    @cached_property
    def total(self) -> SpendTotal:
        return SpendTotal(
            sum((row.spent for row in self.rows), ZERO),
            sum(row.videos for row in self.rows),
            sum(row.unpriced for row in self.rows),
        )

    @cached_property
    def before(self) -> Decimal:
        """What was spent in as many days before."""
        return sum((row.before for row in self.rows), ZERO)

    @property
    def change(self) -> str:
        """How the total differs from that of as many days before, in words."""
        difference = self.total.spent - self.before
        if not difference:
            return gettext("as much as before")
        is_more, values = difference > 0, {"amount": format_money(abs(difference))}
        if self.before <= 0:
            return (
                gettext("%(amount)s more than before") % values
                if is_more
                else gettext("%(amount)s less than before") % values
            )
        values["percent"] = f"{100 * abs(difference) / self.before:.0f}"
        if is_more:
            return gettext("%(amount)s more than before (%(percent)s%%)") % values
        return gettext("%(amount)s less than before (%(percent)s%%)") % values

    @cached_property
    def reserved(self) -> Decimal:
        return reserved_now(self.lines)

    @cached_property
    def forecast(self) -> Decimal:
        return forecast_month(self.lines)

    @property
    def problems(self) -> list[str]:
        """What is wrong with the query, as the errors of a form."""
        return [self.query.problem] if self.query.problem else []

    @property
    def grouping(self) -> StrOrPromise:
        """The heading of the table's first column."""
        return GROUPINGS[self.query.by].label

    @property
    def heading(self) -> StrOrPromise:
        """The heading of the table."""
        return GROUPINGS[self.query.by].heading

    @property
    def groupings(self) -> list[tuple[str, StrOrPromise]]:
        return [(name, grouping.label) for name, grouping in GROUPINGS.items()]

    @cached_property
    def days(self) -> list[SpendRow]:
        """What was spent on each day of the span: the table beside the chart."""
        return self.rows if self.query.by == "day" else spend_by(self.lines, self.query.span, "day")

    @property
    def drawn_rows(self) -> list[tuple[SpendRow, Row | None]]:
        """The rows of the table with their bars; days have none, because they have a chart of their own."""
        if self.query.by == "day":
            return [(row, None) for row in self.rows]
        return list(zip(self.rows, draw_rows([(row.spent, row.before) for row in self.rows]), strict=True))

    @cached_property
    def bars(self) -> list[Bar]:
        """The days as columns; none where there are too many of them, or nothing was spent."""
        if self.query.span.days > MAX_CHART_DAYS or not self.total.spent:
            return []
        spent = {row.name: row.spent for row in self.days}
        days = [
            (day.isoformat(), spent.get(day.isoformat(), Decimal(0))) for day in self.query.span.every_day
        ]
        return draw_bars([(f"{name}: {format_money(amount)}", amount) for name, amount in days])

    @cached_property
    def unconfirmed(self) -> list[Attempt]:
        """For managers: the charges of which nobody knows whether they are real, newest first."""
        if not self.is_manager:
            return []
        doubted = LedgerLine.objects.filter(confirms=False).order_by("-pk")
        ids = list(dict.fromkeys(doubted.values_list("video_id", flat=True)[: 4 * MAX_UNCONFIRMED]))
        found = group_lines(LedgerLine.objects.of_videos(ids))
        attempts = [attempt for video_id in ids for attempt in found[video_id]]
        return [each for each in attempts if each.is_unconfirmed and each.spent > 0][:MAX_UNCONFIRMED]

    @property
    def csv_lines(self) -> Iterator[str]:
        """The table as CSV, line by line: amounts with a point, without a sign of the currency."""
        yield _csv_line(self.query.by, "videos", "unpriced", "spent", "before")
        for row in self.rows:
            name = f"'{row.name}" if row.name[:1] in "=+-@\t\r" else row.name  # no formula in a spreadsheet
            amounts = plain_amount(row.spent), plain_amount(row.before)
            yield _csv_line(name, row.videos, row.unpriced, *amounts)


def _csv_line(*cells: object) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
