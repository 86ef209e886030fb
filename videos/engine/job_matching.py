"""Which of a backend's listed jobs belongs to a video whose submission got no reply.

A job adopted wrongly shows the wrong video, and leaves the right one paid for and lost; a job held absent
wrongly is paid for twice. So a job is adopted only where no other video can own it, and one that may be the
video's though it cannot be adopted keeps the video from counting as absent.

Of a create the list shows all that was requested. An edit or extension takes model, size and length from its
source, of which a server that was sent the file knows only what it measured. So for these (and for remixes of
them) only the prompt, the time and what the job says it was made from are certain.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from videos.backends.responses import Job
from videos.engine.operations import source_job_id
from videos.models import Backend, Kind, State, Video

CLOCK_SKEW = timedelta(seconds=60)  # how far the backend's clock may be behind ours


def attempt_time(video: Video) -> datetime:
    """Return when the video was last submitted."""
    return video.attempted_at or video.created_at


class JobMatcher:
    """Matches videos to the listed `jobs` of a backend, newest first, against the rows of this moment."""

    def __init__(self, backend: Backend, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        at_backend = Video.objects.filter(backend=backend)
        named = {job.id for job in jobs} | {job.remixed_from_video_id or "" for job in jobs}
        owned = at_backend.filter(backend_job_id__in=named - {""})
        self._owned = set(owned.values_list("backend_job_id", flat=True))
        # The oldest first, but failed ones last: those of a video that was retried are of an earlier attempt.
        self._free = [job for job in reversed(jobs) if job.id not in self._owned]
        self._free.sort(key=lambda job: job.status == "failed")
        self._names_sources = any(job.remixed_from_video_id for job in jobs)
        unmatched = at_backend.filter(state__in=[State.SUBMITTING, State.UNCERTAIN])
        self._unmatched = list(unmatched.select_related("source"))

    def candidates(self, video: Video) -> list[Job]:
        """Return the jobs that can only be this video's and no other video's, the likeliest first."""
        likely = [job for job in self._free if self._could_be(video, job)]
        exact = [job for job in likely if _has_settings(video, job)]
        found = [job for job in exact if not self._is_contested(video, job, exact=True)]
        if found or _is_sent_as_create(video):
            return found
        return likely if len(likely) == 1 and not self._is_contested(video, likely[0], exact=False) else []

    def has_unidentifiable(self, video: Video) -> bool:
        """Whether a job says too little about itself to be told apart from this video's."""
        return any(
            job.prompt is None
            and _is_after_attempt(video, job)
            and (not _is_sent_as_create(video) or _has_settings(video, job))
            for job in self._jobs
        )

    def is_ambiguous(self, video: Video) -> bool:
        """Whether a job that is not a candidate may be this video's all the same."""
        alike = [
            job
            for job in self._free
            if _has_same_words(job.prompt, video.prompt) and _is_after_attempt(video, job)
        ]
        if _is_sent_as_create(video):
            return any(self._could_be(video, job) and _has_settings(video, job) for job in alike)
        return any(self._could_be(video, job) or self._has_unknown_source(job) for job in alike)

    def _could_be(self, video: Video, job: Job) -> bool:
        return (
            _has_same_words(job.prompt, video.prompt)
            and _is_after_attempt(video, job)
            and self._has_same_source(video, job)
        )

    def _has_same_source(self, video: Video, job: Job) -> bool:
        """Whether the job names the video's source, or none. Edits and extensions may name one too."""
        named = job.remixed_from_video_id
        if named is None:
            return not (video.kind == Kind.REMIX and self._names_sources)
        if _is_sent_as_create(video) or video.source is None:
            return False
        return named == source_job_id(video.source, video)

    def _has_unknown_source(self, job: Job) -> bool:
        """Whether the job names a source that is no job of ours: it may be the video's under another id."""
        return job.remixed_from_video_id is not None and job.remixed_from_video_id not in self._owned

    def _is_contested(self, video: Video, job: Job, *, exact: bool) -> bool:
        """Whether an unmatched video of another kind, or of another source, can own the job as well."""
        return any(
            _kind_and_source(other) != _kind_and_source(video)
            and self._could_be(other, job)
            and (_has_settings(other, job) or not (exact or _is_sent_as_create(other)))
            for other in self._unmatched
        )


def _is_sent_as_create(video: Video) -> bool:
    """Whether it was requested with a create, so that its job shows all that was requested."""
    return video.kind == Kind.CREATE or video.concat_with_source


def _kind_and_source(video: Video) -> tuple[str, int | None]:
    return (Kind.CREATE, None) if _is_sent_as_create(video) else (video.kind, video.source_id)


def _has_same_words(listed: str | None, prompt: str) -> bool:
    """Whether the prompts agree. Line ends and spaces may change in a multipart form; words do not."""
    return listed is not None and listed.split() == prompt.split()


def _is_after_attempt(video: Video, job: Job) -> bool:
    return job.created_at is None or job.created_at >= (attempt_time(video) - CLOCK_SKEW).timestamp()


def _has_settings(video: Video, job: Job) -> bool:
    """Whether model, size and length agree with `video`. What the job leaves out contradicts nothing.

    Of an extension a server may list the seconds that it adds, or those of the whole video.
    """
    seconds = {None, video.seconds}
    if video.kind == Kind.EXTEND and not video.concat_with_source:
        seconds.add(video.total_seconds)
    return job.model in (None, "", video.model) and job.size in (None, video.size) and job.seconds in seconds
