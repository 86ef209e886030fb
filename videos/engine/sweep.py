"""The sweep: whatever was lost on the way (a message, a worker, the broker), the row is found here."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from videos import lifecycle
from videos.engine import characters, enqueue, store
from videos.engine.cleanup import IS_NEEDED
from videos.engine.submit import GRACE
from videos.lifecycle import Reason
from videos.models import IN_FLIGHT, Backend, IdempotencyRecord, State, Video

FROM_TRASH = 100  # videos whose time in the trash is over, deleted in one sweep
PROBE_AGAIN = 600  # seconds before a backend that did not answer is looked at again
RECORDS_KEPT = timedelta(days=7)
RECORDS_AT_ONCE = 500

_INTERRUPTED = Reason(
    "interrupted",
    "The submission was interrupted. We are finding out whether the backend accepted it.",
    "The lease ran out while submitting.",
)


def sweep() -> None:
    """Find what nobody is working on, and hint at it. Doing so twice, or from two places, is harmless."""
    now = timezone.now()
    lifecycle.apply_pending_cancellations()
    expired = Video.objects.filter(state=State.SUBMITTING, lease_expires_at__lte=now)
    for pk, token in expired.values_list("pk", "lease_token"):
        if token is not None:
            lifecycle.mark_uncertain(pk, token, _INTERRUPTED, due_at=now + GRACE)
    uncertain = Video.objects.filter(state=State.UNCERTAIN, due_at__lte=now + timedelta(seconds=1))
    for backend_id in uncertain.order_by().values_list("backend", flat=True).distinct():
        enqueue.send("reconcile", backend_id)
    _take_out_the_trash()
    leaving = Video.objects.filter(
        Q(delete_job_at__lte=now) | Q(deleted_at__isnull=False, delete_job_at=None)
    ).exclude(state__in=IN_FLIGHT)
    for pk in leaving.exclude(IS_NEEDED).values_list("pk", flat=True)[:100]:
        enqueue.send("forget", pk)
    _look_at_new_backends()
    characters.sweep()
    store.remove_abandoned()
    _remove_old_idempotency_records()


def _remove_old_idempotency_records() -> None:
    """Remove the oldest ones, some at a time. Ids grow with time, so no index on the time is needed."""
    oldest = IdempotencyRecord.objects.order_by("pk").values_list("pk", "created_at")[:RECORDS_AT_ONCE]
    since = timezone.now() - RECORDS_KEPT
    old = [pk for pk, created_at in oldest if created_at < since]
    if old:
        IdempotencyRecord.objects.filter(pk__in=old).delete()


def _take_out_the_trash() -> None:
    """Delete for good what has been in the trash for TRASH_RETENTION_DAYS."""
    since = timezone.now() - timedelta(days=settings.TRASH_RETENTION_DAYS)
    over = Video.objects.filter(trashed_at__lte=since, deleted_at=None).order_by("trashed_at")
    for pk in over.values_list("pk", flat=True)[:FROM_TRASH]:
        lifecycle.delete(pk)


def _look_at_new_backends() -> None:
    """Have each backend that was never probed looked at, now and then until it answers."""
    new = Backend.objects.filter(enabled=True, is_simulator=False, probed_at=None)
    for backend in new:
        if not backend.is_retired and cache.add(f"probing:{backend.pk}", True, PROBE_AGAIN):
            enqueue.send("probe", backend.pk)
