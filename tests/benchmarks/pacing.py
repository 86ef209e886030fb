"""Polling policies: how soon a finished job is noticed, and after how many requests. `--long` prints more.

Job durations are replayed without sleeping; the same seed gives the same table, and every policy gets the
same jobs. Durations are log-normal within 30 to 300 s, and drift: the level wanders by 1 % per job, rises by
about a third of a logarithm half-way and falls again at three quarters, as when a backend gets busy.
"""

import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from tests.benchmarks import report
from tests.benchmarks.report import Result
from videos.backends.responses import Job
from videos.engine import pacing
from videos.engine.pacing import DurationEstimate

SEEDS = range(5)
JOBS = 150  # of each kind in one run
IN_FLIGHT = 4  # jobs; the newest duration an estimate can use is that many jobs old
REQUEST_SECONDS = 0.05  # a request takes
MAX_SECONDS = 600.0  # a job can take

Gap = Callable[[float, int], float]  # (seconds since acceptance, polls so far) → seconds until the next poll
Progress = Callable[[float], int]  # fraction of the job's duration → percent reported


@dataclass(frozen=True)
class Workload:
    """Job kinds by typical duration in seconds, the spread of the logarithm within a kind, and progress."""

    name: str
    typical: tuple[float, ...]
    sigma: float
    progress: str = "jumps"


KINDS = (45.0, 60.0, 85.0, 115.0, 160.0, 220.0)
WORKLOADS = (
    Workload("6 kinds, spread 5 %", KINDS, 0.05),
    Workload("6 kinds, spread 10 %", KINDS, 0.10),
    Workload("6 kinds, spread 20 %", KINDS, 0.20),
    Workload("one kind, 30-300 s", (95.0,), 0.58),
    Workload("6 kinds, 10 %, progress", KINDS, 0.10, "moves"),
    Workload("6 kinds, 20 %, progress", KINDS, 0.20, "moves"),
    Workload("30-300 s, progress", (95.0,), 0.58, "moves"),
    Workload("30-300 s, progress eases", (95.0,), 0.58, "eases"),
)


