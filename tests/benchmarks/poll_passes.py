"""Ten thousand jobs in flight, polled by the clock of the worker's own CPU: lag, requests, and CPU per pass.

`completion_lag` measures the same in real time with real processes, which needs a machine that is otherwise
idle. Here the passes run one after the other in this process, against a backend's list in memory, and a pass
lasts as long as it computes and its requests take at `LATENCY`. So other load on the machine changes little.
What HTTP and JSON cost is left out. The backend tells no progress, which makes ends harder to foresee.
"""

import random
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import ceil, inf
from typing import TYPE_CHECKING
from unittest.mock import patch

from tests.benchmarks import jobs, report
from tests.benchmarks.completion_lag import TARGET_LAG, TARGET_REQUESTS
from tests.benchmarks.jobs import SimulatedJob
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import percentile, sandbox, set_up_django

if TYPE_CHECKING:
    from accounts.models import User
    from videos.backends.responses import Job, JobPage
    from videos.models import Backend

LATENCY = 0.1  # seconds that a request takes
TICK = 1.0  # seconds between two hints at the backend
WARM_UP = 40  # seconds of the studio's time, until what was seeded is polled as what came since
RECENT = 120.0  # seconds since when ended jobs are in the list, too


class ListingBackend:
    """What a backend knows and a client of it, in one: jobs that end when their time has come."""

    def __init__(self, sent: Iterable[SimulatedJob]) -> None:
        self.now, self.waited, self.requests = 0.0, 0.0, 0
        self._order: list[SimulatedJob] = []
        self._jobs: dict[str, SimulatedJob] = {}
        self.add(sent)

    def add(self, sent: Iterable[SimulatedJob]) -> None:
        """Take new jobs, the oldest first."""
        for job in sent:
            self._order.append(job)
            self._jobs[job.id] = job

    def list_many(self, afters: Iterable[str | None], *, limit: int, concurrency: int) -> "list[JobPage]":
        """Return the pages after these jobs, the newest first."""
        cursors = list(afters)
        self._note(len(cursors), concurrency)
        return [self._page(after, limit) for after in cursors]

    def retrieve_many(self, ids: Sequence[str], *, concurrency: int) -> "dict[str, Job]":
        """Return the jobs by their ids."""
        self._note(len(ids), concurrency)
        return {job_id: self._show(self._jobs[job_id]) for job_id in ids}

    def _note(self, requests: int, concurrency: int) -> None:
        self.requests += requests
        self.waited += LATENCY * ceil(requests / concurrency)

    def _page(self, after: str | None, limit: int) -> "JobPage":
        from videos.backends.responses import JobPage

        end = len(self._order)
        if after is not None:
            end = bisect_left(self._order, self._jobs[after].sent_at, key=lambda job: job.sent_at)
        page = self._order[max(0, end - limit) : end][::-1]
        return JobPage(tuple(map(self._show, page)), end > limit, page[-1].id if page else None)

    def _show(self, job: SimulatedJob) -> "Job":
        from videos.backends.responses import Job

        is_over = job.ends_at <= self.now
        status = "completed" if is_over else "in_progress"
        return Job(job.id, status, status)


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    count, seconds = (1000, 15) if quick else (10_000, 24)
    with sandbox("poll-passes") as box:
        box.configure(BACKEND_URL="http://127.0.0.1:9/v1", BACKEND_KEY="none-needed")
        set_up_django()
        from accounts.models import User
        from videos.models import Backend

        owner, backend = User.objects.create(username="bench"), Backend.objects.for_environment()
        lags, requests, cores = _run(owner, backend, count, WARM_UP + seconds)
    p50, p95 = percentile(lags, 0.5), percentile(lags, 0.95)
    name = f"{count:,} jobs in flight, by CPU time"
    return [
        Result(
            f"{name}: lag p50 / p95",
            f"{p50:.2f} / {p95:.2f} s",
            f"{TICK:.0f} s between two ticks, {1000 * LATENCY:.0f} ms for a request",
            target="p95 2 s",
            met=p95 <= TARGET_LAG,
        ),
        Result(
            f"{name}: backend requests",
            f"{requests:.1f}/s",
            f"{count:,}/s, each job once a second",
            f"1:{count / requests:.0f}",
            "under 60/s",
            requests <= TARGET_REQUESTS,
        ),
        Result(f"{name}: CPU of polling", f"{cores:.2f} cores", target="1 core", met=cores <= 1),
    ]


