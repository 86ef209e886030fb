"""Checks of jobs that had no result in time: with growing distances, for a day, while the backend has them.

A job that ran out of time is polled (`poll`), one whose file could not be had is downloaded again. The video
has failed meanwhile, and completes if a result comes.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from videos import lifecycle
from videos.backends.charges import NO_CHARGE_TOLD
from videos.backends.errors import BackendError, FailedJobError
from videos.backends.responses import Job
from videos.engine import enqueue, time_limits
from videos.engine.error_messages import (
    JOB_GONE,
    reason_of_failed_job,
    reason_of_failure,
    reason_of_loss,
)
from videos.models import Backend, State, Video
from videos.models.values import Reason

BATCH = 20  # downloads that are tried again in one go
SECOND_LOOK_AFTER = timedelta(seconds=30)  # at a job that was not found
URGENT_DELAY = timedelta(minutes=5)  # longest distance of checks while others wait for the job's place

_NOT_FOUND = gettext_noop("The last check did not find the job.")

# The failed videos of which the backend may still be working on the job.
CHECKED = Q(state=State.FAILED, due_at__isnull=False, generated_at=None, deleted_at=None)


def handle(video: Video, response: Job | BackendError, *, now: datetime) -> None:
    """Record what a check of a job found that has not completed."""
    due_at, reason = _conclude(video, response, now)
    charge = response.charge if isinstance(response, Job) else NO_CHARGE_TOLD
    lifecycle.record_late_check(video.pk, video.backend_job_id, reason, due_at=due_at, charge=charge)


def download_again() -> None:
    """Have the files downloaded that could not be had, and that are due to be tried again."""
    due = Video.objects.filter(state=State.FAILED, due_at__lte=timezone.now(), generated_at__isnull=False)
    # Named, because SQLite would otherwise go through all that ever failed.
    due = due.filter(deleted_at=None, backend__in=Backend.objects.order_by().values("pk"))
    for pk in due.order_by("due_at").values_list("pk", flat=True)[:BATCH]:
        if lifecycle.download_again(pk):
            enqueue.send("store", pk)


def hasten(backend_id: int, now: datetime) -> None:
    """Check soon the jobs that ran out of time at this backend: other videos wait for their places."""
    late = Video.objects.filter(CHECKED, backend=backend_id, due_at__gt=now + URGENT_DELAY)
    if late.exists():
        late.update(due_at=now + URGENT_DELAY)


def _conclude(video: Video, response: Job | BackendError, now: datetime) -> tuple[datetime | None, Reason]:
    """When to check again, None for not at all, and the reason to show."""
    unchanged = Reason(video.error_code, video.error_message)
    if isinstance(response, Job):
        if response.status == "failed":
            return None, reason_of_failure(response)
        return time_limits.next_late_check(video.late_since, now), unchanged
    if isinstance(response, FailedJobError):
        return None, reason_of_failed_job(response)
    if response.code == "gone":
        return None, reason_of_loss(response)
    if response.code == "not_found":
        if video.error_detail == _NOT_FOUND:
            return None, JOB_GONE
        return now + SECOND_LOOK_AFTER, replace(unchanged, detail=_NOT_FOUND)
    is_over = now - (video.late_since or now) > time_limits.LATE_FOR_SILENT
    return None if is_over else now + time_limits.SILENT_DELAY, unchanged
