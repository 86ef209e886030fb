"""Videos that come from elsewhere with a past: out of an export, or as jobs that a backend still holds.

Nothing that is inserted here is ever submitted by itself: whatever had not ended waits for its owner.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from billing import restoring
from billing.models import LedgerLine
from videos.backends.charges import Charge
from videos.lifecycle import payments, transition_log
from videos.lifecycle.adoption import mark_chosen
from videos.lifecycle.generation import charge_fields
from videos.models import State, Video, VideoTransition
from videos.models.values import NO_REASON, Reason, StoredFiles

# Whether the backend has a job for these is not known where they come to.
_MAY_HAVE_A_JOB = frozenset({State.QUEUED, State.SUBMITTING, State.UNCERTAIN})

# Of a video without a file: what its document says of one would be counted as stored.
_NO_FILES: dict[str, Any] = {"byte_count": None, "browser_byte_count": None, "picture_bytes": 0}

_UNDECIDED = Reason(
    "uncertain",
    gettext_noop(
        "This video was waiting when it was exported, and may have been submitted since. Submitting again may"
        " mean that it is charged twice; marking it as failed may leave one job charged and lost."
    ),
)
_UNFINISHED = Reason(
    "timed_out",
    gettext_noop(
        "The backend was making this video when it was exported. “Check again” looks for its result, at no"
        " cost."
    ),
)
_UNKNOWN = Reason(
    "imported",
    gettext_noop("This video was not finished when it was exported, and nothing else is known of it here."),
)
_NO_FILE = Reason(
    "no_file",
    gettext_noop(
        "The file of this video is not in the export that it came from. “Check again” asks its backend once"
        " more, at no cost."
    ),
)


def create_restored(
    video: Video, stored: StoredFiles | None, *, is_known: bool, history: Sequence[VideoTransition] = ()
) -> Video:
    """Insert the row of an exported video. What had ended comes back as it was; nothing else goes on.

    `stored` are its files, None where it has none. `is_known`: the export is one of ours, so that its jobs
    and its ledger lines came along. Without that, what had not ended has failed. `history` is its log of
    transitions, oldest first, as it was exported; one that an earlier release exported has none.

    A job that it has is never deleted for its age: another studio may still have the same video.
    """
    for name, value in (vars(stored) if stored else _NO_FILES).items():
        setattr(video, name, value)
    for name, value in _ended(video, has_file=stored is not None, is_known=is_known).items():
        setattr(video, name, value)
    with transaction.atomic():
        video.save(force_insert=True)
        transition_log.log_restored(video, history)
        if video.backend_job_id and not video.needs_decision:
            mark_chosen(video.pk, video.backend_job_id)
    return video


def _ended(video: Video, *, has_file: bool, is_known: bool) -> dict[str, Any]:
    """Return what becomes of the columns that say where in its life the video is."""
    asleep: dict[str, Any] = {"due_at": None, "lease_token": None, "lease_expires_at": None}
    state = State(video.state)
    if state in (State.FAILED, State.CANCELED) or (state == State.COMPLETED and has_file):
        return asleep
    asleep |= {"cancel_requested_at": None, "queued_at_backend": False}
    if state == State.COMPLETED:
        return asleep | _failed(video, _NO_FILE)
    if not is_known:
        return asleep | _failed(video, _UNKNOWN)
    if state in _MAY_HAVE_A_JOB or not video.backend_job_id:
        since = video.attempted_at or video.created_at
        return asleep | {
            "state": State.UNCERTAIN,
            "attempted_at": since,
            "unaccounted_since": video.unaccounted_since or since,
            "revision": video.revision + 1,
            **_UNDECIDED.as_fields(),
        }
    return asleep | _failed(video, _UNFINISHED)


def _failed(video: Video, reason: Reason) -> dict[str, Any]:
    ended_at = video.finished_at or timezone.now()
    changes = {"state": State.FAILED, "finished_at": ended_at, "revision": video.revision + 1}
    return changes | reason.as_fields()


def create_adopted(video: Video, job_id: str, *, created_at: datetime, charge: Charge) -> Video:
    """Insert the row of a finished job that no video has, to be downloaded like any other.

    `charge` is what the backend says that it charged; it is shown, and booked on nobody.

    Raises `IntegrityError` where a video has the job by now.
    """
    now = timezone.now()
    fields = {
        "state": State.STORING,
        "progress": 100,
        "backend_job_id": job_id,
        "created_at": created_at,
        "attempted_at": created_at,
        "accepted_at": created_at,
        "generated_at": now,
        "due_at": now,
        **NO_REASON.as_fields(),
        **charge_fields(payments.in_studio_currency(charge)),
    }
    for name, value in fields.items():
        setattr(video, name, value)
    with transaction.atomic():
        video.save(force_insert=True)
        transition_log.log_created([video])
        mark_chosen(video.pk, job_id)
    return video


def restore_ledger(lines: Sequence[LedgerLine]) -> None:
    """Add lines that another ledger had, as they were: nothing is reserved, charged or told anew."""
    restoring.restore(lines)
