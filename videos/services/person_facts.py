"""What somebody has here and has going on: for the page of a person in the administration."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from accounts.models import User
from billing.models import LedgerLine
from billing.money import ZERO
from billing.periods import Period, day_of, first_day, midnight
from videos.models import IN_FLIGHT, ApprovalRequest, Batch, Collection, State, Video


@dataclass(frozen=True)
class PersonFacts:
    """Counts of what is a person's: of videos without those deleted for good."""

    videos: int
    queued: int
    at_work: int
    batches: int
    collections: int
    waiting_for_approval: int


def facts_of(user: User) -> PersonFacts:
    """Return what the person has, in four queries."""
    queued = Q(state=State.QUEUED)
    videos: dict[str, int] = Video.objects.owned_by(user).aggregate(
        videos=Count("pk"),
        queued=Count("pk", filter=queued),
        at_work=Count("pk", filter=Q(state__in=IN_FLIGHT) & ~queued),
    )
    return PersonFacts(
        **videos,
        batches=Batch.objects.filter(owner=user).count(),
        collections=Collection.objects.owned_by(user).count(),
        waiting_for_approval=ApprovalRequest.objects.waiting().filter(owner=user).count(),
    )


def spent_this_month(users: list[int]) -> dict[int, Decimal]:
    """Return what each of these people spent this month, by key. One query, answered by an index."""
    since = midnight(first_day(Period.MONTH, day_of()))
    lines = LedgerLine.objects.filter(user_id__in=users, at__gte=since).order_by()
    spent = dict(lines.values_list("user_id").annotate(total=Sum("spent")))
    return {pk: spent.get(pk) or ZERO for pk in users}


def describe_blocking(user: User) -> str:
    """Return what blocking the person would stop, and what it would not, in words."""
    facts = facts_of(user)
    parts = [
        (facts.queued, "queued video is canceled", "queued videos are canceled"),
        (facts.waiting_for_approval, "request for approval ends", "requests for approval end"),
        (facts.at_work, "video on its way is finished", "videos on their way are finished"),
    ]
    told = [f"{count:,} {one if count == 1 else more}" for count, one, more in parts if count]
    return ", ".join(told) or "nothing in the queue"