def job_durations(typical: float, sigma: float, rng: random.Random) -> Iterator[float]:
    """Yield the durations of a run's jobs of one kind, in seconds."""
    level = 0.0
    for number in range(JOBS):
        level = 0.995 * (level + rng.gauss(0, 0.01))
        level += {JOBS // 2: 0.35, JOBS * 3 // 4: -0.35}.get(number, 0.0)
        yield min(300.0, max(30.0, typical * math.exp(level + rng.gauss(0, sigma))))


def progress_curve(kind: str, rng: random.Random) -> Progress:
    """Return when a job reports which progress.

    `jumps`: never before the end. `moves`: after up to 30 % of the time in a queue, roughly linear. `eases`:
    fast, then slow.
    """
    queued, exponent = rng.uniform(0, 0.3), math.exp(rng.gauss(0, 0.1))
    return {
        "jumps": lambda share: 0,
        "moves": lambda share: int(100 * max(0.0, (share - queued) / (1 - queued)) ** exponent),
        "eases": lambda share: int(99 * (1 - (1 - share) ** 2)),
    }[kind]


def poll_until_done(duration: float, tick: float, rng: random.Random, gap: Gap) -> tuple[int, float]:
    """Return how many polls it took to find a job of `duration` seconds finished, and the elapsed seconds.

    With a `tick` above 0 a poll is sent at the first tick after it is due, as the engine does.
    """
    phase = rng.uniform(0, tick)
    elapsed, polls = 0.0, 0
    while elapsed < MAX_SECONDS:
        due = elapsed + gap(elapsed, polls)
        sent = phase + math.ceil((due - phase) / tick - 1e-9) * tick if tick else due
        polls += 1
        elapsed = sent + REQUEST_SECONDS
        if elapsed >= duration:
            return polls, elapsed
    raise AssertionError("the policy never found the job finished")


def engine_gap(duration: float, past: list[float], progress: Progress, rng: random.Random) -> Gap:
    """Return the engine's own policy, which remembers progress as the engine does."""
    estimate: DurationEstimate | None = pacing.estimate_duration(past[:-31:-1])
    shown = 0

    def gap(elapsed: float, polls: int) -> float:
        nonlocal shown
        reported = min(99, progress(elapsed / duration))
        job = Job("job", "in_progress", "in_progress", progress=reported)
        wait = pacing.next_poll_delay(
            job, polls=polls, elapsed=elapsed, last_progress=shown, estimate=estimate, uniform=rng.uniform
        )
        shown = max(shown, reported)
        return wait

    return gap


def exponential_gap(elapsed: float, polls: int, rng: random.Random) -> float:
    return pacing.backoff(
        polls, first=pacing.FIRST_DELAY, longest=pacing.MAX_DELAY, growth=1.3, uniform=rng.uniform
    )


def replay(work: Workload, policy: str, tick: float, seed: int) -> tuple[float, float, float, float]:
    """Return polls per job, and the median, 95th percentile and mean lag in seconds."""
    rng, workload_rng = random.Random(f"{policy} {tick} {seed}"), random.Random(seed)
    polls, lags = [], []
    for typical in work.typical:
        found: list[float] = []
        for duration in job_durations(typical, work.sigma, workload_rng):
            progress = progress_curve(work.progress, workload_rng)
            gaps: dict[str, Gap] = {
                "fixed 1 s": lambda elapsed, polls: 1.0 - REQUEST_SECONDS,
                "fixed 5 s": lambda elapsed, polls: 5.0 - REQUEST_SECONDS,
                "2 to 15 s": partial(exponential_gap, rng=rng),
                "engine": engine_gap(duration, found[: len(found) - IN_FLIGHT], progress, rng),
            }
            count, elapsed = poll_until_done(duration, tick, rng, gaps[policy])
            polls.append(count)
            lags.append(elapsed - duration)
            found.append(elapsed)
    lags.sort()
    return statistics.mean(polls), statistics.median(lags), lags[int(len(lags) * 0.95)], statistics.mean(lags)


def min_polls(work: Workload) -> float:
    """Return the polls per job that are needed at least to notice half of the jobs within a second.

    It assumes a policy that knows the exact distribution, without drift, but not the job's progress: it polls
    in the seconds in which a running job is most likely to end, until half of the jobs end within them.
    """
    needed = []
    for typical in work.typical:
        alive = [math.erfc(math.log(t / typical) / work.sigma / math.sqrt(2)) / 2 for t in range(1, 1000)]
        cells = [(now - then, now) for now, then in pairwise(alive) if now > 1e-9]
        cells.sort(key=lambda cell: cell[0] / cell[1], reverse=True)
        covered = polls = 0.0
        for ends, reached in cells:
            if covered < 0.5:
                covered += ends
                polls += reached
        needed.append(polls)
    return statistics.mean(needed)


def long_table() -> Iterator[str]:
    """Yield the lines of the long table: medians over the seeds."""
    yield "pacing: requests per job, lag p50 / p95 / mean in seconds (target: p50 at most 1 at 12 requests)"
    for work in WORKLOADS:
        without_progress = work.progress == "jumps"
        yield work.name + (f" (p50 of 1 s needs at least {min_polls(work):.1f})" if without_progress else "")
        for policy, tick in (
            ("fixed 1 s", 0.0),
            ("fixed 5 s", 0.0),
            ("2 to 15 s", 1.0),
            ("engine", 1.0),
            ("engine", 0.25),
        ):
            runs = [replay(work, policy, tick, seed) for seed in SEEDS]
            polls, p50, p95, mean = (statistics.median(column) for column in zip(*runs, strict=True))
            timing = f"tick {tick:.2f} s" if tick else "exact timer"
            yield f"  {policy:<11} {timing:<12} {polls:6.1f}   {p50:5.2f} / {p95:5.2f} / {mean:5.2f}"


def measure(quick: bool) -> list[Result]:
    """Return the results for the table: requests per job and median lag, compared with common policies."""
    results = []
    for work in (WORKLOADS[1], WORKLOADS[5], WORKLOADS[3]) if quick else WORKLOADS:
        runs = {
            policy: [replay(work, policy, tick, seed) for seed in SEEDS]
            for policy, tick in (
                ("engine", 1.0),
                ("fixed 1 s", 0.0),
                ("fixed 5 s", 0.0),
                ("2 to 15 s", 1.0),
            )
        }
        polls, p50 = (
            {policy: statistics.median(run[column] for run in many) for policy, many in runs.items()}
            for column in (0, 1)
        )
        baseline = (f"{polls[policy]:.0f}, {p50[policy]:.2f} s ({policy})" for policy in list(runs)[1:])
        results.append(
            Result(
                f"pacing, {work.name}: requests per job, p50",
                f"{polls['engine']:.1f}, {p50['engine']:.2f} s",
                "; ".join(baseline),
                f"1:{polls['fixed 1 s'] / polls['engine']:.0f}",
                "12, 1 s",
                round(polls["engine"]) <= 12 and p50["engine"] <= 1.0,
            )
        )
    return results


def main() -> None:
    """Print the long table with `--long`, else run as the other benchmarks do."""
    if "--long" not in sys.argv:
        report.main("pacing", measure)
        return
    for line in long_table():
        print(line, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
