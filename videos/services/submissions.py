"""What waits to be submitted, for those who hold and release it."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing.money import format_money
from videos.engine import hold
from videos.models import State, StudioState, Video


@dataclass(frozen=True)
class WaitingAtBackend:
    """The queued videos of one backend. `dollars` leaves out those that had no price in the catalogue."""

    backend: str
    videos: int
    dollars: Decimal
    unpriced: int

    def __str__(self) -> str:
        return f"{self.backend}: {_count(self.videos)}, {_price(self.dollars, self.unpriced)}"


@dataclass(frozen=True)
class SubmissionStatus:
    """Whether submissions are held, and what a release would submit."""

    state: StudioState
    waiting: list[WaitingAtBackend]
    searching: int
    needs_decision: int

    @property
    def total(self) -> str:
        """The number and the price of all that waits, as a phrase."""
        dollars = sum((each.dollars for each in self.waiting), Decimal(0))
        unpriced = sum(each.unpriced for each in self.waiting)
        return f"{_count(sum(each.videos for each in self.waiting))}, {_price(dollars, unpriced)}"

    @property
    def is_searching(self) -> bool:
        """Whether a restored studio still searches the backends; it cannot be released before that ends."""
        return self.state.was_restored and self.searching > 0


def submission_status() -> SubmissionStatus:
    """Sum up what waits, by backend."""
    queued = Video.objects.filter(state=State.QUEUED, cancel_requested_at=None).order_by("backend__name")
    rows = queued.values_list("backend__name").annotate(
        videos=Count("pk"), dollars=Sum("price"), unpriced=Count("pk", filter=Q(price=None))
    )
    waiting = [
        WaitingAtBackend(name, videos, dollars or Decimal(0), unpriced)
        for name, videos, dollars, unpriced in rows
    ]
    undecided = Video.objects.filter(state=State.UNCERTAIN, due_at=None).count()
    return SubmissionStatus(StudioState.objects.load(), waiting, hold.searching(), undecided)


def _count(videos: int) -> str:
    return "1 video" if videos == 1 else f"{videos} videos"


def _price(dollars: Decimal, unpriced: int) -> str:
    if not unpriced:
        return format_money(dollars)
    others = f"{unpriced} without a price"
    return f"{format_money(dollars)} and {others}" if dollars else others
