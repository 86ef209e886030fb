"""Ten thousand running jobs without ten thousand requests: rows written into the simulator's database.

They are what a studio has that has been sending jobs at a constant rate: three kinds of video, each with its
typical duration, and a log-normal spread within a kind. So the jobs in flight lie between ended ones in the
backend's list, and there are finished videos to estimate durations from. During the measurement as many new
jobs are added as end.
"""

import math
import random
import secrets
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import httpx2

from tests.benchmarks.sandbox import Sandbox, is_answering, wait_until
from tests.studio import free_port

if TYPE_CHECKING:
    from accounts.models import User
    from videos.models import Backend, Video

SIZE = "1280x720"
# (model, seconds of video) → seconds that a job typically takes
TYPICAL_SECONDS = {("sora-2", 4): 120.0, ("sora-2", 8): 150.0, ("sora-2-pro", 8): 180.0}
SPREAD = 0.10  # standard deviation of the logarithm
FEED_INTERVAL = 0.5  # seconds
MEAN_SECONDS = sum(TYPICAL_SECONDS.values()) / len(TYPICAL_SECONDS) * math.exp(SPREAD**2 / 2)
MAX_AGE = 2 * max(TYPICAL_SECONDS.values())  # seconds; no job takes longer


@dataclass(frozen=True)
class SimulatedJob:
    """A job of the simulator. `sent_at` is in Unix seconds, `duration` in seconds."""

    id: str
    sent_at: float
    duration: float
    model: str = "sora-2"
    seconds: int = 4

    @property
    def ends_at(self) -> float:
        return self.sent_at + self.duration


def create_job(sent_at: float, rng: random.Random) -> SimulatedJob:
    (model, seconds), typical = rng.choice(list(TYPICAL_SECONDS.items()))
    duration = typical * math.exp(rng.gauss(0, SPREAD))
    return SimulatedJob(f"video_{secrets.token_hex(16)}", sent_at, duration, model, seconds)


def past_jobs(in_flight: int, now: float, rng: random.Random) -> Iterator[SimulatedJob]:
    """Return jobs sent at a constant rate until `now`, oldest first; about `in_flight` still run then."""
    rate = in_flight / MEAN_SECONDS
    count = int(MAX_AGE * rate)
    return (create_job(now - (count - n) / rate, rng) for n in range(count))


class Simulator:
    """The simulator in its own process. It renders a video only when it is downloaded."""

    def __init__(self, box: Sandbox) -> None:
        port = free_port()
        self.folder = box.folder / "simulator"
        self.address = f"http://127.0.0.1:{port}"
        self.url = f"{self.address}/v1"
        options = f"-m simulator --no-key --port {port} --render on-demand --data"
        box.start("simulator", [sys.executable, *options.split(), str(self.folder)])
        wait_until(lambda: is_answering(f"{self.address}/health"), "the simulator")

    def count_requests(self) -> int:
        """Return how many requests it has received so far."""
        ledger = httpx2.get(f"{self.address}/_simulator/ledger", timeout=60).json()
        return sum(ledger["requests"].values())


def insert_into_simulator(folder: Path, jobs: Iterable[SimulatedJob]) -> None:
    """Insert the jobs into the simulator's database as if they had been sent, without ledger entries."""
    rows = [(job.id, job.model, SIZE, job.seconds, job.sent_at, job.duration) for job in jobs]
    with sqlite3.connect(folder / "simulator.sqlite3", timeout=30) as database:
        database.executemany(
            "INSERT INTO jobs"
            " (id, kind, prompt, model, size, seconds, scene_spec, created_at, duration, lazy)"
            " VALUES (?, 'create', 'A fox in the snow', ?, ?, ?, '{}', ?, ?, 1)",
            rows,
        )
    database.close()


def insert_into_studio(jobs: Iterable[SimulatedJob], owner: "User", backend: "Backend", now: float) -> None:
    """Insert the studio's rows: completed where the job has ended, else in progress."""
    from videos.models import Video

    rows = [_row(job, owner, backend, now) for job in jobs]
    Video.objects.bulk_create(rows, batch_size=500)


def _row(job: SimulatedJob, owner: "User", backend: "Backend", now: float) -> "Video":
    from videos.models import State, Video

    ended = job.ends_at <= now
    sent_at = _datetime(job.sent_at)
    return Video(
        owner=owner,
        backend=backend,
        prompt="A fox in the snow",
        model=job.model,
        size=SIZE,
        seconds=job.seconds,
        state=State.COMPLETED if ended else State.IN_PROGRESS,
        backend_job_id=job.id,
        attempted_at=sent_at,
        accepted_at=sent_at,
        answered_at=sent_at,
        generated_at=_datetime(job.ends_at) if ended else None,
        due_at=None if ended else _datetime(now + _next_poll_delay(job, backend, now)),
        attempts=0 if ended else 3,
    )


def _next_poll_delay(job: SimulatedJob, backend: "Backend", now: float) -> float:
    """Return the seconds that the engine itself would wait before it polls the job again."""
    from videos.backends.responses import Job
    from videos.engine import durations, pacing

    kind = durations.JobProfile(backend.pk, job.model, SIZE, job.seconds)
    running = Job(job.id, "in_progress", "in_progress")
    return pacing.next_poll_delay(
        running, polls=3, elapsed=now - job.sent_at, last_progress=None, estimate=durations.estimate_for(kind)
    )


def _datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class JobFeed:
    """Context manager that adds `rate` new jobs per second from a thread, as many as end."""

    def __init__(self, folder: Path, owner: "User", backend: "Backend", rate: float) -> None:
        self._folder, self._owner, self._backend, self._rate = folder, owner, backend, rate
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="feed", daemon=True)
        self.sent: list[SimulatedJob] = []

    def __enter__(self) -> "JobFeed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        from django.db import connection

        rng, sent_until = random.Random(2), time.time()
        while not self._stopped.wait(FEED_INTERVAL):
            now = time.time()
            count = int((now - sent_until) * self._rate)
            jobs = [create_job(sent_until + (n + 1) / self._rate, rng) for n in range(count)]
            sent_until += count / self._rate
            insert_into_simulator(self._folder, jobs)
            insert_into_studio(jobs, self._owner, self._backend, now)
            self.sent += jobs
        connection.close()
