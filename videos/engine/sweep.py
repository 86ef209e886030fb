"""The sweep: finds every row whose message, worker or broker was lost on the way."""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit.trail import record
from audit.vocabulary import Action
from contentgen.storage_interface import as_studio_storage
from videos import lifecycle, subjects
from videos.engine import (
    characters,
    cleanup,
    enqueue,
    late_checks,
    ledger_check,
    removal_guard,
    restore,
    safe_cache,
    waiting_requests,
)
from videos.engine.submit import FIRST_SEARCH_AFTER
from videos.engine.workspace import remove_abandoned_workspaces
from videos.models import (
    Backend,
    Character,
    Collection,
    ConnectionDraft,
    DeletedRequest,
    IdempotencyRecord,
    ReleasedJob,
    State,
    Video,
    WebhookReceipt,
)
from videos.models.idempotency_record import RETENTION as IDEMPOTENCY_RETENTION
from videos.models.values import Reason

logger = logging.getLogger(__name__)

TRASH_BATCH = 100  # videos deleted in one sweep because their time in the trash is over
COLLECTION_BATCH = 20  # each with up to thousands of rows that say which videos it had
PROBE_RETRY_AFTER = 600  # seconds before a backend that did not answer is probed again
PRUNE_EVERY = 3600  # seconds between two looks for videos with too long a log
REMOVE_BATCH = 500  # rows removed in one statement: nothing else waits long for it
ABANDONED_EVERY = 3600  # seconds between two looks for uploads to an object store that were not finished
CLEANUP_BATCH = 100  # of each backend: none waits behind those of one that is frozen
RELEASE_RETENTION = timedelta(days=30)
DELETED_REQUEST_RETENTION = timedelta(days=7)
WEBHOOK_RETENTION = timedelta(hours=1)  # a signature is taken for five minutes

_INTERRUPTED = Reason(
    "interrupted",
    gettext_noop("The submission was interrupted. We're checking whether the backend accepted it."),
    gettext_noop("The lease ran out while submitting."),
)

_TRASH_TIME_OVER = gettext_noop("Its time in the trash was over.")


def sweep() -> None:
    """Find what nobody is working on, and hint at it. Running it twice, or in two places, is harmless.

    Each part has its turn, though another one fails.
    """
    for step in _STEPS:
        try:
            step()
        except Exception:
            logger.exception("A part of the sweep failed: %s", getattr(step, "__name__", step))


def _end_expired_submissions() -> None:
    now = timezone.now()
    expired = Video.objects.filter(state=State.SUBMITTING, lease_expires_at__lte=now)
    for pk, token in expired.values_list("pk", "lease_token"):
        if token is not None:
            lifecycle.mark_uncertain(pk, token, _INTERRUPTED, due_at=now + FIRST_SEARCH_AFTER)


def _hint_at_uncertain_videos() -> None:
    now = timezone.now()
    uncertain = Video.objects.filter(state=State.UNCERTAIN, due_at__lte=now + timedelta(seconds=1))
    for backend_id in uncertain.order_by().values_list("backend", flat=True).distinct():
        enqueue.send("reconcile", backend_id)


def _hint_at_cleanups() -> None:
    due = cleanup.due_videos(timezone.now())
    for backend_id in due.order_by().values_list("backend", flat=True).distinct():
        for pk in due.filter(backend=backend_id).values_list("pk", flat=True)[:CLEANUP_BATCH]:
            enqueue.send("clean_up_video", pk)
    jobs = cleanup.due_jobs(timezone.now())
    for backend_id in jobs.order_by().values_list("backend", flat=True).distinct():
        for pk in jobs.filter(backend=backend_id).values_list("pk", flat=True)[:CLEANUP_BATCH]:
            enqueue.send("clean_up_job", pk)


def _remove_expired_sessions() -> None:
    """Remove the sessions that ended first, a batch at a time."""
    expired = Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date")
    keys = list(expired.values_list("pk", flat=True)[:REMOVE_BATCH])
    if keys:
        Session.objects.filter(pk__in=keys, expire_date__lt=timezone.now()).delete()


def _remove_abandoned_files() -> None:
    """Remove what killed workers left on this machine's disk, and half-written in storage."""
    remove_abandoned_workspaces(_held_tokens)
    storage = as_studio_storage(default_storage)
    # Listing what was not finished is a request, which stores may charge for.
    if storage and (storage.folder or safe_cache.add("abandoned-uploads", timeout=ABANDONED_EVERY)):
        storage.remove_abandoned_files()


