"""How long the log of deliveries is kept: WEBHOOK_LOG_DAYS."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.utils import timezone

from webhooks.models import Delivery, Message

_TURN = "webhooks:retention"
_EVERY = 60  # seconds
_BATCH = 1000  # rows in one go: a transaction of a minute would hold up others


def remove_old() -> int:
    """Delete some deliveries that are too old, once a minute, and messages that have none. Returns how many.

    What still waits is deleted too: a webhook that was paused for a month is not told of a month's events.
    """
    if not cache.add(_TURN, True, _EVERY):
        return 0
    oldest = timezone.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS)
    old = Delivery.objects.filter(created_at__lt=oldest).order_by("created_at")
    removed, _ = Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_BATCH])).delete()
    unused = Message.objects.filter(
        ~Exists(Delivery.objects.filter(message=OuterRef("pk"))), created_at__lt=oldest
    )
    pks = list(unused.order_by("created_at").values_list("pk", flat=True)[:_BATCH])
    Message.objects.filter(pk__in=pks).delete()
    return removed
