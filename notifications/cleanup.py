"""What nobody needs any more: old notifications that were read, and more than a person can read."""

from datetime import timedelta

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from notifications.models import Notification

RETENTION = timedelta(days=90)  # after it was read
MAX_PER_PERSON = 500
BATCH = 1000  # rows in one statement: nothing else waits long for it
_TURN = "notifications:cleanup"
_EVERY = 3600  # seconds


def remove_old() -> int:
    """Remove what is too old or too much, once an hour. Returns how many rows were removed."""
    if not cache.add(_TURN, True, _EVERY):
        return 0
    return _remove_read() + _remove_surplus()


def _remove_read() -> int:
    old = Notification.objects.filter(read_at__lt=timezone.now() - RETENTION).order_by()
    return _delete(old.values_list("pk", flat=True))


def _remove_surplus() -> int:
    counted = Notification.objects.order_by().values_list("user_id").annotate(count=Count("pk"))
    return sum(_trim(user_id) for user_id, _ in counted.filter(count__gt=MAX_PER_PERSON))


def _trim(user_id: int) -> int:
    mine = Notification.objects.filter(user=user_id).newest_first()
    last = mine[MAX_PER_PERSON - 1 : MAX_PER_PERSON].get()
    older = Q(happened_at__lt=last.happened_at) | Q(happened_at=last.happened_at, pk__lt=last.pk)
    return _delete(mine.filter(older).order_by().values_list("pk", flat=True))


def _delete(keys: QuerySet[Notification, int]) -> int:
    removed = 0
    while batch := list(keys[:BATCH]):
        removed += Notification.objects.filter(pk__in=batch).delete()[0]
    return removed