def _remove_old_idempotency_records() -> None:
    """Remove the oldest records, a batch at a time. Ids grow with time, so no index on the time is needed."""
    oldest = IdempotencyRecord.objects.order_by("pk").values_list("pk", "created_at")[:REMOVE_BATCH]
    since = timezone.now() - IDEMPOTENCY_RETENTION
    old = [pk for pk, created_at in oldest if created_at < since]
    if old:
        IdempotencyRecord.objects.filter(pk__in=old).delete()


def _remove_old_releases() -> None:
    """Remove the oldest notes on jobs of videos that are gone: no submission is searched for that long."""
    old = ReleasedJob.objects.filter(due_at=None, released_at__lt=timezone.now() - RELEASE_RETENTION)
    _remove_some(old.order_by("released_at"))
    # These hold prompts, so they are kept for as short as they may matter.
    since = timezone.now() - DELETED_REQUEST_RETENTION
    _remove_some(DeletedRequest.objects.filter(deleted_at__lt=since))


def _remove_old_webhook_receipts() -> None:
    """Those whose signatures are too old to be taken once more."""
    _remove_some(WebhookReceipt.objects.filter(received_at__lt=timezone.now() - WEBHOOK_RETENTION))


def _remove_some(rows: QuerySet[Any]) -> None:
    """Remove the first `REMOVE_BATCH` of `rows`; the next sweep goes on."""
    keys = list(rows.values_list("pk", flat=True)[:REMOVE_BATCH])
    if keys:
        rows.model._default_manager.filter(pk__in=keys).delete()


def _prune_transitions() -> None:
    """Keep the log of what a backend puts off for days from growing for ever."""
    if cache.add("pruning-transitions", True, PRUNE_EVERY):
        lifecycle.prune_transitions()


def _empty_trash() -> None:
    """Permanently delete what has been in the trash for TRASH_RETENTION_DAYS, or as long as its rule says."""
    if not removal_guard.may_remove():
        return
    expired = Video.objects.purged_by(timezone.now()).order_by("trashed_at")
    for video in expired[:TRASH_BATCH]:
        with transaction.atomic():
            if lifecycle.delete(video.pk):
                record(Action.DELETED, subjects.video(video), note=_TRASH_TIME_OVER)


def _remove_deleted_collections() -> None:
    """Remove what could be restored for TRASH_RETENTION_DAYS, a batch at a time; the videos stay."""
    if not removal_guard.may_remove():
        return
    since = timezone.now() - timedelta(days=settings.TRASH_RETENTION_DAYS)
    expired = Collection.objects.filter(deleted_at__isnull=False, deleted_at__lte=since)
    keys = list(expired.order_by("deleted_at").values_list("pk", flat=True)[:COLLECTION_BATCH])
    if keys:
        expired.filter(pk__in=keys).delete()


def _probe_new_backends() -> None:
    """Have each backend that was never probed probed, every now and then until it answers."""
    unprobed = Backend.objects.filter(enabled=True, is_simulator=False, probed_at=None)
    for backend in unprobed:
        if not backend.is_retired and cache.add(f"probing:{backend.pk}", True, PROBE_RETRY_AFTER):
            enqueue.send("probe", backend.pk)


def _remove_expired_drafts() -> None:
    """Forget the backends that somebody began to connect, with the keys that were pasted for them."""
    ConnectionDraft.objects.expired().delete()


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


_STEPS: tuple[Callable[[], object], ...] = (
    lifecycle.apply_pending_cancellations,
    _end_expired_submissions,
    _hint_at_uncertain_videos,
    _empty_trash,
    _remove_deleted_collections,
    _hint_at_cleanups,
    late_checks.download_again,
    _probe_new_backends,
    characters.sweep,
    _remove_abandoned_files,
    _remove_old_idempotency_records,
    _remove_old_releases,
    _remove_old_webhook_receipts,
    _remove_expired_sessions,
    _remove_expired_drafts,
    _prune_transitions,
    waiting_requests.end_expired,
    lifecycle.end_lost_prompt_help,
    restore.sweep,
    ledger_check.check_next_window,
)
