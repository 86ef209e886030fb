"""Finding out what became of submissions that got no reply.

A backend that honors idempotency keys is sent the same request once more (`videos.engine.repeat`). Elsewhere
the jobs that the backend lists are searched (`videos.engine.job_matching`).
"""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.utils import timezone
from django.utils.translation import gettext_noop

from videos import lifecycle
from videos.backends.errors import BackendError, RefusedError
from videos.backends.responses import Job
from videos.engine import bulkhead, clients, pacing, read_pauses
from videos.engine.backend_clock import UNKNOWN_CLOCK, BackendClock, measure_clock
from videos.engine.clients import Client
from videos.engine.error_messages import reason_of_absence
from videos.engine.job_matching import JobMatcher, attempt_time
from videos.engine.list_evidence import has_seed_of
from videos.engine.repeat import repeat_requests
from videos.engine.submit import FIRST_SEARCH_AFTER
from videos.models import Backend, JobCandidate, State, StudioState, Video
from videos.models.values import NO_REASON, Reason

logger = logging.getLogger(__name__)

MAX_PAGES = 50  # of a hundred jobs; a backend busier than that within minutes cannot be searched
# Searches that do not find the job before it counts as absent: 5, 10, 20 and 40 s after the reply was lost. A
# backend may take in late what it was sent, and a request queued in front of it outlives our connection.
SEARCHES_NEEDED = 4
# As long as a job that may be the video's may also be one whose reply is on its way, it is waited for that.
MAX_SEARCHES = 12
MAX_RESUBMISSIONS = 5  # of a video whose submissions the backend answers badly or not at all
SEARCH_FOR = timedelta(minutes=15)  # how long an unreachable backend is tried before the owner is asked
MAX_CANDIDATES = 20  # jobs shown to the owner

NEEDS_DECISION = Reason(
    "uncertain",
    gettext_noop(
        "We couldn't confirm that the backend received this job. Submitting again may mean that it is charged"
        " twice; marking it as failed may leave one job charged and lost."
    ),
)


@dataclass
class Listing:
    """The backend's recent jobs, newest first."""

    jobs: list[Job] = field(default_factory=list)
    date: BackendClock = UNKNOWN_CLOCK  # as the `Date` of the first page says
    is_complete: bool = False  # whether it reaches back to before the oldest attempt in question


@bulkhead.limited(refused=None)
def reconcile(backend_id: int) -> None:
    """Settle this backend's uncertain videos: repeat the request, or adopt, requeue or ask the owner.

    A video is queued again only when several complete and trustworthy listings hold no job that could be its
    own, the last of them 40 s after the reply was lost. A backend that wants to be asked less is searched
    later.
    """
    now = timezone.now()
    backend = Backend.objects.get(pk=backend_id)
    if read_pauses.is_paused(backend):
        return
    due = Video.objects.filter(backend=backend, state=State.UNCERTAIN, due_at__lte=now)
    due = due.exclude(pk__in=repeat_requests(backend, due, now=now))
    related = due.select_related("backend", "source").prefetch_related("characters", "video_references")
    videos = list(related.order_by("attempted_at"))
    if videos:
        _search(backend, videos, now=now)


def _search(backend: Backend, videos: list[Video], *, now: datetime) -> None:
    if backend.can_list is False:
        for video in videos:
            lifecycle.await_decision(video.pk, NEEDS_DECISION, attempted_at=attempt_time(video))
        return
    since = min(attempt_time(video) for video in videos)
    try:
        listing = _recent_jobs(backend, since)
    except BackendError as error:
        read_pauses.note(backend.pk, [error])
        for video in videos:
            _handle_listing_error(video, error, now=now)
        return
    if not _shows_our_jobs(backend, listing, since, now):
        listing = Listing()  # a job in it may be one of those, under another id
    # All are adopted before any is judged absent: until then their jobs could be those of others as well.
    matcher = JobMatcher(backend, listing.jobs, date=listing.date)
    others = [video for video in videos if not _adopt(video, matcher, now=now)]
    if others:
        matcher = JobMatcher(backend, listing.jobs, date=listing.date)
        for video in others:
            _resolve(video, listing, matcher, now=now)


def _recent_jobs(backend: Backend, since: datetime) -> Listing:
    """List jobs until one is certainly older than `since`. Raises `BackendError`."""
    with clients.client_for(backend) as client:
        return _read_pages(client, backend, since)


def _read_pages(client: Client, backend: Backend, since: datetime) -> Listing:
    listing, after = Listing(), None
    seen: set[str] = set()
    for _ in range(MAX_PAGES):
        asked_at = timezone.now()
        page = client.list(after=after, limit=100)
        if after is None and page.sent_at is not None:
            offsets = [page.sent_at - moment.timestamp() for moment in (timezone.now(), asked_at)]
            listing.date = BackendClock(*offsets)
        fresh = [job for job in page.jobs if job.id not in seen]
        seen.update(job.id for job in fresh)
        listing.jobs.extend(fresh)
        if not page.has_more or not fresh:
            listing.is_complete = not page.has_more
            return listing
        # A list that is not newest first, though it was asked to be, may have the newest on its last page.
        if _is_newest_first(listing.jobs) and _reaches_back(listing, backend, since):
            listing.is_complete = True
            return listing
        after = page.last_id
    return listing


