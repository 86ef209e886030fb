"""How soon one worker process sees that a job has ended, with ten thousand in flight, and at what cost.

The worker is Celery's, as in the Procfile but for both of its quick queues, with beat and a broker beside it.
Nobody takes downloads, which are measured elsewhere. Jobs arrive as fast as they end, all the time.
"""

import json
import math
import random
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.benchmarks import jobs, report
from tests.benchmarks.jobs import Sent, Simulator
from tests.benchmarks.report import Line
from tests.benchmarks.stage import (
    PROJECT,
    Stage,
    cpu_seconds,
    django,
    share,
    stage,
    valkey_answers,
    wait_until,
    workers_answer,
)

if TYPE_CHECKING:
    from accounts.models import User
    from videos.models import Backend

AIM_LAG = 2.0  # seconds at p95
AIM_REQUESTS = 60.0  # a second
AIM_CORES = 1.0
TRIED = 12.0  # seconds for which a rival is tried with each number of jobs
STEPS = (100, 200, 300, 400, 600, 800, 1200)


@dataclass(frozen=True)
class Measured:
    """Lags in seconds, the backend's requests a second, processor seconds a second, jobs at the end."""

    lags: list[float]
    requests: float
    cores: float
    in_flight: int = 0

    @property
    def p50(self) -> float:
        return share(self.lags, 0.50)

    @property
    def p95(self) -> float:
        return share(self.lags, 0.95)


def measure(quick: bool) -> list[Line]:
    """The lines of the table."""
    count, warm, window = (1000, 8.0, 15.0) if quick else (10_000, 35.0, 60.0)
    with stage("in-flight") as made:
        simulator = Simulator(made)
        # The rivals first, while the simulator's list is short: to their favour.
        asynchronous, tried = sustained(simulator, STEPS[:3] if quick else STEPS)
        slots = {n: rival(simulator, "slots", n) for n in (8, 16)}
        ours = engine(made, simulator, count, warm, window)
        complaints = made.log("worker")
    if "ERROR" in complaints:
        report.progress(complaints[-2000:])
    return _lines(count, ours, asynchronous, tried, slots)


def _lines(
    count: int, ours: Measured, loop: int, tried: dict[int, Measured], slots: dict[int, Measured]
) -> list[Line]:
    """Ours beside the SDK's loop with the `loop` jobs it sustains, and beside the slots with theirs."""
    best = tried[loop or min(tried)]
    name = f"asyncio with {loop or min(tried):,}"
    filled = max((n for n, seen in slots.items() if seen.p95 <= AIM_LAG), default=0)
    held = count if ours.p95 <= AIM_LAG else 0
    at = f"in flight, {count:,} jobs"
    lags = "; ".join(f"{seen.p50:.1f} / {seen.p95:.1f} s (8 slots with {n})" for n, seen in slots.items())
    per_job = best.requests / (loop or min(tried)) / (ours.requests / count)
    return [
        Line(
            f"{at}: lag p50 / p95",
            f"{ours.p50:.2f} / {ours.p95:.2f} s",
            f"{best.p50:.2f} / {best.p95:.2f} s ({name}); {lags}",
            aim="p95 2 s",
            met=bool(held),
        ),
        Line(
            f"{at}: backend requests (ratio for one job)",
            f"{ours.requests:.1f}/s",
            f"{best.requests:.0f}/s ({name})",
            f"1:{per_job:.0f}",
            "under 60/s",
            ours.requests < AIM_REQUESTS,
        ),
        Line(
            f"{at}: processor",
            f"{ours.cores:.2f} cores",
            f"{best.cores:.2f} cores ({name})",
            aim="1 core",
            met=ours.cores <= AIM_CORES,
        ),
        _held("asyncio", held, loop),
        _held("8 slots", held, filled),
    ]


def _held(name: str, ours: int, theirs: int) -> Line:
    ratio = f"{ours / theirs:.0f}:1" if ours and theirs else ""
    told = f"{ours:,}" if ours else "fewer than tried"
    return Line("in flight: most jobs held at lag p95 of 2 s", told, f"{theirs:,} ({name})", ratio)


def _studio(made: Stage, simulator: Simulator) -> subprocess.Popen[bytes]:
    """Start broker and worker, and return the worker. It has nothing to do yet, and no beat."""
    from contentgen.run.embedded import prepare_valkey

    command, address = prepare_valkey(made.folder / "valkey")
    made.start("valkey", command)
    wait_until(lambda: valkey_answers(address), "the broker")
    made.configure(REDIS_URL=address, SIMULATOR_URL=simulator.url)
    django()
    options = "worker -n worker@%h -Q short,network -P threads -c 8 --without-mingle --without-gossip"
    worker = made.celery("worker", *options.split(), "--loglevel", "WARNING")
    wait_until(lambda: workers_answer(1), "the worker")
    return worker


