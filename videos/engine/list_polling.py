"""Polling many jobs through the backend's list, a hundred to a request: plan pages, fetch them, apply them.

The list is newest first and its cursor is a job's id, and we know our jobs' ids and their order. So the pages
that hold the due jobs can be requested directly, all at once, without walking the list from its beginning:
"the hundred after this one" for as few starting points as cover what is due.

One pass reads a limited number of pages, those first that are likeliest to show that something has ended. The
other jobs stay due, which makes them likelier the next time: so ten thousand jobs are seen every second or
two, at a rate of requests that a backend bears.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min
from django.utils import timezone

from videos.backends.errors import BackendError
from videos.backends.responses import Job
from videos.engine import rate_limit, read_pauses, safe_cache
from videos.engine.clients import Client
from videos.models import Backend, State, Video

logger = logging.getLogger(__name__)

MIN_DUE = 20  # due jobs; fewer are polled one by one
PAGE_SIZE = 100
MAX_JOBS = 30_000  # the newest; a job that runs for days does not have all since then read
CONCURRENCY = 15  # pages at a time, which is a batch of them: no page waits for another one
MAX_PAGES = 58  # in one pass, which is a second's
PAGES_PER_BATCH = 15  # pages after which what they show is acted on, the most urgent first
MIN_DUE_PER_PAGE = 2  # on average; else polling one by one is as good
ORDER_SLACK = 5  # places by which the backend's order may differ from ours: its clock counts whole seconds
MIN_DELAY, MAX_DELAY = 0.5, 3.0  # seconds between two polls that make a job more or less urgent
DISTRUST_FOR = 600  # seconds before a list is tried again that could not be read or did not show our jobs


@dataclass(frozen=True)
class JobList:
    """The backend's list as we know it: our jobs' ids, newest first, their places, and which are running."""

    newest_first: Sequence[str]
    running: frozenset[str]
    places: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Due:
    """When a job was due to be polled, and after how many seconds without a poll."""

    at: datetime
    delay: float = MAX_DELAY


@dataclass(frozen=True)
class PlannedPage:
    """A page to read: from `start` in our list on, after the job `after` (None: the newest page).

    `due` are the due jobs that it may show, in order; `urgency` grows with their number and their waiting.
    """

    start: int
    after: str | None
    due: Sequence[str]
    urgency: float


@dataclass(frozen=True)
class ListBatch:
    """What some pages showed: running `jobs`, due or not, by id.

    `settled` are the due jobs that need not be polled one by one in this pass: they were shown, or have to
    wait for the next one.
    """

    jobs: Mapping[str, Job]
    settled: frozenset[str]


def is_worthwhile(backend: Backend, due: int) -> bool:
    """Whether reading the list is likely to save requests for `due` jobs."""
    if backend.can_list is False or due < MIN_DUE:
        return False
    return not safe_cache.get_many([_distrust_key(backend)])


def read_list(backend: Backend, client: Client, videos: Sequence[Video]) -> Iterator[ListBatch]:
    """Poll the due `videos` of one backend through its list, and yield what is found, batch by batch.

    What no batch has settled is to be polled one by one. A backend that cannot list, ignores the cursor or
    leaves our jobs out is not asked for its list again for ten minutes. One that refuses it for having been
    asked too much is asked for nothing more in this pass.
    """
    now = timezone.now()
    listed = _load_job_list(backend)
    due = {video.backend_job_id: _due(video, now) for video in videos}
    pending = {job_id: each for job_id, each in due.items() if job_id in listed.running}
    pages = plan_pages(listed, pending, now)
    if len(pages) * MIN_DUE_PER_PAGE > len(pending):
        return
    read = shown = 0  # pages so far, and due jobs on them
    try:
        while pages and shown >= read:
            wanted = min(len(pages), PAGES_PER_BATCH, MAX_PAGES - read)
            granted = rate_limit.acquire(backend.pk, wanted, now=timezone.now()) if wanted else 0
            if granted:
                contents = fetch_pages(client, pages[:granted])
                batch, pending = apply_pages(listed, pending, contents)
                read, shown = read + granted, shown + len(batch.settled)
                yield batch
            if granted < wanted or not wanted:
                yield ListBatch({}, frozenset(pending))
                return
            pages = plan_pages(listed, pending, now)
    except BackendError as error:
        if read_pauses.is_too_many(error):
            read_pauses.note(backend.pk, [error])
            yield ListBatch({}, frozenset(due))
        else:
            _distrust(backend, error.message)
        return
    if shown < read:
        _distrust(backend, "it shows few of the jobs that are running")


def plan_pages(listed: JobList, pending: Mapping[str, Due], now: datetime) -> list[PlannedPage]:
    """Plan as few pages as hold all `pending` jobs, by id, the most urgent first.

    A page is reckoned to be as long as one that shows nothing but our jobs.
    """
    places = sorted((listed.places[job_id], job_id) for job_id in pending)
    pages: list[PlannedPage] = []
    first = 0
    while first < len(places):
        start = places[first][0]
        end = first
        while end < len(places) and places[end][0] < start + PAGE_SIZE - ORDER_SLACK:
            end += 1
        due = [job_id for _, job_id in places[first:end]]
        urgency = sum(_urgency(pending[job_id], now) for job_id in due)
        pages.append(PlannedPage(start, _cursor(listed, start), due, urgency))
        first = end
    return sorted(pages, key=lambda page: page.urgency, reverse=True)


def fetch_pages(client: Client, pages: Sequence[PlannedPage]) -> list[tuple[PlannedPage, Sequence[Job]]]:
    """Return the pages with the jobs that they show. Raises `BackendError`."""
    cursors = [page.after for page in pages]
    found = client.list_many(cursors, limit=PAGE_SIZE, concurrency=CONCURRENCY)
    return [(page, content.jobs) for page, content in zip(pages, found, strict=True)]


def apply_pages(
    listed: JobList, pending: Mapping[str, Due], contents: Iterable[tuple[PlannedPage, Sequence[Job]]]
) -> tuple[ListBatch, dict[str, Due]]:
    """Return what the pages show, and what of `pending` may still be on other pages."""
    jobs: dict[str, Job] = {}
    settled: set[str] = set()
    looked_for: set[str] = set()
    for page, content in contents:
        ours = {job.id: job for job in content if job.id in listed.places}
        jobs |= {job_id: job for job_id, job in ours.items() if job_id in listed.running}
        settled |= ours.keys() & set(page.due)
        looked_for |= _looked_for(listed, page, ours)
    remaining = {job_id: due for job_id, due in pending.items() if job_id not in looked_for}
    return ListBatch(jobs, frozenset(settled)), remaining


def _looked_for(listed: JobList, page: PlannedPage, ours: Mapping[str, Job]) -> set[str]:
    """The due jobs that the page shows or should have shown: reading another one would not find them."""
    reached = max((listed.places[job_id] for job_id in ours), default=page.start)
    passed = {job_id for job_id in page.due if job_id in ours or listed.places[job_id] < reached}
    return passed | {page.due[0]}  # a page that does not show the first one never will


def _due(video: Video, now: datetime) -> Due:
    delay = video.poll_delay if video.answered_at else MAX_DELAY  # the first poll comes late, near the end
    return Due(video.due_at or now, min(max(delay, MIN_DELAY), MAX_DELAY))


def _urgency(due: Due, now: datetime) -> float:
    """The longer a job has been due, the likelier it has ended since its last poll: it was due when that
    chance reached some percent, and the chance grows by as much again in each further `delay`.

    The square keeps a lonely job from waiting long behind pages that hold many.
    """
    return (1.0 + (now - due.at).total_seconds() / due.delay) ** 2


def _cursor(listed: JobList, start: int) -> str | None:
    """The job after which to list; None for the newest page."""
    start = max(0, start - ORDER_SLACK)
    return listed.newest_first[start - 1] if start else None


def _load_job_list(backend: Backend) -> JobList:
    """Our jobs in the list, as far back as one is running, and no more than `MAX_JOBS`.

    Those that have ended are among them, because they stay in the list and take up room on its pages.
    """
    running = Video.objects.filter(backend=backend, state=State.IN_PROGRESS)
    oldest = running.aggregate(pk=Min("pk"), accepted_at=Min("accepted_at"))
    if oldest["pk"] is None:
        return JobList([], frozenset(), {})
    # The primary key only spares reading the whole table: what was accepted later was mostly made later.
    since = Video.objects.filter(
        backend=backend, pk__gte=oldest["pk"], accepted_at__gte=oldest["accepted_at"]
    ).exclude(backend_job_id="")
    rows = list(since.order_by("-accepted_at", "-pk").values_list("backend_job_id", "state")[:MAX_JOBS])
    newest_first = [job_id for job_id, _ in rows]
    return JobList(
        newest_first,
        frozenset(job_id for job_id, state in rows if state == State.IN_PROGRESS),
        {job_id: place for place, job_id in enumerate(newest_first)},
    )


def _distrust(backend: Backend, why: str) -> None:
    logger.info("The list of %s is not used for %d s: %s", backend, DISTRUST_FOR, why)
    safe_cache.set_many({_distrust_key(backend): True}, timeout=DISTRUST_FOR)


def _distrust_key(backend: Backend) -> str:
    return f"list-not-trusted:{backend.pk}"
