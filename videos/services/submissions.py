"""What waits to be submitted, for those who hold and release it."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext

from billing.money import format_money
from videos.engine import hold
from videos.formatting import count_of
from videos.models import State, StudioState, Video


@dataclass(frozen=True)
class WaitingAtBackend:
    """The queued videos of one backend. `dollars` leaves out those that had no price in the catalogue."""

    backend: str
    videos: int
    dollars: Decimal
    unpriced: int

    def __str__(self) -> str:
        return f"{self.backend}: {_describe(self.videos, self.dollars, self.unpriced)}"


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
        return _describe(sum(each.videos for each in self.waiting), dollars, unpriced)

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


def _describe(videos: int, dollars: Decimal, unpriced: int) -> str:
    values = {"videos": count_of(videos, "video"), "price": format_money(dollars), "unpriced": unpriced}
    if not unpriced:
        return gettext("%(videos)s, %(price)s") % values
    if not dollars:
        return gettext("%(videos)s, %(unpriced)s without a price") % values
    return gettext("%(videos)s, %(price)s and %(unpriced)s without a price") % values
