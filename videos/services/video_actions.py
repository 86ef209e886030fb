"""What people do with a video that is there: cancel it, retry it, decide about it, delete it.

Each returns whether it was done: somebody else, or the engine, may have been first.
"""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_noop

from audit.trail import record
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.engine import enqueue
from videos.models import Video
from videos.models.values import Reason
from videos.services.prices import price_of_another
from videos.services.quota import require_room
from videos.validation import is_storable

MAX_JOB_ID_LENGTH = 512  # characters, as the column holds
ABANDONED = Reason(
    "given_up",
    gettext_noop("Marked as failed: we couldn't confirm that the backend received this job."),
)


@transaction.atomic
def cancel_video(video: Video) -> bool:
    """Cancel a video in flight: free until a backend accepted it. Returns whether anything was canceled."""
    return _record(lifecycle.cancel(video.pk), Action.CANCELED, video)


@transaction.atomic
def retry_video(video: Video) -> bool:
    """Submit a failed video anew. This is a new, paid job. Returns False if it is no longer failed.

    Raises `RefusedPaymentError` where it may not be paid for.
    """
    require_room(video.owner)
    is_queued = lifecycle.retry(video.pk, estimate=_estimate(video))
    return _submit_if_queued(video, _record(is_queued, Action.RETRIED, video))


@transaction.atomic
def resubmit_video(video: Video) -> bool:
    """Queue an uncertain video again, by its owner's decision: it may be paid for twice.

    Raises `RefusedPaymentError` where the second time may not be paid for.
    """
    require_room(video.owner)
    is_queued = lifecycle.submit_again(video.pk, estimate=_estimate(video))
    return _submit_if_queued(video, _record(is_queued, Action.SUBMITTED_AGAIN, video))


@transaction.atomic
def abandon_video(video: Video) -> bool:
    """Mark an uncertain video as failed, by its owner's decision."""
    return _record(lifecycle.abandon(video.pk, ABANDONED), Action.GIVEN_UP, video)


@transaction.atomic
def recheck_video(video: Video) -> bool:
    """Check once more for the job of a video that failed on our side, or that needs a decision.

    Nothing is submitted that could be a second job.
    """
    if lifecycle.search_again(video.pk):
        enqueue.send_after_commit("reconcile", video.backend_id)
        return _record(True, Action.CHECKED_AGAIN, video)
    return _record(lifecycle.check_again(video.pk), Action.CHECKED_AGAIN, video)


@transaction.atomic
def adopt_candidate(video: Video, job_id: str, *, by_staff: bool = False) -> bool:
    """Take one of the video's candidates for its job, as its owner or `by_staff` decided.

    Returns False when that is no longer possible, and for a job that may be another person's, which only
    staff can choose.
    """
    if len(job_id) > MAX_JOB_ID_LENGTH or not is_storable(job_id):
        return False
    adopted = lifecycle.adopt_candidate(video.pk, job_id, by_staff=by_staff)
    if adopted:  # the owner tells videos by their pictures, not by their seeds
        lifecycle.forget_drawn_seed(video.pk, job_id)
        record(Action.ADOPTED, subjects.video(video), note=f"Job {job_id}")
    return adopted


@transaction.atomic
def delete_video(video: Video) -> bool:
    """Hide the video at once, and cancel it if it is in flight. Its files, the backend's job and its row are
    deleted later.

    Returns False if it was deleted before.
    """
    deleted = _record(lifecycle.delete(video.pk), Action.DELETED, video)
    if deleted:
        enqueue.send_after_commit("clean_up_video", video.pk)
    return deleted


def _record(done: bool, action: Action, video: Video) -> bool:
    """Write down what was done to the video, in the transaction that did it. Returns `done`."""
    if done:
        record(action, subjects.video(video))
    return done


def _submit_if_queued(video: Video, is_queued: bool) -> bool:
    if is_queued:
        enqueue.send_after_commit("submit", video.backend_id)
    return is_queued


def _estimate(video: Video) -> Decimal | None:
    """Return what one more submission is shown to cost; None where nobody knows."""
    price = price_of_another(video)
    return None if price is None else price.amount
