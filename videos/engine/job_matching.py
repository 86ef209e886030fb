"""Which of the jobs that a backend lists can be that of a video whose acceptance nobody saw.

What is adopted wrongly shows the wrong film, and leaves the right one paid and lost; what is held absent
wrongly is paid twice. So a job is taken only where nothing else can own it, and one that may be the video's
though it cannot be taken keeps the video from counting as absent.

Of a create the list tells all that was asked for. An edit or extension takes model, size and length from its
source, of which a server that was sent the file knows only what it measured. So for these (and for remixes of
such) only the prompt, the time and what the job says it was made from are sure.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from videos.backends.responses import Job
from videos.engine.operations import job_of
from videos.models import Backend, Kind, State, Video

CLOCK_SKEW = timedelta(seconds=60)  # how far the backend's clock may be behind ours


def attempt_time(video: Video) -> datetime:
    """When the video was last submitted."""
    return video.attempted_at or video.created_at


class JobMatcher:
    """The listed `jobs` of a backend, newest first, as they stand at this moment."""

    def __init__(self, backend: Backend, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        of_backend = Video.objects.filter(backend=backend)
        named = {job.id for job in jobs} | {job.remixed_from_video_id or "" for job in jobs}
        ours = of_backend.filter(backend_job_id__in=named - {""})
        self._ours = set(ours.values_list("backend_job_id", flat=True))
        # The oldest first, but failed ones last: those of a video that was retried are of its earlier try.
        self._free = [job for job in reversed(jobs) if job.id not in self._ours]
        self._free.sort(key=lambda job: job.status == "failed")
        self._tells = any(job.remixed_from_video_id for job in jobs)
        lost = of_backend.filter(state__in=[State.SUBMITTING, State.UNCERTAIN])
        self._lost = list(lost.select_related("source"))

    def candidates(self, video: Video) -> list[Job]:
        """Jobs that can only be this video's, the likeliest first, and no other video's of ours."""
        likely = [job for job in self._free if self._could_be(video, job)]
        exact = [job for job in likely if _agrees(video, job)]
        found = [job for job in exact if not self._is_contested(video, job, exact=True)]
        if found or _is_create(video):
            return found
        return likely if len(likely) == 1 and not self._is_contested(video, likely[0], exact=False) else []

    def has_unidentifiable(self, video: Video) -> bool:
        """Whether a job says too little of itself to be told apart from this video's."""
        return any(
            job.prompt is None and _is_since(video, job) and (not _is_create(video) or _agrees(video, job))
            for job in self._jobs
        )

    def is_ambiguous(self, video: Video) -> bool:
        """Whether a job that is not a candidate may be this video's all the same."""
        told = [job for job in self._free if _same_words(job.prompt, video.prompt) and _is_since(video, job)]
        if _is_create(video):
            return any(self._could_be(video, job) and _agrees(video, job) for job in told)
        return any(self._could_be(video, job) or self._says_what_nobody_knows(job) for job in told)

    def _could_be(self, video: Video, job: Job) -> bool:
        return (
            _same_words(job.prompt, video.prompt)
            and _is_since(video, job)
            and self._is_made_from_the_same(video, job)
        )

    def _is_made_from_the_same(self, video: Video, job: Job) -> bool:
        """Whether what the job says it is a remix of agrees. It may say so of edits and extensions too."""
        told = job.remixed_from_video_id
        if told is None:
            return not (video.kind == Kind.REMIX and self._tells)
        return not _is_create(video) and video.source is not None and told == job_of(video.source, video)

    def _says_what_nobody_knows(self, job: Job) -> bool:
        """Whether it is a remix of a job that we do not know: it may be the source's under another id."""
        return job.remixed_from_video_id is not None and job.remixed_from_video_id not in self._ours

    def _is_contested(self, video: Video, job: Job, *, exact: bool) -> bool:
        """Whether a lost video of another kind, or of another source, can own the job as well."""
        return any(
            _nature(other) != _nature(video)
            and self._could_be(other, job)
            and (_agrees(other, job) or not (exact or _is_create(other)))
            for other in self._lost
        )


def _is_create(video: Video) -> bool:
    """Whether it was asked for with a create, and says all of itself."""
    return video.kind == Kind.CREATE or video.concat_with_source


def _nature(video: Video) -> tuple[str, int | None]:
    return (Kind.CREATE, None) if _is_create(video) else (video.kind, video.source_id)


def _same_words(told: str | None, asked: str) -> bool:
    """Line ends and spaces may change on the way through a multipart form; words do not."""
    return told is not None and told.split() == asked.split()


def _is_since(video: Video, job: Job) -> bool:
    return job.created_at is None or job.created_at >= (attempt_time(video) - CLOCK_SKEW).timestamp()


def _agrees(video: Video, job: Job) -> bool:
    """Whether model, size and length agree with `video`. What the job leaves out contradicts nothing.

    Of an extension a server may list the seconds that it adds or those of the whole film.
    """
    seconds = {None, video.seconds}
    if video.kind == Kind.EXTEND and not video.concat_with_source:
        seconds.add(video.total_seconds)
    return job.model in (None, "", video.model) and job.size in (None, video.size) and job.seconds in seconds
