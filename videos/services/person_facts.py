"""What somebody has here and has going on: for the page of a person in the administration."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum
from django.utils.translation import gettext, ngettext

from accounts.formats import format_number
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
    """Return what the person has, in six queries."""
    open_videos = Video.objects.owned_by(user).filter(state__in=IN_FLIGHT).order_by()
    in_flight = Counter(dict(open_videos.values_list("state").annotate(count=Count("pk"))))
    return PersonFacts(
        videos=count_videos([user.pk])[user.pk],
        queued=in_flight[State.QUEUED],
        at_work=in_flight.total() - in_flight[State.QUEUED],
        batches=Batch.objects.filter(owner=user).count(),
        collections=Collection.objects.owned_by(user).count(),
        waiting_for_approval=ApprovalRequest.objects.waiting().filter(owner=user).count(),
    )


def count_videos(users: list[int]) -> Counter[int]:
    """Return how many videos each of these people has, by key. Two queries: the trash has its own index."""
    existing = Video.objects.filter(owner__in=users, deleted_at=None).order_by()
    counts: Counter[int] = Counter()
    for videos in (existing.filter(trashed_at=None), existing.filter(trashed_at__isnull=False)):
        counts += Counter(dict(videos.values_list("owner").annotate(count=Count("owner"))))
    return counts


def used_this_month(users: list[int]) -> dict[int, Decimal]:
    """Return what each of these people has spent or reserved this month, by key, as their budgets count it.

    One query, answered by an index alone.
    """
    since = midnight(first_day(Period.MONTH, day_of()))
    lines = LedgerLine.objects.filter(user_id__in=users, counts_at__gte=since).order_by()
    used = dict(lines.values_list("user_id").annotate(total=Sum("net")))
    return {pk: used.get(pk) or ZERO for pk in users}


def describe_blocking(user: User) -> str:
    """Return what blocking the person would stop, and what it would not, in words."""
    facts = facts_of(user)
    parts = (
        (
            facts.queued,
            ngettext(
                "%(count)s queued video is canceled", "%(count)s queued videos are canceled", facts.queued
            ),
        ),
        (
            facts.waiting_for_approval,
            ngettext(
                "%(count)s request for approval ends",
                "%(count)s requests for approval end",
                facts.waiting_for_approval,
            ),
        ),
        (
            facts.at_work,
            ngettext(
                "%(count)s video on its way is finished",
                "%(count)s videos on their way are finished",
                facts.at_work,
            ),
        ),
    )
    told = [words % {"count": format_number(count)} for count, words in parts if count]
    return ", ".join(told) or gettext("nothing in the queue")
