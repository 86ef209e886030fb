"""Finding out what became of a submission whose answer never arrived."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from videos import lifecycle
from videos.backends.client import Client
from videos.backends.errors import BackendError, Refused
from videos.backends.responses import Job
from videos.engine import clients, pacing
from videos.engine.job_matching import CLOCK_SKEW, JobMatcher, attempt_time
from videos.engine.submit import GRACE
from videos.lifecycle import Reason
from videos.models import Backend, State, Video

logger = logging.getLogger(__name__)

PAGES = 50  # of a hundred jobs; a backend busier than that within minutes cannot be searched
# Looks that do not find the job, before it counts as absent: 5, 10, 20 and 40 s after its answer was lost. A
# backend may take in late what it was sent, and a request queued in front of it outlives our connection.
LOOKS_NEEDED = 4
LOOK_FOR = timedelta(minutes=15)  # how long an unreachable backend is asked before the owner is

ASK = Reason(
    "uncertain",
    "We could not learn whether the backend accepted this. Submitting again may be paid twice; giving up may"
    " leave one job paid and lost.",
)


@dataclass
class Listing:
    """The backend's recent jobs, newest first."""

    jobs: list[Job] = field(default_factory=list)
    complete: bool = False  # it reaches back to before the oldest attempt in question


def reconcile(backend_id: int) -> None:
    """Look for the jobs of this backend's uncertain videos; adopt, requeue or ask the owner.

    A video is queued again only when several complete and trustworthy listings lack its job, the last of them
    40 s after its answer was lost.
    """
    now = timezone.now()
    backend = Backend.objects.get(pk=backend_id)
    due = Video.objects.filter(backend=backend, state=State.UNCERTAIN, due_at__lte=now)
    videos = list(due.select_related("backend", "source").order_by("attempted_at"))
    if not videos:
        return
    if backend.can_list is False:
        for video in videos:
            lifecycle.await_decision(video.pk, ASK, attempted_at=attempt_time(video))
        return
    since = min(attempt_time(video) for video in videos) - CLOCK_SKEW
    try:
        listing = _recent_jobs(backend, since)
    except BackendError as error:
        for video in videos:
            _could_not_look(video, error, now=now)
        return
    if not _knows_our_jobs(backend, listing, since, now):
        listing = Listing()  # a job in it may be one of those, under another id
    for video in videos:
        _settle(video, listing, now=now)


def _recent_jobs(backend: Backend, since: datetime) -> Listing:
    """List jobs until one is older than `since`. Raises `BackendError`."""
    with clients.client_for(backend) as client:
        return _listing(client, since)


def _listing(client: Client, since: datetime) -> Listing:
    listing, after = Listing(), None
    seen: set[str] = set()
    for _ in range(PAGES):
        page = client.list(after=after, limit=100)
        fresh = [job for job in page.jobs if job.id not in seen]
        seen.update(job.id for job in fresh)
        listing.jobs.extend(fresh)
        oldest = min((job.created_at for job in fresh if job.created_at is not None), default=None)
        if not page.has_more or not fresh:
            listing.complete = not page.has_more
            return listing
        # A list that is not newest first, though it was asked to be, may have the newest on its last page.
        if oldest is not None and oldest < since.timestamp() and _is_newest_first(listing.jobs):
            listing.complete = True
            return listing
        after = page.last_id
    return listing


def _is_newest_first(jobs: list[Job]) -> bool:
    times = [job.created_at for job in jobs if job.created_at is not None]
    return all(later >= earlier for later, earlier in pairwise(times))


def _knows_our_jobs(backend: Backend, listing: Listing, since: datetime, now: datetime) -> bool:
    """Whether the list shows the jobs we know of. One that does not proves no other job absent, nor found."""
    known = Video.objects.filter(
        backend=backend,
        state=State.IN_PROGRESS,
        # Not the time of acceptance: an adopted job is listed by a creation that was long before it.
        attempted_at__gte=since + CLOCK_SKEW,
        accepted_at__lte=now - GRACE,
    )
    listed = {job.id for job in listing.jobs}
    return all(job_id in listed for job_id in known.values_list("backend_job_id", flat=True))


def _settle(video: Video, listing: Listing, *, now: datetime) -> None:
    attempt = attempt_time(video)
    search = JobMatcher(video.backend, listing.jobs)
    for job in search.candidates(video):
        if lifecycle.adopt(video.pk, State.UNCERTAIN, attempted_at=attempt, job_id=job.id, due_at=now):
            logger.info("Video %s had been accepted as job %s", video.public_id, job.id)
            return
    if not listing.complete or search.has_unidentifiable(video):
        lifecycle.await_decision(video.pk, ASK, attempted_at=attempt)
    elif video.attempts + 1 < LOOKS_NEEDED:
        due_at = now + GRACE * 2**video.attempts
        lifecycle.reschedule_search(
            video.pk, attempted_at=attempt, attempts=video.attempts + 1, due_at=due_at
        )
    elif search.is_ambiguous(video):
        lifecycle.await_decision(video.pk, ASK, attempted_at=attempt)
    elif lifecycle.requeue_absent(video.pk, attempted_at=attempt, attempts=video.attempts):
        logger.info("Video %s had not been accepted and is queued again", video.public_id)


def _could_not_look(video: Video, error: BackendError, *, now: datetime) -> None:
    attempt = attempt_time(video)
    cannot_list = isinstance(error, Refused) and error.code != "invalid_key"
    if cannot_list or now - attempt > LOOK_FOR:
        lifecycle.await_decision(video.pk, ASK, attempted_at=attempt)
        return
    due_at = now + timedelta(seconds=pacing.backoff(2, first=2, longest=60))
    lifecycle.reschedule_search(video.pk, attempted_at=attempt, attempts=video.attempts, due_at=due_at)
