"""What a person's videos cost, summed up by model and by day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import User
from videos.models import Video
from videos.models.video_queries import VideoQuerySet

_ALIAS = "sum_of_"  # before the name of a sum, because some are those of columns
_DOLLARS = DecimalField(max_digits=18, decimal_places=6)
# What each group of videos adds up to, by the field of `UsageTotal`.
_SUMS = {
    "videos": Count("pk"),
    "seconds": Sum("seconds"),
    "charged": Sum("charged", output_field=_DOLLARS),
    "estimated": Sum("price", filter=Q(charged=None), output_field=_DOLLARS),
    "difference": Sum(F("charged") - F("price"), output_field=_DOLLARS),  # of rows that have both
    "without_cost": Count("pk", filter=Q(charged=None, price=None)),
}


@dataclass
class UsageTotal:
    """A sum over videos that a backend accepted: `seconds` paid for, dollars that were `charged`, as the
    backends say, and those that are only `estimated`. `difference` is what was charged above the estimates,
    of the videos that have both, and `without_cost` how many have neither.
    """

    videos: int = 0
    seconds: int = 0
    charged: Decimal = Decimal(0)
    estimated: Decimal = Decimal(0)
    difference: Decimal = Decimal(0)
    without_cost: int = 0

    @property
    def dollars(self) -> Decimal:
        """What was spent as far as anybody knows."""
        return self.charged + self.estimated

    def add(self, sums: Mapping[str, Any]) -> None:
        """Add the sums of a group of videos, by field; None where it has none of a kind."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + (sums[name] or 0))


@dataclass
class Usage:
    """What was spent in a range of days: in total, by model and by day."""

    total: UsageTotal = field(default_factory=UsageTotal)
    by_model: dict[str, UsageTotal] = field(default_factory=lambda: defaultdict(UsageTotal))
    by_day: dict[date, UsageTotal] = field(default_factory=lambda: defaultdict(UsageTotal))


def accepted_between(owner: User, first: date, last: date) -> VideoQuerySet:
    """Return what a backend accepted of the owner's videos from `first` to `last`, both included, in the
    studio's time zone. Deleted videos are left out.
    """
    start = timezone.make_aware(datetime.combine(first, time.min))
    end = timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))
    return Video.objects.owned_by(owner).filter(accepted_at__gte=start, accepted_at__lt=end)


def summarize_usage(owner: User, first: date, last: date) -> Usage:
    """Sum up what was accepted from `first` to `last`, both included, in the studio's time zone.

    One query. Models are ordered by cost, highest first, days by date. Deleted videos are left out.
    """
    accepted = accepted_between(owner, first, last).order_by()
    groups = accepted.annotate(day=TruncDate("accepted_at")).values("day", "model")
    return _add_up(groups.annotate(**{_ALIAS + name: total for name, total in _SUMS.items()}))


def _add_up(groups: Iterable[Mapping[str, Any]]) -> Usage:
    usage = Usage()
    for group in groups:
        sums = {name: group[_ALIAS + name] for name in _SUMS}
        for total in (usage.total, usage.by_model[group["model"]], usage.by_day[group["day"]]):
            total.add(sums)
    by_cost = sorted(usage.by_model.items(), key=lambda each: (-each[1].dollars, each[0]))
    return Usage(usage.total, dict(by_cost), dict(sorted(usage.by_day.items())))
