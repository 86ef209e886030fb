"""The sweep: finds every row whose message, worker or broker was lost on the way."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from videos import lifecycle
from videos.engine import characters, enqueue, restore
from videos.engine.cleanup import HAS_DERIVED_IN_FLIGHT
from videos.engine.submit import FIRST_SEARCH_AFTER
from videos.engine.workspace import remove_abandoned_workspaces
from videos.models import (
    IN_FLIGHT,
    Backend,
    Character,
    DeletedRequest,
    IdempotencyRecord,
    ReleasedJob,
    State,
    Video,
)
from videos.models.idempotency_record import RETENTION as IDEMPOTENCY_RETENTION
from videos.models.values import Reason

TRASH_BATCH = 100  # videos deleted in one sweep because their time in the trash is over
PROBE_RETRY_AFTER = 600  # seconds before a backend that did not answer is probed again
IDEMPOTENCY_BATCH = 500
RELEASE_RETENTION = timedelta(days=30)
DELETED_REQUEST_RETENTION = timedelta(days=7)

_INTERRUPTED = Reason(
    "interrupted",
    "The submission was interrupted. We're checking whether the backend accepted it.",
    "The lease ran out while submitting.",
)


def sweep() -> None:
    """Find what nobody is working on, and hint at it. Running it twice, or in two places, is harmless."""
    now = timezone.now()
    lifecycle.apply_pending_cancellations()
    expired = Video.objects.filter(state=State.SUBMITTING, lease_expires_at__lte=now)
    for pk, token in expired.values_list("pk", "lease_token"):
        if token is not None:
            lifecycle.mark_uncertain(pk, token, _INTERRUPTED, due_at=now + FIRST_SEARCH_AFTER)
    uncertain = Video.objects.filter(state=State.UNCERTAIN, due_at__lte=now + timedelta(seconds=1))
    for backend_id in uncertain.order_by().values_list("backend", flat=True).distinct():
        enqueue.send("reconcile", backend_id)
    _empty_trash()
    removable = Video.objects.filter(
        Q(delete_job_at__lte=now) | Q(deleted_at__isnull=False, delete_job_at=None)
    ).exclude(state__in=IN_FLIGHT)
    for pk in removable.exclude(HAS_DERIVED_IN_FLIGHT).values_list("pk", flat=True)[:100]:
        enqueue.send("clean_up_video", pk)
    _probe_new_backends()
    characters.sweep()
    remove_abandoned_workspaces(_held_tokens)
    _remove_old_idempotency_records()
    _remove_old_releases()
    restore.sweep()


def _remove_old_idempotency_records() -> None:
    """Remove the oldest records, a batch at a time. Ids grow with time, so no index on the time is needed."""
    oldest = IdempotencyRecord.objects.order_by("pk").values_list("pk", "created_at")[:IDEMPOTENCY_BATCH]
    since = timezone.now() - IDEMPOTENCY_RETENTION
    old = [pk for pk, created_at in oldest if created_at < since]
    if old:
        IdempotencyRecord.objects.filter(pk__in=old).delete()


def _remove_old_releases() -> None:
    """Remove the oldest notes on jobs of videos that are gone: no submission is searched for that long."""
    old = ReleasedJob.objects.filter(released_at__lt=timezone.now() - RELEASE_RETENTION)
    batch = list(old.order_by("released_at").values_list("pk", flat=True)[:IDEMPOTENCY_BATCH])
    if batch:
        ReleasedJob.objects.filter(pk__in=batch).delete()
    # These hold prompts, so they are kept for as short as they may matter.
    since = timezone.now() - DELETED_REQUEST_RETENTION
    DeletedRequest.objects.filter(deleted_at__lt=since).delete()


def _empty_trash() -> None:
    """Permanently delete what has been in the trash for TRASH_RETENTION_DAYS."""
    since = timezone.now() - timedelta(days=settings.TRASH_RETENTION_DAYS)
    expired = Video.objects.filter(trashed_at__lte=since, deleted_at=None).order_by("trashed_at")
    for pk in expired.values_list("pk", flat=True)[:TRASH_BATCH]:
        lifecycle.delete(pk)


def _probe_new_backends() -> None:
    """Have each backend that was never probed probed, every now and then until it answers."""
    unprobed = Backend.objects.filter(enabled=True, is_simulator=False, probed_at=None)
    for backend in unprobed:
        if not backend.is_retired and cache.add(f"probing:{backend.pk}", True, PROBE_RETRY_AFTER):
            enqueue.send("probe", backend.pk)


def _held_tokens() -> set[uuid.UUID]:
    """The tokens of all leases."""
    return {
        token
        for model in (Video, Character)
        for token in model._default_manager.filter(lease_token__isnull=False).values_list(
            "lease_token", flat=True
        )
        if token is not None
    }