def _reaches_back(listing: Listing, backend: Backend, since: datetime) -> bool:
    """Whether a listed job is certainly older than `since`."""
    listed = {job.id: job for job in listing.jobs}
    known = Video.objects.filter(backend=backend, backend_job_id__in=listed)
    clock = measure_clock(listing.date, [(video, listed[video.backend_job_id]) for video in known])
    return any(clock.is_before(job, since) for job in listing.jobs)


def _is_newest_first(jobs: list[Job]) -> bool:
    times = [job.created_at for job in jobs if job.created_at is not None]
    return all(later >= earlier for later, earlier in pairwise(times))


def _shows_our_jobs(backend: Backend, listing: Listing, since: datetime, now: datetime) -> bool:
    """Whether the list shows the jobs we know of. If not, it proves nothing about any other job."""
    known = Video.objects.filter(
        backend=backend,
        state=State.IN_PROGRESS,
        # Not `accepted_at`: an adopted job is listed by when it was created, long before its adoption.
        attempted_at__gte=since,
        accepted_at__lte=now - FIRST_SEARCH_AFTER,
    )
    listed = {job.id for job in listing.jobs}
    return all(job_id in listed for job_id in known.values_list("backend_job_id", flat=True))


def _adopt(video: Video, matcher: JobMatcher, *, now: datetime) -> bool:
    attempt = attempt_time(video)
    for job in matcher.adoptable(video):
        if lifecycle.adopt(video.pk, State.UNCERTAIN, attempted_at=attempt, job_id=job.id, due_at=now):
            logger.info("Video %s: the backend had accepted it as job %s", video.public_id, job.id)
            if not has_seed_of(video, job) and matcher.has_twins(video):
                lifecycle.forget_drawn_seed(video.pk, job.id)
            return True
    return False


def _resolve(video: Video, listing: Listing, matcher: JobMatcher, *, now: datetime) -> None:
    """Search again later, queue the video again, or let the owner decide."""
    attempt, searches = attempt_time(video), video.attempts + 1
    possible = matcher.possible(video)
    may_settle = any(matcher.may_be_submitting(video, job) for job in possible)
    says_nothing = any(job.prompt is None for job in possible) and not may_settle
    if not listing.is_complete or says_nothing:
        _ask_owner(video, matcher, possible)
    elif searches < SEARCHES_NEEDED or (may_settle and searches < MAX_SEARCHES):
        due_at = now + FIRST_SEARCH_AFTER * 2 ** min(video.attempts, SEARCHES_NEEDED - 1)
        lifecycle.reschedule_search(video.pk, attempted_at=attempt, attempts=searches, due_at=due_at)
    elif possible:
        _ask_owner(video, matcher, possible)
    else:
        _settle_absent(video, now=now)


def _settle_absent(video: Video, *, now: datetime) -> None:
    """Queue a video again of which the backend made no job, or fail it when that has happened too often.

    Only submissions that the backend answered badly or not at all count: it costs nothing to try them again,
    but what it cannot take must not be sent for ever.
    """
    attempt, failures = attempt_time(video), video.failed_submissions
    if failures > MAX_RESUBMISSIONS:
        reason = reason_of_absence(video, gives_up=True)
        lifecycle.fail_absent(video.pk, reason, attempted_at=attempt, attempts=video.attempts)
        return
    delay = pacing.backoff(failures - 1, first=15, longest=600, growth=3) if failures else 0.0
    reason = reason_of_absence(video, gives_up=False) if failures else NO_REASON
    if lifecycle.requeue_absent(
        video.pk,
        attempted_at=attempt,
        attempts=video.attempts,
        due_at=now + timedelta(seconds=delay),
        reason=reason,
    ):
        logger.info("Video %s: the backend had not accepted it, so it is queued again", video.public_id)


def _ask_owner(video: Video, matcher: JobMatcher, possible: list[Job]) -> None:
    """Let the owner decide, who is shown the `possible` jobs."""
    candidates = [
        JobCandidate(
            video=video,
            backend_job_id=job.id,
            status=job.raw_status,
            prompt=job.prompt or "",
            model=job.model or "",
            size=job.size or "",
            seconds=job.seconds,
            seed=job.seed,
            created_at=datetime.fromtimestamp(job.created_at, UTC) if job.created_at else None,
            may_be_anothers=matcher.may_be_anothers(video, job),
        )
        for job in possible[:MAX_CANDIDATES]
    ]
    lifecycle.await_decision(
        video.pk, NEEDS_DECISION, attempted_at=attempt_time(video), candidates=candidates
    )


def _handle_listing_error(video: Video, error: BackendError, *, now: datetime) -> None:
    attempt = attempt_time(video)
    cannot_list = isinstance(error, RefusedError) and not error.concerns_account
    # After a restore, all that was queued is searched for, however long ago it may have been submitted.
    held_at = StudioState.objects.values_list("held_at", flat=True).first()
    if cannot_list or now - max(attempt, held_at or attempt) > SEARCH_FOR:
        lifecycle.await_decision(video.pk, NEEDS_DECISION, attempted_at=attempt)
        return
    due_at = now + timedelta(seconds=pacing.backoff(2, first=2, longest=60))
    lifecycle.reschedule_search(video.pk, attempted_at=attempt, attempts=video.attempts, due_at=due_at)
