"""Reading many jobs' states from the backend's list, a hundred to a request.

The list is newest first and its cursor is a job's id, and we know our jobs' ids and their order. So the pages
that hold the due jobs can be asked for directly, all at once, without walking the list from its beginning:
"the hundred after this one" for as few starting points as cover what is due.

One pass reads so many pages at most, those first that are likeliest to show that something has ended. The
others' jobs stay due, which makes them likelier the next time: so ten thousand jobs are seen every second or
two, at a rate of requests that a backend bears.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Min
from django.utils import timezone

from videos.backends.client import Client
from videos.backends.errors import BackendError
from videos.backends.responses import Job
from videos.engine import rate_limit
from videos.models import Backend, State, Video

logger = logging.getLogger(__name__)

FROM = 20  # due jobs; fewer are asked for singly
PAGE = 100
CONCURRENCY = 10  # pages at a time
MOST = 56  # pages in one reading, which is a second's
IN_A_ROW = 14  # pages before what they show is acted on, the most urgent first
WORTH = 2  # due jobs for each page that would be read, at least; else asking singly is as good
SLACK = 5  # places by which the backend's order may differ from ours: its clock counts whole seconds
DISTRUST = 600  # seconds before a list is tried again that could not be read or did not show our jobs


@dataclass(frozen=True)
class _Stretch:
    """A stretch of our jobs that one page may show, from place `start` on, and the due ones in it."""

    start: int
    due: tuple[str, ...]
    urgency: float


def is_worthwhile(backend: Backend, due: int) -> bool:
    """Whether reading the list is likely to save requests for `due` jobs."""
    return backend.can_list is not False and due >= FROM and not cache.get(_distrusted(backend))


class ListReading:
    """One reading of the list for the due `videos`.

    Iterating reads it, and yields what is shown of this backend's running jobs, due or not, by id. Then
    `settled` are the ids of the due jobs that were shown or have to wait; the others are to be asked for
    singly. A backend that cannot list, ignores the cursor or leaves our jobs out is not asked again for ten
    minutes.
    """

    def __init__(self, backend: Backend, client: Client, videos: Sequence[Video]) -> None:
        self._backend, self._client = backend, client
        self._now = timezone.now()
        sent = _sent(backend, self._now)
        self._newest_first = [job_id for job_id, _ in sent]
        self._place = {job_id: place for place, job_id in enumerate(self._newest_first)}
        self._running = {job_id for job_id, state in sent if state == State.IN_PROGRESS}
        due = {video.backend_job_id: video.due_at or self._now for video in videos}
        self._wanted = {job_id: due_at for job_id, due_at in due.items() if job_id in self._running}
        self._pages = self._shown = 0  # pages read so far, and due jobs on them
        self.settled: set[str] = set()

    def __iter__(self) -> Iterator[dict[str, Job]]:
        if len(list(self._stretches())) * WORTH > len(self._wanted):
            return
        try:
            while self._shown >= self._pages and (stretches := self._most_urgent_first()):
                wanted = min(len(stretches), IN_A_ROW, MOST - self._pages)
                granted = rate_limit.acquire(self._backend.pk, wanted, now=timezone.now()) if wanted else 0
                if granted:
                    yield self._read(stretches[:granted])
                if granted < wanted or not wanted:
                    self.settled |= self._wanted.keys()
                    return
        except BackendError as error:
            _distrust(self._backend, error.message)
            return
        if self._shown < self._pages:
            _distrust(self._backend, "it shows few of the jobs that are running")

    def _read(self, stretches: Sequence[_Stretch]) -> dict[str, Job]:
        """The running jobs on the pages of these stretches. Raises `BackendError`."""
        anchors = [self._anchor(stretch) for stretch in stretches]
        pages = self._client.list_many(anchors, limit=PAGE, concurrency=CONCURRENCY)
        shown: dict[str, Job] = {}
        for stretch, page in zip(stretches, pages, strict=True):
            ours = {job.id: job for job in page.jobs if job.id in self._place}
            self._tick_off(stretch, ours)
            shown |= {job_id: job for job_id, job in ours.items() if job_id in self._running}
        return shown

    def _tick_off(self, stretch: _Stretch, ours: dict[str, Job]) -> None:
        """Stop wanting what the stretch's page shows or should have shown."""
        self._pages += 1
        reached = max((self._place[job_id] for job_id in ours), default=stretch.start)
        for job_id in stretch.due:
            if job_id in ours:
                self._shown += 1
                self.settled.add(job_id)
            if job_id in ours or self._place[job_id] < reached:
                self._wanted.pop(job_id, None)
        self._wanted.pop(stretch.due[0], None)  # a page that does not show the first one never will

    def _most_urgent_first(self) -> list[_Stretch]:
        return sorted(self._stretches(), key=lambda stretch: stretch.urgency, reverse=True)

    def _stretches(self) -> Iterator[_Stretch]:
        """As few as hold every wanted job, each as long as a page that shows nothing but our jobs."""
        wanted = sorted((self._place[job_id], job_id) for job_id in self._wanted)
        first = 0
        while first < len(wanted):
            start = wanted[first][0]
            after = first
            while after < len(wanted) and wanted[after][0] < start + PAGE - SLACK:
                after += 1
            due = tuple(job_id for _, job_id in wanted[first:after])
            yield _Stretch(start, due, sum(map(self._urgency, due)))
            first = after

    def _urgency(self, job_id: str) -> float:
        """The longer a job has been due, the likelier it has ended since it was looked at last.

        The square keeps a lonely job from waiting long behind pages that hold many.
        """
        return (1.0 + (self._now - self._wanted[job_id]).total_seconds()) ** 2

    def _anchor(self, stretch: _Stretch) -> str | None:
        """The job after which to list; None stands for the newest page."""
        start = max(0, stretch.start - SLACK)
        return self._newest_first[start - 1] if start else None


def _sent(backend: Backend, now: datetime) -> list[tuple[str, str]]:
    """Ids and states of the jobs in the list, newest first, as far back as one runs whose deadline is ahead.

    Those that have ended are among them, because they stay in the list and take up room on its pages.
    """
    running = Video.objects.filter(backend=backend, state=State.IN_PROGRESS, deadline_at__gt=now)
    oldest = running.aggregate(pk=Min("pk"), accepted_at=Min("accepted_at"))
    if oldest["pk"] is None:
        return []
    # The primary key only spares reading the whole table: what was accepted later was mostly made later.
    since = Video.objects.filter(
        backend=backend, pk__gte=oldest["pk"], accepted_at__gte=oldest["accepted_at"]
    ).exclude(backend_job_id="")
    return list(since.order_by("-accepted_at", "-pk").values_list("backend_job_id", "state"))


def _distrust(backend: Backend, why: str) -> None:
    logger.info("Jobs of %s are asked for singly for %d s: %s", backend, DISTRUST, why)
    cache.set(_distrusted(backend), True, DISTRUST)


def _distrusted(backend: Backend) -> str:
    return f"list-not-trusted:{backend.pk}"
