"""What a person spent by the ledger, summed up by model and by day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import User
from billing.models import Kind, LedgerLine
from billing.periods import midnight
from billing.spend import Span
from videos.models import Video
from videos.models.video_queries import VideoQuerySet

_ALIAS = "sum_of_"  # before the name of a sum, because some are those of columns
_DOLLARS = DecimalField(max_digits=18, decimal_places=6)
_CHARGE = Q(kind=Kind.CHARGE, video_id__gt=0)  # help with prompts is no video
# What each group of lines adds up to, by the field of `UsageTotal`.
_SUMS = {
    "videos": Count("pk", filter=_CHARGE),
    "seconds": Sum("length", filter=_CHARGE),
    "charged": Sum("spent", filter=Q(is_told=True)),
    "estimated": Sum("spent", filter=Q(is_told=False)),
    "difference": Sum("above_estimate", filter=_CHARGE, output_field=_DOLLARS),
    "without_cost": Count("pk", filter=_CHARGE & Q(is_priced=False, is_told=False)),
}


@dataclass
class UsageTotal:
    """A sum over the ledger: `videos` are paid submissions, `seconds` the length of their videos.

    `charged` is what backends say they charged, `estimated` the rest of what was spent. `difference` is by
    how much charges are above their estimates, where both are known; `without_cost` counts those whose price
    nobody knows.
    """

    videos: int = 0
    seconds: int = 0
    charged: Decimal = Decimal(0)
    estimated: Decimal = Decimal(0)
    difference: Decimal = Decimal(0)
    without_cost: int = 0

    @property
    def dollars(self) -> Decimal:
        """What was spent: exactly what the Spend page says."""
        return self.charged + self.estimated

    def add(self, sums: Mapping[str, Any]) -> None:
        """Add the sums of a group of lines, by field; None where it has none of a kind."""
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
    start, end = midnight(first), midnight(last + timedelta(days=1))
    return Video.objects.owned_by(owner).filter(accepted_at__gte=start, accepted_at__lt=end)


def summarize_usage(owner: User, first: date, last: date) -> Usage:
    """Sum up what was spent from `first` to `last`, both included, in the studio's time zone.

    One query. Models are ordered by cost, highest first, days by date. What was deleted since was spent all
    the same; what a simulator made, or a backend that is free of charge, is not in the ledger.
    """
    video = Video.objects.filter(pk=OuterRef("video_id"))
    lines = LedgerLine.objects.filter(Span(first, last).condition, user_id=owner.pk).order_by()
    told = lines.annotate(
        day=TruncDate("at", tzinfo=timezone.get_default_timezone()),
        is_told=Exists(video.filter(charged__isnull=False)),
        length=Subquery(video.values("seconds")[:1]),
        above_estimate=Subquery(video.values(above=F("charged") - F("price"))[:1]),
    )
    moved = told.filter(_CHARGE | ~Q(spent=0))
    groups = moved.values("day", "model")
    return _add_up(groups.annotate(**{_ALIAS + name: total for name, total in _SUMS.items()}))


def _add_up(groups: Iterable[Mapping[str, Any]]) -> Usage:
    usage = Usage()
    for group in groups:
        sums = {name: group[_ALIAS + name] for name in _SUMS}
        for total in (usage.total, usage.by_model[group["model"]], usage.by_day[group["day"]]):
            total.add(sums)
    by_cost = sorted(usage.by_model.items(), key=lambda each: (-each[1].dollars, each[0]))
    return Usage(usage.total, dict(by_cost), dict(sorted(usage.by_day.items())))
