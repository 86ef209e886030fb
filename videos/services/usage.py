"""What a person's videos cost, summed up by model and by day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, DecimalField, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from accounts.models import User
from videos.models import Video

COST = Coalesce("charged", "price", output_field=DecimalField(max_digits=14, decimal_places=6))


@dataclass
class UsageTotal:
    """A sum over videos that a backend accepted: `seconds` paid for, `dollars` as the
    backends say, else by the catalogue's prices.
    """

    videos: int = 0
    seconds: int = 0
    dollars: Decimal = Decimal(0)

    def add(self, videos: int, seconds: int, dollars: Decimal) -> None:
        self.videos += videos
        self.seconds += seconds
        self.dollars += dollars


@dataclass
class Usage:
    """What was spent in a range of days: in total, by model and by day."""

    total: UsageTotal = field(default_factory=UsageTotal)
    by_model: dict[str, UsageTotal] = field(default_factory=lambda: defaultdict(UsageTotal))
    by_day: dict[date, UsageTotal] = field(default_factory=lambda: defaultdict(UsageTotal))


def summarize_usage(owner: User, first: date, last: date) -> Usage:
    """Sum up what was accepted from `first` to `last`, both included, in the studio's time zone.

    One query. Models are ordered by cost, highest first, days by date. Deleted videos are left out.
    """
    start = timezone.make_aware(datetime.combine(first, time.min))
    end = timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))
    accepted = Video.objects.visible_to(owner).filter(accepted_at__gte=start, accepted_at__lt=end).order_by()
    rows = accepted.annotate(day=TruncDate("accepted_at")).values_list("day", "model")
    return _add_up(rows.annotate(videos=Count("pk"), paid_seconds=Sum("seconds"), dollars=Sum(COST)))


def _add_up(rows: Iterable[tuple[date, str, int, int, Decimal | None]]) -> Usage:
    usage = Usage()
    for day, model, videos, seconds, dollars in rows:
        for total in (usage.total, usage.by_model[model], usage.by_day[day]):
            total.add(videos, seconds, dollars or Decimal(0))
    by_cost = sorted(usage.by_model.items(), key=lambda each: (-each[1].dollars, each[0]))
    return Usage(usage.total, dict(by_cost), dict(sorted(usage.by_day.items())))
