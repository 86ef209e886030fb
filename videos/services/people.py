"""What the people of the studio make and spend, and what becomes of the queue of somebody who is blocked."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from billing.models import LedgerLine
from billing.money import ZERO
from videos import lifecycle, subjects
from videos.models import IN_FLIGHT, State, Video

TEAM_DAYS = 30  # that the page of the team sums up


def stop_queue(sender: Any, user: User, **kwargs: Any) -> None:
    """Cancel what a person who was blocked has in the queue, which cost nothing yet.

    What a backend works on is followed to its end: it is paid for, and whoever takes over wants the result.
    """
    queued = Video.objects.filter(owner=user, state=State.QUEUED, deleted_at=None)
    for video in list(queued):
        with transaction.atomic():
            if lifecycle.cancel_queued(video.pk):
                record(Action.CANCELED, subjects.video(video), note=gettext_noop("Its owner was blocked."))


@dataclass(frozen=True)
class Member:
    """What one person makes: videos that backends accepted, what was spent, and videos that are in flight."""

    user: User
    accepted: int
    spent: Decimal
    in_flight: int


def team() -> list[Member]:
    """Return everybody, who spent most first.

    `accepted` and `spent` are of the last `TEAM_DAYS` days, today included. What is spent is the ledger's
    sum, as on the Spend page. Of what was deleted since, the videos count as long as their rows are there.
    Four queries, each of which reads the rows of everybody at once.
    """
    first = timezone.localdate() - timedelta(days=TEAM_DAYS - 1)
    since = timezone.make_aware(datetime.combine(first, time.min))
    accepted = _count_by_owner(Video.objects.filter(accepted_at__gte=since))
    in_flight = _count_by_owner(Video.objects.filter(state__in=IN_FLIGHT, deleted_at=None))
    lines = LedgerLine.objects.filter(at__gte=since).order_by().values_list("user_id")
    spent: dict[int, Decimal] = dict(lines.annotate(total=Sum("spent")))
    members = [
        Member(user, accepted.get(user.pk, 0), spent.get(user.pk, ZERO), in_flight.get(user.pk, 0))
        for user in User.objects.order_by("username")
    ]
    return sorted(members, key=lambda member: -member.spent)


def _count_by_owner(videos: QuerySet[Video]) -> dict[int, int]:
    return dict(videos.order_by().values_list("owner").annotate(count=Count("pk")))


def recent_work(limit: int) -> QuerySet[Video]:
    """Return the latest videos of everybody, newest first: what was asked for, not the files."""
    shown = Q(deleted_at=None, trashed_at=None)
    fields = ("prompt", "model", "state", "price", "charged", "created_at", "owner__username")
    return Video.objects.filter(shown).select_related("owner").only(*fields).order_by("-pk")[:limit]
