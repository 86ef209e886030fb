"""How soon a finished job is noticed, and how many requests that takes. Run it as a module; --long
tells more.

Job lengths are replayed without sleeping; the same seed gives the same table. Every policy meets the same
jobs. Lengths are log-normal within 30 to 300 s, and drift: the level wanders by 1 % a job, and jumps up by
a third of a logarithm half-way and down again at three quarters, as when a backend gets busy.
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
from tests.benchmarks.report import Line
from videos.backends.responses import Job
from videos.engine import pacing
from videos.engine.pacing import Expectation

SEEDS = range(5)
JOBS = 150  # of each kind in one run
BEHIND = 4  # jobs in flight: what is learned from is that many jobs old
REPLY = 0.05  # seconds a request takes
LONGEST = 600.0  # seconds a job can take

Gap = Callable[[float, int], float]  # (seconds since acceptance, looks so far) → seconds to the next look
Progress = Callable[[float], int]  # share of the job's time that has passed → percent told


@dataclass(frozen=True)
class Workload:
    """Kinds by their usual length in seconds, the spread of the logarithm within a kind, and progress."""

    name: str
    usual: tuple[float, ...]
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


def lengths(usual: float, sigma: float, rng: random.Random) -> Iterator[float]:
    level = 0.0
    for number in range(JOBS):
        level = 0.995 * (level + rng.gauss(0, 0.01))
        level += {JOBS // 2: 0.35, JOBS * 3 // 4: -0.35}.get(number, 0.0)
        yield min(300.0, max(30.0, usual * math.exp(level + rng.gauss(0, sigma))))


def progress_of(kind: str, rng: random.Random) -> Progress:
    """`moves`: after up to 30 % of the time in a queue, bent by 10 %. `eases`: fast, then slow."""
    waits, bend = rng.uniform(0, 0.3), math.exp(rng.gauss(0, 0.1))
    return {
        "jumps": lambda share: 0,
        "moves": lambda share: int(100 * max(0.0, (share - waits) / (1 - waits)) ** bend),
        "eases": lambda share: int(99 * (1 - (1 - share) ** 2)),
    }[kind]


def watch(length: float, tick: float, rng: random.Random, gap: Gap) -> tuple[int, float]:
    """Return how many looks it took to find a job of `length` seconds finished, and after which time.

    With a `tick` above 0 a look is made at the first tick after it is due, as the engine does.
    """
    phase = rng.uniform(0, tick)
    elapsed, looks = 0.0, 0
    while elapsed < LONGEST:
        due = elapsed + gap(elapsed, looks)
        sent = phase + math.ceil((due - phase) / tick - 1e-9) * tick if tick else due
        looks += 1
        elapsed = sent + REPLY
        if elapsed >= length:
            return looks, elapsed
    raise AssertionError("the pacing lost a job")


def by_experience(length: float, past: list[float], progress: Progress, rng: random.Random) -> Gap:
    """The gap that the engine would leave, with progress kept as the engine keeps it."""
    expected: Expectation | None = pacing.learn(past[:-31:-1])
    shown = 0

    def gap(elapsed: float, looks: int) -> float:
        nonlocal shown
        told = min(99, progress(elapsed / length))
        job = Job("job", "in_progress", "in_progress", progress=told)
        wait = pacing.next_look(
            job, looks=looks, elapsed=elapsed, shown=shown, expected=expected, uniform=rng.uniform
        )
        shown = max(shown, told)
        return wait

    return gap


def exponential(elapsed: float, looks: int, rng: random.Random) -> float:
    return pacing.backoff(looks, first=pacing.FIRST, longest=pacing.LONGEST, growth=1.3, uniform=rng.uniform)


def replay(work: Workload, policy: str, tick: float, seed: int) -> tuple[float, float, float, float]:
    """Return looks per job, and the median, 95th percentile and mean lag in seconds."""
    rng, world = random.Random(f"{policy} {tick} {seed}"), random.Random(seed)
    looks, lags = [], []
    for usual in work.usual:
        found: list[float] = []
        for length in lengths(usual, work.sigma, world):
            progress = progress_of(work.progress, world)
            gaps: dict[str, Gap] = {
                "fixed 1 s": lambda elapsed, looks: 1.0 - REPLY,
                "fixed 5 s": lambda elapsed, looks: 5.0 - REPLY,
                "2 to 15 s": partial(exponential, rng=rng),
                "experience": by_experience(length, found[: len(found) - BEHIND], progress, rng),
            }
            count, elapsed = watch(length, tick, rng, gaps[policy])
            looks.append(count)
            lags.append(elapsed - length)
            found.append(elapsed)
    lags.sort()
    return statistics.mean(looks), statistics.median(lags), lags[int(len(lags) * 0.95)], statistics.mean(lags)


def fewest_looks(work: Workload) -> float:
    """Return the looks per job without which half of the jobs cannot be noticed within a second.

    For one that knows the distribution exactly and that it does not drift, but not the job's progress: the
    seconds in which a running job is likeliest to end, until half of the jobs end within them.
    """
    needed = []
    for usual in work.usual:
        alive = [math.erfc(math.log(t / usual) / work.sigma / math.sqrt(2)) / 2 for t in range(1, 1000)]
        cells = [(now - then, now) for now, then in pairwise(alive) if now > 1e-9]
        cells.sort(key=lambda cell: cell[0] / cell[1], reverse=True)
        covered = looks = 0.0
        for ends, reached in cells:
            if covered < 0.5:
                covered += ends
                looks += reached
        needed.append(looks)
    return statistics.mean(needed)


def table() -> Iterator[str]:
    """The lines of the report: medians over the seeds."""
    yield "pacing: requests per job, lag p50 / p95 / mean in seconds (aim: p50 at most 1 at 12 requests)"
    for work in WORKLOADS:
        blind = work.progress == "jumps"
        yield work.name + (f" (p50 of 1 s needs at least {fewest_looks(work):.1f})" if blind else "")
        for policy, tick in (
            ("fixed 1 s", 0.0),
            ("fixed 5 s", 0.0),
            ("2 to 15 s", 1.0),
            ("experience", 1.0),
            ("experience", 0.25),
        ):
            runs = [replay(work, policy, tick, seed) for seed in SEEDS]
            looks, p50, p95, mean = (statistics.median(column) for column in zip(*runs, strict=True))
            on = f"tick {tick:.2f} s" if tick else "exact timer"
            yield f"  {policy:<11} {on:<12} {looks:6.1f}   {p50:5.2f} / {p95:5.2f} / {mean:5.2f}"


def measure(quick: bool) -> list[Line]:
    """The lines of the common table: requests per job and median lag, ours beside the usual ways."""
    lines = []
    for work in (WORKLOADS[1], WORKLOADS[5], WORKLOADS[3]) if quick else WORKLOADS:
        runs = {
            policy: [replay(work, policy, tick, seed) for seed in SEEDS]
            for policy, tick in (
                ("experience", 1.0),
                ("fixed 1 s", 0.0),
                ("fixed 5 s", 0.0),
                ("2 to 15 s", 1.0),
            )
        }
        looks, p50 = (
            {policy: statistics.median(run[column] for run in many) for policy, many in runs.items()}
            for column in (0, 1)
        )
        beside = (f"{looks[policy]:.0f}, {p50[policy]:.2f} s ({policy})" for policy in list(runs)[1:])
        lines.append(
            Line(
                f"pacing, {work.name}: requests a job, p50",
                f"{looks['experience']:.1f}, {p50['experience']:.2f} s",
                "; ".join(beside),
                f"1:{looks['fixed 1 s'] / looks['experience']:.0f}",
                "12, 1 s",
                round(looks["experience"]) <= 12 and p50["experience"] <= 1.0,
            )
        )
    return lines


def main() -> None:
    """The long table, with --long; else the lines of the common one."""
    if "--long" not in sys.argv:
        report.main("pacing", measure)
        return
    for line in table():
        print(line, flush=True)  # noqa: T201 - the table is what this is for


if __name__ == "__main__":
    main()
