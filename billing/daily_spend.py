"""What everybody spent lately, by person and by day: today, this month, and the last 30 days at once."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Max, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from billing.models import LedgerLine
from billing.money import ZERO
from billing.periods import day_of
from billing.spend import Span, default_span


@dataclass(frozen=True)
class PersonSpend:
    """What one person spent today and in this month. The name is the latest that the ledger has."""

    user_id: int
    name: str
    today: Decimal
    month: Decimal


@dataclass(frozen=True)
class RecentSpend:
    """What was spent: in all, by person, who spent most this month first, and by each of the last 30 days."""

    today: Decimal
    month: Decimal
    people: list[PersonSpend]
    days: list[tuple[date, Decimal]]


def spent_lately(*, today: date | None = None) -> tuple[Decimal, Decimal]:
    """Return what everybody spent today and in this month. One query, over the lines of the month."""
    now = today or day_of()
    day, month = Span(now, now).condition, Span(now.replace(day=1), now).condition
    found = LedgerLine.objects.filter(month).aggregate(
        today=Sum("spent", filter=day, default=ZERO), month=Sum("spent", default=ZERO)
    )
    return found["today"], found["month"]


def recent_spend(*, today: date | None = None) -> RecentSpend:
    """Return what everybody spent. One query, over the lines of 30 days, or 31 at a month's end."""
    now = today or day_of()
    chart, month = default_span(today=now), now.replace(day=1)
    lines = LedgerLine.objects.filter(Span(min(chart.first, month), now).condition).exclude(spent=0)
    rows = (
        lines.order_by()
        .annotate(day=TruncDate("at", tzinfo=timezone.get_default_timezone()))
        .values("day", "user_id")
        .annotate(name=Max("username"), total=Sum("spent"))
    )
    by_day: defaultdict[date, Decimal] = defaultdict(lambda: ZERO)
    people: dict[int, PersonSpend] = {}
    for row in rows:
        day, user_id, total = row["day"], row["user_id"], row["total"] or ZERO
        by_day[day] += total
        if day >= month:
            known = people.get(user_id, PersonSpend(user_id, row["name"], ZERO, ZERO))
            extra = total if day == now else ZERO
            people[user_id] = PersonSpend(user_id, row["name"], known.today + extra, known.month + total)
    ranked = sorted(people.values(), key=lambda each: (-each.month, each.name))
    return RecentSpend(
        today=by_day[now],
        month=sum((each.month for each in ranked), ZERO),
        people=ranked,
        days=[(day, by_day[day]) for day in chart.every_day],
    )
