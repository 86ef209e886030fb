"""What people ask for: cancel, retry, check again, delete."""

import time
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from billing import ledger
from videos.lifecycle import payments
from videos.lifecycle.transitions import finished_now, has_job, move
from videos.models import IN_FLIGHT, CollectionItem, DeletedRequest, ReleasedJob, State, Video
from videos.models.values import NO_REASON
from videos.models.video import RECHECK_CODES

_CANCELED_AT_ONCE = 300  # queued videos in one sweep, of which there is one every five seconds
_CANCELING_SECONDS = 5.0  # for which one sweep does that


@transaction.atomic
def cancel(pk: int) -> bool:
    """Cancel a video that is in flight. Returns whether anything was left to cancel.

    Queued, running and storing videos are canceled at once, and `delete_job_at` has the backend's job
    deleted. Until a running one is known to have ended, `due_at` is set, and it counts as in flight. While a
    submission is under way or its outcome unknown, the request is recorded and carried out as soon as it is
    known what to cancel: a job that may have to be paid for is never lost track of. What was reserved for a
    queued video is released; what was charged stays.
    """
    now = timezone.now()
    not_requested = Video.objects.filter(pk=pk, cancel_requested_at=None)
    if cancel_queued(pk):
        return True
    for old, changes in ((State.IN_PROGRESS, {"due_at": now}), (State.STORING, {})):
        if move(old, State.CANCELED, Q(pk=pk), **{**finished_now(), **changes}, delete_job_at=now):
            return True
    # The owner's decision on an uncertain video is pending, and canceling it is one.
    if move(State.UNCERTAIN, State.CANCELED, Q(pk=pk, due_at=None), **finished_now()):
        ledger.give_up(pk, transition="canceled")
        return True
    # In any state: it may have changed between two of the lines above, and then the sweep cancels it.
    return (
        not_requested.filter(state__in=IN_FLIGHT).update(cancel_requested_at=now, revision=F("revision") + 1)
        == 1
    )


@transaction.atomic
def cancel_queued(pk: int) -> bool:
    """queued → canceled, if it is queued: nothing was spent, and what was reserved is released. What a
    backend may work on goes on.
    """
    canceled = move(State.QUEUED, State.CANCELED, Q(pk=pk), **finished_now())
    if canceled:
        ledger.release(pk, transition="canceled")
    return canceled


def apply_pending_cancellations() -> int:
    """Carry out the cancellations and deletions that had to wait. Returns how many videos were canceled.

    Of a queue of thousands that was canceled, some in each sweep: the rest of it must have its turn too.
    """
    asked = Q(cancel_requested_at__isnull=False) | Q(deleted_at__isnull=False)
    under_way = Video.objects.filter(asked, state__in=IN_FLIGHT).exclude(state=State.QUEUED)
    queued = Video.objects.filter(asked, state=State.QUEUED).order_by("pk")
    until = time.monotonic() + _CANCELING_SECONDS
    canceled = sum(cancel(pk) for pk in under_way.values_list("pk", flat=True))
    for pk in queued.values_list("pk", flat=True)[:_CANCELED_AT_ONCE]:
        canceled += cancel(pk)
        if time.monotonic() > until:
            break
    return canceled


def retry(pk: int, *, estimate: Decimal | None = None) -> bool:
    """failed → queued: a new submission, with nothing left of the old one.

    An old job that may still be running is deleted at the backend, and counts as in flight until then. It is
    paid for anew: raises `RefusedPaymentError`, and changes nothing, where that is refused. `estimate` is
    what such videos cost, for one that has no price.
    """
    with transaction.atomic():
        video = Video.objects.select_related("owner", "backend").filter(pk=pk, state=State.FAILED).first()
        if video is None or not payments.reserve_again(video, estimate, transition="retried"):
            return False
        if not _requeue_failed(pk, video.backend_job_id):
            transaction.set_rollback(True)
            return False
        release_job(video, due_at=timezone.now() if video.may_be_running else None)
    return True


def release_job(video: Video, *, due_at: datetime | None = None) -> None:
    """Note that the video's job, if it has one, is that of no other video: its row will no longer say so.

    At `due_at` the backend is asked to delete it.
    """
    if video.backend_job_id:
        job = ReleasedJob(backend_id=video.backend_id, backend_job_id=video.backend_job_id, due_at=due_at)
        ReleasedJob.objects.bulk_create([job], ignore_conflicts=True)


def remove(video: Video) -> None:
    """Delete the row of a video that is not in flight, and keep what says whose its jobs are."""
    with transaction.atomic():
        release_job(video)
        if since := video.unaccounted_since:
            DeletedRequest.objects.create(
                backend=video.backend,
                owner=video.owner,
                prompt=video.prompt,
                since=since,
                attempted_at=max(since, video.attempted_at or since),
            )
        video.delete()


def _requeue_failed(pk: int, job_id: str) -> bool:
    return move(
        State.FAILED,
        State.QUEUED,
        has_job(pk, job_id) & Q(deleted_at=None),
        backend_job_id="",
        progress=None,
        charged=None,
        used_seed=None,
        charge_problem="",
        due_at=timezone.now(),
        attempted_at=None,
        accepted_at=None,
        generated_at=None,
        deadline_at=None,
        finished_at=None,
        late_since=None,
        answered_at=None,
        working_seconds=0,
        waiting_seconds=0,
        queued_at_backend=False,
        cancel_requested_at=None,
        queue_order=None,
        paused_at=None,
        failed_submissions=0,
        failed_downloads=0,
        retained_from=None,
        retention_due_at=None,
        purge_due_at=None,
        job_deleted_at=None,
        **NO_REASON.as_fields(),
    )


def check_again(pk: int) -> bool:
    """failed → in_progress, to poll the backend's job once more without submitting anything.

    The seconds that were counted stay, so a job that ran out of time fails again if the backend answers that
    it has no result yet.
    """
    now = timezone.now()
    where = Q(pk=pk, deleted_at=None, error_code__in=RECHECK_CODES) & ~Q(backend_job_id="")
    return move(
        State.FAILED,
        State.IN_PROGRESS,
        where,
        due_at=now,
        finished_at=None,
        late_since=None,
        answered_at=None,
        queued_at_backend=False,
        failed_downloads=0,
        **NO_REASON.as_fields(),
    )


def delete(pk: int) -> bool:
    """Hide the video from everyone; the sweep removes its files, the backend's job and the row.

    A video in flight is canceled first, and no collection has it any more. Returns False when it was deleted
    before.
    """
    now = timezone.now()
    if not Video.objects.filter(pk=pk, deleted_at=None).update(deleted_at=now):
        return False
    CollectionItem.objects.filter(video=pk).delete()
    if not cancel(pk):
        finished = Video.objects.filter(pk=pk).exclude(state__in=IN_FLIGHT).exclude(backend_job_id="")
        finished.update(delete_job_at=now)
    return True