def _run(owner: "User", backend: "Backend", count: int, duration: int) -> tuple[list[float], float, float]:
    """Poll for so many seconds of the studio's time. Return lags, requests and CPU seconds per second."""
    began, rate, rng = time.time(), count / jobs.MEAN_SECONDS, random.Random(1)
    report.print_progress(f"   seeding {count:,} jobs")
    sent = [job for job in jobs.past_jobs(count, began, rng) if job.ends_at > began - RECENT]
    jobs.insert_into_studio(sent, owner, backend, began)
    service = ListingBackend(sent)
    until = now = began
    noticed: dict[str, float] = {}
    passes: list[tuple[float, float, int]] = []  # when, seconds of CPU, and requests so far
    while now < began + duration:
        new = _new_jobs(until, now, rate, rng)
        until = new[-1].sent_at if new else until
        sent += new
        service.add(new)
        jobs.insert_into_studio(new, owner, backend, now)
        took = _pass(backend, service, now)
        passes.append((now, took, service.requests))
        ready_at = now + took + service.waited
        noticed |= dict.fromkeys(_noticed(backend) - noticed.keys(), ready_at)
        report.print_progress(
            f"   {now - began:4.0f} s: {took:.2f} s of CPU, {service.requests} requests so far"
        )
        now = max(now + TICK, ready_at)
    return _rates([each for each in passes if each[0] >= began + WARM_UP], sent, noticed)


def _rates(
    passes: Sequence[tuple[float, float, int]], sent: Iterable[SimulatedJob], noticed: Mapping[str, float]
) -> tuple[list[float], float, float]:
    """Return the lags of what ended while these passes were made, and requests and CPU seconds per second."""
    (began, _, before), *later = passes
    over, _, after = passes[-1]
    ended = [job for job in sent if began <= job.ends_at < over - 4 * TARGET_LAG]
    lags = [noticed.get(job.id, inf) - job.ends_at for job in ended]
    seconds = over - began
    return lags, (after - before) / seconds, sum(took for _, took, _ in later) / seconds


def _pass(backend: "Backend", service: ListingBackend, now: float) -> float:
    """Make one pass at this time. Return the CPU seconds that it took."""
    from videos.engine import poll

    service.now, service.waited = now, 0.0
    with _at(now), patch("videos.engine.clients.client_for", lambda backend: _entered(service)):
        before = time.thread_time()
        poll.poll_backend(backend.pk)
        return time.thread_time() - before


@contextmanager
def _entered(service: ListingBackend) -> Iterator[ListingBackend]:
    yield service


@contextmanager
def _at(now: float) -> Iterator[None]:
    with patch("django.utils.timezone.now", lambda: datetime.fromtimestamp(now, UTC)):
        yield


def _new_jobs(since: float, now: float, rate: float, rng: random.Random) -> list[SimulatedJob]:
    """As many as end meanwhile."""
    return [jobs.create_job(since + (n + 1) / rate, rng) for n in range(int((now - since) * rate))]


def _noticed(backend: "Backend") -> set[str]:
    """The jobs that are known to have ended while this ran."""
    from videos.models import State, Video

    storing = Video.objects.filter(backend=backend, state=State.STORING)
    return set(storing.values_list("backend_job_id", flat=True))


if __name__ == "__main__":
    report.main("poll_passes", measure)
