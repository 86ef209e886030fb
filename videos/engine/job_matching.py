"""Which of a backend's listed jobs belongs to a video whose submission got no reply.

A job adopted wrongly shows the wrong video, perhaps another person's, and leaves the right one paid for and
lost; a job held absent wrongly is paid for twice. So there are two relations between a video and a job:

- A job that *agrees* says all that was requested. It is adopted if no other row can own it.
- A job that *could be* the video's is one that nothing rules out. While there is one, the video does not
  count as absent. What rules a job out is a proof, never a likelihood:

  1. Another video has it, or had it.
  2. It was created before the attempt, however far the backend's clock may be off (`BackendClock`).
  3. It says that it was made from a job that cannot be the source.
  4. It says word for word what another row of ours requested in that time, and its words cannot be a cut or
     normalized form of this video's: they were copied from that other request.
  5. Its words or settings differ, and the list is seen to repeat such a request faithfully (`ListEvidence`).
     Settings alone rule out no job that says the video's very words, unless another row of ours sent these
     words with those settings: a server may begin to rename models between two jobs.

Who else can own a job is every row of every owner whose request may have reached the backend unanswered
(`Video.unaccounted_since`): being submitted, uncertain, queued again, given up, canceled or deleted since
(`DeletedRequest`). A row that was never attempted, or whose attempts were all answered, cannot: it has no
job, or its own. The reference images, the characters and the like are not in any list, so rows that differ in
these alone compete for a job. Of the parameters a list tells at most the seed. A job with another seed than
was sent is another row's only where the list is seen to repeat seeds, because a server may draw its own.

Rows that are identical in all that was chosen, by the same owner, do not compete, such as takes: each is paid
for with one job, made of the same request, and nothing tells one row's job from the other's. Exchanging them
changes nothing for anybody. Their seeds, which the studio drew, may be exchanged with them, so the seed of an
adopted job is known only if it says so itself.

Of a create the list shows all that was requested. An edit or extension takes model, size and length from its
source, of which a server that was sent the file knows only what it measured. So for these (and for remixes of
them) only the prompt, the time and what the job says it was made from are certain.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from videos.backends.responses import Job
from videos.engine.backend_clock import BackendClock, measure_clock
from videos.engine.list_evidence import ListEvidence, has_seed_of, is_sent_as_create
from videos.engine.operations import source_job_id
from videos.engine.prompt_matching import has_same_words
from videos.models import Backend, DeletedRequest, Kind, ReleasedJob, State, Video
from videos.parameters import canonical

# How long after an attempt that ended without a reply its job may still appear.
ACCEPTED_WITHIN = timedelta(minutes=15)
_UNANSWERED = frozenset({State.SUBMITTING, State.UNCERTAIN})


def attempt_time(video: Video) -> datetime:
    """Return when the video was last submitted."""
    return video.attempted_at or video.created_at


class JobMatcher:
    """Matches videos to the listed `jobs` of a backend, newest first, against the rows of this moment.

    `date` is that of `measure_clock`.
    """

    def __init__(self, backend: Backend, jobs: Sequence[Job], *, date: BackendClock) -> None:
        # These are read before the owners: a row that is accepted in between is among both then, and in
        # neither if it were the other way round. A row that is claimed later has no job on this list.
        backends = _same_server(backend)
        self._unaccounted = _unaccounted_videos(backends)
        self._deleted = list(DeletedRequest.objects.filter(backend__in=backends))
        named = {job.id for job in jobs} | {job.remixed_from_video_id or "" for job in jobs}
        owners = Video.objects.filter(backend__in=backends, backend_job_id__in=named - {""})
        self._owners = {video.backend_job_id: video for video in owners}
        released = ReleasedJob.objects.filter(backend__in=backends, backend_job_id__in=named - {""})
        taken = self._owners.keys() | set(released.values_list("backend_job_id", flat=True))
        # The oldest first, but failed ones last: those of a video that was retried are of an earlier attempt.
        self._free = [job for job in reversed(jobs) if job.id not in taken]
        self._free.sort(key=lambda job: job.status == "failed")
        known = [(self._owners[job.id], job) for job in jobs if job.id in self._owners]
        self._evidence = ListEvidence(known)
        self._clock = measure_clock(date, known)

    def adoptable(self, video: Video) -> list[Job]:
        """Return the jobs that can only be this video's and no other's, the likeliest first."""
        likely = [job for job in self._free if self._says_words_of(video, job)]
        exact = [job for job in likely if self._evidence.agrees_with_settings(video, job)]
        # The job of another take is the second choice.
        exact.sort(key=lambda job: (job.status == "failed", not has_seed_of(video, job)))
        found = [job for job in exact if not self._is_contested(video, job)]
        if found or is_sent_as_create(video):
            return found
        return likely if len(likely) == 1 and not self._is_contested(video, likely[0]) else []

    def possible(self, video: Video) -> list[Job]:
        """Return the jobs that no video has and that could be this one's."""
        return [
            job
            for job in self._free
            if not self._clock.is_before(job, attempt_time(video)) and self._may_describe(video, job)
        ]

    def has_twins(self, video: Video) -> bool:
        """Whether another row is interchangeable with the video, so that either may have its seed: one that
        has no job yet, or one whose own seed was forgotten for that reason.
        """
        forgotten = [other for other in self._owners.values() if other.seed is None]
        return any(
            other.pk != video.pk and other.prompt == video.prompt and _sent(other) == _sent(video)
            for other in [*self._unaccounted, *forgotten]
        )

    def may_be_submitting(self, video: Video, job: Job) -> bool:
        """Whether the job can be that of another row whose reply is still on its way."""
        return any(
            other.pk != video.pk
            and other.state == State.SUBMITTING
            and self._may_have_requested(other, job)
            and self._may_describe(other, job)
            for other in self._unaccounted
        )

    def may_be_anothers(self, video: Video, job: Job) -> bool:
        """Whether the job can be that of a row of another owner."""
        return any(
            other.owner_id != video.owner_id
            and self._may_have_requested(other, job)
            and self._may_describe(other, job)
            for other in self._unaccounted
        ) or any(
            request.owner_id != video.owner_id
            and (job.prompt is None or self._is_of_deleted(request, job, job.prompt))
            and self._is_between(job, request.since, request.attempted_at)
            for request in self._deleted
        )

    def _says_words_of(self, video: Video, job: Job) -> bool:
        named = job.remixed_from_video_id
        return (
            has_same_words(job.prompt, video.prompt)
            and not self._clock.may_be_before(job, attempt_time(video))
            and self._may_have_source(video, job)
            and (named is None or named in self._owners)
            and not self._evidence.contradicts_seed(video, job)
        )

    def _may_describe(self, video: Video, job: Job) -> bool:
        return (
            self._may_have_source(video, job)
            and self._may_have_prompt(video, job)
            and not self._evidence.contradicts_seed(video, job)
            and (not self._evidence.contradicts_settings(video, job) or self._is_only_explanation(video, job))
        )

    def _is_only_explanation(self, video: Video, job: Job) -> bool:
        """Whether the job says the video's very words, and no other row explains those words and settings."""
        return has_same_words(job.prompt, video.prompt) and not any(
            other.pk != video.pk
            and has_same_words(job.prompt, other.prompt)
            and self._may_have_requested(other, job)
            and self._evidence.agrees_with_settings(other, job)
            for other in self._unaccounted
        )

    def _may_have_prompt(self, video: Video, job: Job) -> bool:
        listed = job.prompt
        if listed is None or self._evidence.can_stand_for(video.prompt, listed):
            return True
        is_copied = any(
            has_same_words(listed, other.prompt) and self._may_have_requested(other, job)
            for other in self._unaccounted
        )
        return not is_copied and not self._evidence.contradicts_prompt(video.prompt, listed)

    def _may_have_source(self, video: Video, job: Job) -> bool:
        """Whether the job names the video's source or none, or a job that is not ours: some gateways give one
        job several ids. Edits and extensions may name their source too.
        """
        named = job.remixed_from_video_id
        if named is None:
            return not (video.kind == Kind.REMIX and self._evidence.names_sources)
        if is_sent_as_create(video) or video.source is None:
            return False
        return named == source_job_id(video.source, video) or named not in self._owners

    def _is_contested(self, video: Video, job: Job) -> bool:
        """Whether a row that is not interchangeable with `video` can own a job with its words as well.

        Those words were copied from a request, so a row with other words can own it only if they are a cut or
        normalized form of its own.
        """
        listed = job.prompt or ""
        return any(
            _sent(other) != _sent(video)
            and self._may_have_requested(other, job)
            and self._evidence.can_stand_for(other.prompt, listed)
            and self._may_have_source(other, job)
            and not self._evidence.contradicts_settings(other, job)
            and not self._evidence.contradicts_seed(other, job)
            for other in self._unaccounted
        ) or any(self._is_of_deleted(request, job, listed) for request in self._deleted)

    def _is_of_deleted(self, request: DeletedRequest, job: Job, listed: str) -> bool:
        return self._is_between(job, request.since, request.attempted_at) and self._evidence.can_stand_for(
            request.prompt, listed
        )

    def _may_have_requested(self, video: Video, job: Job) -> bool:
        """Whether the job was created while a request of `video` may have been accepted unanswered."""
        since = video.unaccounted_since or attempt_time(video)
        if video.state in _UNANSWERED:
            return not self._clock.is_before(job, since)
        return self._is_between(job, since, max(since, video.attempted_at or since))

    def _is_between(self, job: Job, first: datetime, last: datetime) -> bool:
        """Whether it can be that of an attempt made between `first` and `last`, all of them ended by now."""
        return not (self._clock.is_before(job, first) or self._clock.is_after(job, last + ACCEPTED_WITHIN))


def _same_server(backend: Backend) -> list[Backend]:
    """Return the backends at the same address: a server that was added twice has one list for both."""
    return [each for each in Backend.objects.all() if each.address.rstrip("/") == backend.address.rstrip("/")]


def _unaccounted_videos(backends: Sequence[Backend]) -> list[Video]:
    rows = Video.objects.filter(
        Q(state__in=_UNANSWERED) | Q(unaccounted_since__isnull=False), backend__in=backends
    )
    return list(rows.select_related("source").prefetch_related("characters", "video_references"))


def _sent(video: Video) -> tuple[object, ...]:
    """All that was chosen for a video, and by whom: rows that are equal in this are interchangeable."""
    return (
        video.owner_id,
        video.kind,
        video.source_id,
        video.concat_with_source,
        video.prompt,
        video.model,
        video.size,
        video.seconds,
        video.reference_id,
        video.reference_fit,
        video.last_frame_id,
        tuple(each.image_id for each in video.video_references.all()),
        frozenset(character.pk for character in video.characters.all()),
        canonical(video.parameters),
    )
