"""Taking a job that staff name by its id for a video's own: looked up at the backend first."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext

from audit.trail import record
from audit.vocabulary import Action
from contentgen.stored_texts import translated
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
        raise JobLookupError(gettext("This video is not waiting for a job any more."))
    if not job_id or len(job_id) > MAX_JOB_ID_LENGTH or not is_storable(job_id):
        sentence = gettext("Enter the job's ID: 1 to %(count)d characters.")
        raise JobLookupError(sentence % {"count": MAX_JOB_ID_LENGTH})
    if job_id == video.backend_job_id:
        raise JobLookupError(gettext("This is the job that the video has. Use “Check again”."))
    job = {"backend": video.backend_id, "backend_job_id": job_id}
    holder = Video.objects.filter(**job).select_related("owner").first()
    if holder is not None:
        sentence = gettext("This job is that of %(video)s, a video of %(owner)s.")
        raise JobLookupError(sentence % {"video": holder.public_id, "owner": holder.owner})
    if ReleasedJob.objects.filter(**job).exists():
        raise JobLookupError(
            gettext("This job was that of a video that was retried or deleted. It stays given up.")
        )


def _retrieve(video: Video, job_id: str) -> Job:
    try:
        with clients.client_for(video.backend, video.hops, timeout=TIMEOUT) as client:
            job = client.retrieve(job_id)
    except BackendError as error:
        sentence = gettext("%(backend)s says: %(message)s")
        values = {"backend": video.backend.name, "message": translated(error.message)}
        raise JobLookupError(sentence % values) from error
    except ShareExhaustedError as error:
        sentence = gettext("The studio is busy with this backend. Try again in a minute.")
        raise JobLookupError(sentence) from error
    if job.id and job.id != job_id:
        sentence = gettext("%(backend)s answered about another job, %(id)s.")
        raise JobLookupError(sentence % {"backend": video.backend.name, "id": job.id[:100]})
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
        doubts.append(gettext("The backend does not say the job's prompt."))
    elif clean_line(job.prompt) != clean_line(video.prompt):
        doubts.append(gettext("The job's prompt is another one."))
    compared: list[tuple[str, object, object]] = [
        (gettext("The job's model is %(told)s, and %(asked)s was asked for."), job.model, video.model),
        (gettext("The job's size is %(told)s, and %(asked)s was asked for."), job.size, video.size),
        (gettext("The job's length is %(told)s, and %(asked)s was asked for."), job.seconds, video.seconds),
    ]
    doubts += [
        sentence % {"told": told, "asked": asked}
        for sentence, told, asked in compared
        if told not in (None, "", asked)
    ]
    if created_at is not None and created_at < video.created_at.replace(microsecond=0):
        doubts.append(gettext("The job is older than the video."))
    if job.status == "failed":
        doubts.append(gettext("The job has failed at the backend: there is nothing to fetch."))
    return doubts
