"""A job that staff name by its id becomes the video's own."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing import ledger
from videos.lifecycle.owner_actions import release_job
from videos.lifecycle.transitions import move_to_progress
from videos.lifecycle.uncertain import is_released
from videos.models import JobCandidate, State, Video

# Of a failed video: nothing of the job that it had, or of how it ended.
_BEGUN_ANEW: dict[str, Any] = {
    **dict.fromkeys(("finished_at", "late_since", "generated_at", "deadline_at", "cancel_requested_at")),
    **dict.fromkeys(("charged", "used_seed", "delete_job_at")),
    "charge_problem": "",
    "working_seconds": 0,
    "waiting_seconds": 0,
    "failed_downloads": 0,
}


@transaction.atomic
def adopt_named(pk: int, job_id: str) -> bool:
    """uncertain or failed → in_progress, by decision of staff: `job_id`, which no other video has or had, is
    the video's job. It is polled at once.

    The job is a charge: that of a submission which was given up for unconfirmed, or one more. Of a failed
    video, the job that it had before is given up.
    """
    video = Video.objects.select_for_update().filter(pk=pk, deleted_at=None).first()
    if video is None or job_id == video.backend_job_id:
        return False
    where = Q(pk=pk) & ~is_released(job_id)
    now = timezone.now()
    if video.needs_decision:
        adopted = move_to_progress(State.UNCERTAIN, where, job_id, progress=None, due_at=now)
        if adopted:
            mark_chosen(pk, job_id)
            ledger.charge(pk, transition="adopted")
        return adopted
    if not move_to_progress(State.FAILED, where, job_id, progress=None, due_at=now):
        return False
    mark_chosen(pk, job_id)
    Video.objects.filter(pk=pk).update(**_BEGUN_ANEW)
    release_job(video, due_at=now if video.may_be_running else None)
    ledger.charge_surplus(pk)
    return True


def mark_chosen(pk: int, job_id: str) -> None:
    """Note, in the transaction under way, that somebody chose the video's job: it was not submitted for it
    by this studio, so it may be another's.

    `videos.engine.job_retention` never has such a job deleted.
    """
    JobCandidate.objects.get_or_create(video_id=pk, backend_job_id=job_id, defaults={"may_be_anothers": True})