def engine(made: Stage, simulator: Simulator, count: int, warm: float, window: float) -> Measured:
    """Our worker with `count` jobs in flight, watched for `window` seconds after `warm` seconds."""
    worker = _studio(made, simulator)
    from accounts.models import User
    from videos.models import Backend, State, Video

    owner = User.objects.create(username="bench")
    backend = Backend.objects.for_environment()
    report.progress(f"   seeding {count:,} jobs")
    seeded = _seed(simulator, owner, backend, count)
    rate = count / jobs.MEAN
    with jobs.Feed(simulator.folder, owner, backend, rate) as feed:
        made.celery("beat", "beat", "--pidfile=", "--loglevel", "WARNING")
        time.sleep(warm)
        began, asked, spent = time.time(), simulator.requests(), cpu_seconds(worker.pid)
        time.sleep(window)
        over = time.time()
        asked, spent = simulator.requests() - asked, cpu_seconds(worker.pid) - spent
        running = Video.objects.filter(state=State.IN_PROGRESS).count()
        time.sleep(4 * AIM_LAG)  # those that ended last are found too, or count as not found
    ended = [job for job in [*seeded, *feed.sent] if began <= job.ends < over]
    took = over - began
    report.progress(f"   {len(ended) / took:.0f} jobs ended a second, {running:,} in flight afterwards")
    return Measured(_lags(ended), asked / took, spent / took, running)


def _seed(simulator: Simulator, owner: "User", backend: "Backend", count: int) -> list[Sent]:
    # What has ended is written first, so that there is experience when the running ones are.
    now = time.time()
    seeded = list(jobs.past(count, now, random.Random(1)))
    jobs.tell_simulator(simulator.folder, seeded)
    jobs.tell_studio([job for job in seeded if job.ends <= now], owner, backend, now)
    jobs.tell_studio([job for job in seeded if job.ends > now], owner, backend, now)
    return seeded


def _lags(ended: list[Sent]) -> list[float]:
    """Seconds from a job's end to its being noticed; infinite for one that was not."""
    from videos.models import Video

    noticed = dict(
        Video.objects.filter(generated_at__isnull=False).values_list("backend_job_id", "generated_at")
    )
    return [noticed[job.id].timestamp() - job.ends if job.id in noticed else math.inf for job in ended]


def sustained(simulator: Simulator, steps: tuple[int, ...]) -> tuple[int, dict[int, Measured]]:
    """The largest of `steps` that the SDK's asyncio loop holds within the aim, and all that was tried."""
    best, tried = 0, dict[int, Measured]()
    for count in steps:
        # Twice where the first time went wrong: other work on this machine must not count against it.
        for _ in range(2):
            seen = tried[count] = rival(simulator, "asyncio", count)
            told = f"p95 {seen.p95:.2f} s, {seen.requests:.0f} requests/s, {seen.cores:.2f} cores"
            report.progress(f"   asyncio with {count:,}: {told}")
            if seen.p95 <= AIM_LAG:
                break
        else:
            break
        best = count
    return best, tried


def rival(simulator: Simulator, way: str, count: int) -> Measured:
    """One of the usual ways with `count` jobs, of which a third end while it is watched."""
    began = time.time() + 2.0  # its process has started by then
    last = 3 * TRIED if way == "asyncio" else TRIED
    sent = [Sent(f"video_{secrets.token_hex(16)}", began, 2.0 + last * n / count) for n in range(count)]
    jobs.tell_simulator(simulator.folder, sent)
    asked_for = random.Random(3).sample([job.id for job in sent], count)  # they do not end in order
    order = {"way": way, "url": simulator.url, "jobs": asked_for, "seconds": TRIED + 2}
    asked = simulator.requests()
    command = [sys.executable, "-m", "tests.benchmarks.rivals"]
    pipe = subprocess.PIPE
    # Out of the reach of Ctrl-C, which would have it complain: it is killed here.
    with subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, start_new_session=True) as process:
        try:
            output, _ = process.communicate(json.dumps(order).encode())
        except BaseException:
            process.kill()
            raise
    told = json.loads(output)
    found, over = told["found"], began + TRIED
    # What was about to be found when the time was over is left out; what should have been long ago is not.
    ended = [job for job in sent if job.id in found or job.ends < over - 2 * AIM_LAG]
    lags = [found.get(job.id, math.inf) - job.ends for job in ended]
    return Measured(lags, (simulator.requests() - asked) / told["wall"], told["cpu"] / told["wall"])


if __name__ == "__main__":
    report.main("in_flight", measure)
