"""What the people of the studio make and spend, and what becomes of the queue of somebody who is blocked."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from videos import lifecycle
from videos.models import IN_FLIGHT, State, Video

TEAM_DAYS = 30  # that the page of the team sums up
_MONEY = DecimalField(max_digits=14, decimal_places=6)
_COST = Coalesce("charged", "price", output_field=_MONEY)  # as the backend says, else as estimated


def stop_queue(sender: Any, user: User, **kwargs: Any) -> None:
    """Cancel what a person who was blocked has in the queue, which cost nothing yet.

    What a backend works on is followed to its end: it is paid for, and whoever takes over wants the result.
    """
    queued = Video.objects.filter(owner=user, state=State.QUEUED, deleted_at=None)
    for pk in queued.values_list("pk", flat=True):
        lifecycle.cancel_queued(pk)


def team() -> QuerySet[User]:
    """Return everybody, who spent most first, with `accepted`, `dollars` and `in_flight`.

    The first two are about the last `TEAM_DAYS` days, today included. What was deleted since counts as long
    as its row is there.
    """
    first = timezone.localdate() - timedelta(days=TEAM_DAYS - 1)
    since = timezone.make_aware(datetime.combine(first, time.min))
    own = Video.objects.filter(owner=OuterRef("pk")).order_by().values("owner")
    accepted = own.filter(accepted_at__gte=since)
    running = own.filter(state__in=IN_FLIGHT, deleted_at=None)
    zero = Decimal(0)
    return User.objects.annotate(
        accepted=Coalesce(Subquery(accepted.annotate(n=Count("pk")).values("n")), 0),
        dollars=Coalesce(Subquery(accepted.annotate(n=Sum(_COST)).values("n"), output_field=_MONEY), zero),
        in_flight=Coalesce(Subquery(running.annotate(n=Count("pk")).values("n")), 0),
    ).order_by("-dollars", "username")


def recent_work(limit: int) -> QuerySet[Video]:
    """Return the latest videos of everybody, newest first: what was asked for, not the files."""
    shown = Q(deleted_at=None, trashed_at=None)
    fields = ("prompt", "model", "state", "price", "charged", "created_at", "owner__username")
    return Video.objects.filter(shown).select_related("owner").only(*fields).order_by("-pk")[:limit]
