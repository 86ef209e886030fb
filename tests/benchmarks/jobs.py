"""Ten thousand running jobs without ten thousand requests: written into the simulator's own file.

They are what a studio would have that has been sending jobs at an even rate for a while: three kinds of
video, each with its usual length, and within a kind a log-normal spread. So the jobs in flight lie between
others in the backend's list that have ended, and finished videos are there to learn from. All this goes on
while the measuring does: as many jobs arrive as end.
"""

import math
import random
import secrets
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import httpx2

from tests.benchmarks.stage import Stage, answers, wait_until
from tests.running import free_port

if TYPE_CHECKING:
    from accounts.models import User
    from videos.models import Backend, Video

SIZE = "1280x720"
# (model, length of the clip) → seconds a job usually takes
USUAL = {("sora-2", 4): 120.0, ("sora-2", 8): 150.0, ("sora-2-pro", 8): 180.0}
SPREAD = 0.10  # of the logarithm
FEED_EVERY = 0.5  # seconds
MEAN = sum(USUAL.values()) / len(USUAL) * math.exp(SPREAD**2 / 2)
OLDEST = 2 * max(USUAL.values())  # seconds; no job of these kinds takes longer


@dataclass(frozen=True)
class Sent:
    """A job as the simulator has it. Times are Unix seconds, `takes` is how long it will take."""

    id: str
    at: float
    takes: float
    model: str = "sora-2"
    seconds: int = 4

    @property
    def ends(self) -> float:
        return self.at + self.takes


def made_at(moment: float, rng: random.Random) -> Sent:
    (model, seconds), usual = rng.choice(list(USUAL.items()))
    takes = usual * math.exp(rng.gauss(0, SPREAD))
    return Sent(f"video_{secrets.token_hex(16)}", moment, takes, model, seconds)


def past(in_flight: int, now: float, rng: random.Random) -> Iterator[Sent]:
    """Jobs sent evenly up to `now`, of which about `in_flight` are still running then, oldest first."""
    rate = in_flight / MEAN
    count = int(OLDEST * rate)
    return (made_at(now - (count - n) / rate, rng) for n in range(count))


class Simulator:
    """The simulator in a process of its own, rendering nothing unless asked to."""

    def __init__(self, made: Stage) -> None:
        port = free_port()
        self.folder = made.folder / "simulator"
        self.address = f"http://127.0.0.1:{port}"
        self.url = f"{self.address}/v1"
        options = f"-m simulator --port {port} --render on-demand --data"
        made.start("simulator", [sys.executable, *options.split(), str(self.folder)])
        wait_until(lambda: answers(f"{self.address}/health"), "the simulator")

    def requests(self) -> int:
        """How many it has been sent so far."""
        ledger = httpx2.get(f"{self.address}/_simulator/ledger", timeout=60).json()
        return sum(ledger["requests"].values())


def tell_simulator(folder: Path, jobs: Iterable[Sent]) -> None:
    """Put the jobs into the simulator's file as if they had been sent to it, without ledger entries."""
    rows = [(job.id, job.model, SIZE, job.seconds, job.at, job.takes) for job in jobs]
    with sqlite3.connect(folder / "simulator.sqlite3", timeout=30) as database:
        database.executemany(
            "INSERT INTO jobs"
            " (id, kind, prompt, model, size, seconds, scene_spec, created_at, duration, lazy)"
            " VALUES (?, 'create', 'A fox in the snow', ?, ?, ?, '{}', ?, ?, 1)",
            rows,
        )
    database.close()


def tell_studio(jobs: Iterable[Sent], owner: "User", backend: "Backend", now: float) -> None:
    """Make the rows: completed ones for what has ended, running ones for the rest."""
    from videos.models import Video

    rows = [_row(job, owner, backend, now) for job in jobs]
    Video.objects.bulk_create(rows, batch_size=500)


def _row(job: Sent, owner: "User", backend: "Backend", now: float) -> "Video":
    from django.conf import settings

    from videos.models import State, Video

    ended = job.ends <= now
    sent = _moment(job.at)
    return Video(
        owner=owner,
        backend=backend,
        prompt="A fox in the snow",
        model=job.model,
        size=SIZE,
        seconds=job.seconds,
        state=State.COMPLETED if ended else State.IN_PROGRESS,
        backend_job_id=job.id,
        attempted_at=sent,
        accepted_at=sent,
        deadline_at=sent + timedelta(seconds=settings.MAX_POLL_TIMEOUT),
        generated_at=_moment(job.ends) if ended else None,
        due_at=None if ended else _moment(now + _first_wait(job, backend, now)),
        attempts=0 if ended else 3,
    )


def _first_wait(job: Sent, backend: "Backend", now: float) -> float:
    """What the engine itself waits: the first look at a new job, and the next one at a running job."""
    from videos.backends.responses import Job
    from videos.engine import durations, pacing

    kind = durations.JobProfile(backend.pk, job.model, SIZE, job.seconds)
    running = Job(job.id, "in_progress", "in_progress")
    return pacing.next_look(
        running, looks=3, elapsed=now - job.at, shown=None, expected=durations.expectation_for(kind)
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Feed:
    """Sends as many new jobs as end, from a thread, until the block ends."""

    def __init__(self, folder: Path, owner: "User", backend: "Backend", rate: float) -> None:
        self._folder, self._owner, self._backend, self._rate = folder, owner, backend, rate
        self._over = Event()
        self._thread = Thread(target=self._run, name="feed", daemon=True)
        self.sent: list[Sent] = []

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        from django.db import connection

        rng, until = random.Random(2), time.time()
        while not self._over.wait(FEED_EVERY):
            now = time.time()
            count = int((now - until) * self._rate)
            jobs = [made_at(until + (n + 1) / self._rate, rng) for n in range(count)]
            until += count / self._rate
            tell_simulator(self._folder, jobs)
            tell_studio(jobs, self._owner, self._backend, now)
            self.sent += jobs
        connection.close()
