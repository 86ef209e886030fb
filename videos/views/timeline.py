"""The months of a large library, with how many videos each has, and the way to any of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.db.models import Case, Count, DateTimeField, ExpressionWrapper, F, IntegerField, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone
from django.utils.dateformat import format as format_date

from accounts.models import User
from videos.models import Video
from videos.models.keyset import Position
from videos.models.video_queries import VideoQuerySet
from videos.views.search import Search, midnight

MIN_VIDEOS = 200  # a library of no more is scrolled through
MAX_MONTHS = 240  # what is older counts for the oldest of them
MIN_CACHED = 2000  # videos; fewer are counted again for every page
CACHED_FOR = 600  # seconds
_YEARS = range(1970, 9999)  # of which every day can be computed with in every time zone


@dataclass(frozen=True)
class TimelineMonth:
    """A month of which there are videos. `starts_year`: it is the first of its year in the list."""

    first_day: date
    count: int
    url: str
    starts_year: bool

    @property
    def name(self) -> str:
        return format_date(self.first_day, "M")

    @property
    def year(self) -> int:
        return self.first_day.year

    @property
    def mark(self) -> str:
        """Year and month as the page's script compares them."""
        return f"{self.first_day:%Y-%m}"


def timeline(search: Search, person: User, total: int) -> list[TimelineMonth]:
    """Return the months of the `total` videos that fit the search, in its order; none where there are few, or
    where the order is not one of time. At most two queries, none while the counts are cached.
    """
    if search.sort_option.moment is None or total <= MIN_VIDEOS:
        return []
    counts = _cached_counts(search, person, total)
    is_descending = search.sort_option.order.descending
    months: list[TimelineMonth] = []
    for first_day, count in sorted(counts.items(), reverse=is_descending):
        year = months[-1].first_day.year if months else None
        start = _next_month(first_day) - timedelta(days=1) if is_descending else first_day
        months.append(TimelineMonth(first_day, count, search.start_url(start), year != first_day.year))
    return months


def start_position(search: Search, rows: VideoQuerySet) -> Position | None:
    """Return the position right before the first of `rows`, the videos of the search, that is of the day
    `search.start` or comes after it in the order; None without such a day, or where there is none.
    """
    if search.start is None or search.sort_option.moment is None or search.start.year not in _YEARS:
        return None
    order = search.sort_option.order
    bound = midnight(search.start + timedelta(days=1) if order.descending else search.start)
    if order.key is not None:
        return Position(0, bound)
    # Videos are made in the order of their keys; what was imported has older times, and is where it came in.
    found = (
        rows.filter(created_at__lt=bound).order_by("-created_at", "-pk")
        if order.descending
        else rows.filter(created_at__gte=bound).order_by("created_at", "pk")
    )
    pk = found.values_list("pk", flat=True).first()
    return None if pk is None else Position(pk + 1 if order.descending else pk - 1)


def _cached_counts(search: Search, person: User, total: int) -> dict[date, int]:
    if total < MIN_CACHED:
        return _count_months(search, person)
    words = f"{search.address} {timezone.get_current_timezone_name()}"
    key = f"timeline:{person.pk}:{hashlib.sha256(words.encode()).hexdigest()}"
    counts: dict[date, int] | None = cache.get(key)
    if counts is None:
        counts = _count_months(search, person)
        cache.set(key, counts, CACHED_FOR)
    return counts


def _count_months(search: Search, person: User) -> dict[date, int]:
    """Count what fits by month, in the active time zone."""
    oldest = Video.objects.order_by("created_at").values_list("created_at", flat=True).first()
    months = _months_since(timezone.localdate(oldest)) if oldest else []
    if not months:
        return {}
    moment = search.sort_option.order.key or F("created_at")
    rows = search.matches(person).order_by().alias(moment=ExpressionWrapper(moment, DateTimeField()))
    numbers = _number_of([midnight(month) for month in months])
    return {months[number]: count for number, count in rows.values_list(numbers).annotate(number=Count("*"))}


def _months_since(oldest: date) -> list[date]:
    """Return the first days of the months from that of `oldest` to the present one."""
    months = [timezone.localdate().replace(day=1)]
    while months[-1] > oldest and len(months) < MAX_MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[::-1]


def _next_month(first_day: date) -> date:
    return (first_day + timedelta(days=31)).replace(day=1)


def _number_of(starts: Sequence[datetime], number: int = 0) -> Combinable:
    """Return which of the spans that begin at `starts` the `moment` of a row is in, as a tree of comparisons:
    each row is compared with few of them.
    """
    if len(starts) == 1:
        return Value(number, IntegerField())
    half = len(starts) // 2
    later = _number_of(starts[half:], number + half)
    return Case(When(moment__gte=starts[half], then=later), default=_number_of(starts[:half], number))
