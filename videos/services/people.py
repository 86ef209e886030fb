"""What the people of the studio make and spend, and what becomes of the queue of somebody who is blocked."""

from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from billing.models import LedgerLine
from billing.money import ZERO, MoneyField
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
                record(Action.CANCELED, subjects.video(video), note="Its owner was blocked.")


def team() -> QuerySet[User]:
    """Return everybody, who spent most first, with `accepted`, `spent` and `in_flight`.

    The first two are about the last `TEAM_DAYS` days, today included. What is spent is the ledger's sum, as
    on the Spend page. Of what was deleted since, the videos count as long as their rows are there.
    """
    first = timezone.localdate() - timedelta(days=TEAM_DAYS - 1)
    since = timezone.make_aware(datetime.combine(first, time.min))
    own = Video.objects.filter(owner=OuterRef("pk")).order_by().values("owner")
    accepted = own.filter(accepted_at__gte=since)
    running = own.filter(state__in=IN_FLIGHT, deleted_at=None)
    lines = LedgerLine.objects.filter(user_id=OuterRef("pk"), at__gte=since).order_by().values("user_id")
    return User.objects.annotate(
        accepted=Coalesce(Subquery(accepted.annotate(n=Count("pk")).values("n")), 0),
        spent=Coalesce(
            Subquery(lines.annotate(total=Sum("spent")).values("total")), ZERO, output_field=MoneyField()
        ),
        in_flight=Coalesce(Subquery(running.annotate(n=Count("pk")).values("n")), 0),
    ).order_by("-spent", "username")


def recent_work(limit: int) -> QuerySet[Video]:
    """Return the latest videos of everybody, newest first: what was asked for, not the files."""
    shown = Q(deleted_at=None, trashed_at=None)
    fields = ("prompt", "model", "state", "price", "charged", "created_at", "owner__username")
    return Video.objects.filter(shown).select_related("owner").only(*fields).order_by("-pk")[:limit]
