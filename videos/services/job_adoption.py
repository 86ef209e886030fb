"""Taking a job that staff name by its id for a video's own: looked up at the backend first."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from audit.trail import record
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.backends.errors import BackendError
from videos.backends.responses import Job
from videos.engine import clients
from videos.engine.bulkhead import ShareExhaustedError
from videos.models import ReleasedJob, State, Video
from videos.services.video_actions import MAX_JOB_ID_LENGTH
from videos.validation import clean_line, is_storable

TIMEOUT = 10.0  # seconds that a page waits for the backend
_MAX_RIVALS = 5  # named on the page


class JobLookupError(Exception):
    """The job cannot be the video's, or could not be looked up. The text, a sentence, says why."""


@dataclass(frozen=True)
class FoundJob:
    """A job as its backend tells of it, with what speaks against its being the video's, in sentences.

    `rivals` are other videos whose submission got no answer, so that it may be theirs.
    """

    id: str
    status: str
    prompt: str
    model: str
    size: str
    seconds: int | None
    created_at: datetime | None
    doubts: tuple[str, ...]
    rivals: tuple[Video, ...]

    @property
    def is_doubtful(self) -> bool:
        return bool(self.doubts or self.rivals)


def can_adopt(video: Video) -> bool:
    """Whether a job could be adopted for the video: it has failed, or it is not known whether it has one."""
    return video.deleted_at is None and (video.needs_decision or video.state == State.FAILED)


def look_up_job(video: Video, job_id: str) -> FoundJob:
    """Ask the video's backend about the job. Raises `JobLookupError`, also for what is another video's."""
    job_id = job_id.strip()
    _require_free(video, job_id)
    job = _retrieve(video, job_id)
    rivals = _rivals(video)
    return FoundJob(
        id=job_id,
        status=job.raw_status,
        prompt=job.prompt or "",
        model=job.model or "",
        size=job.size or "",
        seconds=job.seconds,
        created_at=_created_at(job),
        doubts=tuple(_doubts(video, job)),
        rivals=tuple(rivals),
    )


@transaction.atomic
def adopt_job(video: Video, found: FoundJob) -> bool:
    """Take the job that was found for the video's own, as staff decided. Returns False if it is too late.

    It is polled at once, and counted as a charge: the backend has made it.
    """
    adopted = lifecycle.adopt_named(video.pk, found.id)
    if adopted:
        lifecycle.forget_drawn_seed(video.pk, found.id)
        record(Action.ADOPTED, subjects.video(video), note=f"Job {found.id}, named by its id.")
    return adopted


def _require_free(video: Video, job_id: str) -> None:
    if not can_adopt(video):
        raise JobLookupError("This video is not waiting for a job any more.")
    if not job_id or len(job_id) > MAX_JOB_ID_LENGTH or not is_storable(job_id):
        raise JobLookupError(f"Enter the job's ID: 1 to {MAX_JOB_ID_LENGTH} characters.")
    if job_id == video.backend_job_id:
        raise JobLookupError("This is the job that the video has. Use “Check again”.")
    job = {"backend": video.backend_id, "backend_job_id": job_id}
    holder = Video.objects.filter(**job).select_related("owner").first()
    if holder is not None:
        raise JobLookupError(f"This job is that of {holder.public_id}, a video of {holder.owner}.")
    if ReleasedJob.objects.filter(**job).exists():
        raise JobLookupError("This job was that of a video that was retried or deleted. It stays given up.")


def _retrieve(video: Video, job_id: str) -> Job:
    try:
        with clients.client_for(video.backend, video.hops, timeout=TIMEOUT) as client:
            job = client.retrieve(job_id)
    except BackendError as error:
        raise JobLookupError(f"{video.backend.name} says: {error.message}") from error
    except ShareExhaustedError as error:
        raise JobLookupError("The studio is busy with this backend. Try again in a minute.") from error
    if job.id and job.id != job_id:
        raise JobLookupError(f"{video.backend.name} answered about another job, {job.id[:100]}.")
    return job


def _rivals(video: Video) -> list[Video]:
    """Return the other videos of the backend that may have a job which nobody knows of, newest first."""
    unanswered = Video.objects.filter(backend=video.backend_id, unaccounted_since__isnull=False)
    others = unanswered.exclude(pk=video.pk).filter(deleted_at=None).select_related("owner")
    return list(others.order_by("-unaccounted_since")[:_MAX_RIVALS])


def _created_at(job: Job) -> datetime | None:
    return datetime.fromtimestamp(job.created_at, UTC) if job.created_at else None


def _doubts(video: Video, job: Job) -> list[str]:
    created_at, doubts = _created_at(job), []
    if job.prompt is None:
        doubts.append("The backend does not say the job's prompt.")
    elif clean_line(job.prompt) != clean_line(video.prompt):
        doubts.append("The job's prompt is another one.")
    asked = {"model": video.model, "size": video.size, "length": video.seconds}
    told = {"model": job.model, "size": job.size, "length": job.seconds}
    doubts += [
        f"The job's {name} is {told[name]}, and {asked[name]} was asked for."
        for name in asked
        if told[name] not in (None, "", asked[name])
    ]
    if created_at is not None and created_at < video.created_at.replace(microsecond=0):
        doubts.append("The job is older than the video.")
    if job.status == "failed":
        doubts.append("The job has failed at the backend: there is nothing to fetch.")
    return doubts
