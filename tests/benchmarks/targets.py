"""The targets that say how far the studio scales, each with the benchmarks that measure it: a line each.

`python -m tests.benchmarks c` measures that one alone, in less than four minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.report import Result


@dataclass(frozen=True)
class Target:
    """A target. It is what those results of the benchmarks `names` say whose measure holds one of `parts`."""

    letter: str
    what: str
    names: tuple[str, ...]
    parts: tuple[str, ...]


TARGETS = (
    Target(
        "a",
        "10,000 jobs in flight on one network worker: seen within 2 s at p95, 60 requests/s",
        ("completion_lag",),
        ("in flight: lag", "in flight: backend requests"),
    ),
    Target(
        "b",
        "stored videos: a second host gives 1.8 times as many",
        ("store_stages", "second_host"),
        ("per core", "a second host", "two hosts of workers"),
    ),
    Target(
        "c",
        "200 people with open pages on two cores: a poll within 100 ms at p95",
        ("open_pages",),
        ("a poll, p50 / p95",),
    ),
    Target(
        "d",
        "GET of /v1: 3 times as fast as LiteLLM's proxy",
        ("api_poll",),
        ("requests a second", "CPU of one"),
    ),
    Target(
        "e",
        "library and administration with 100,000 videos: 1.2 times the time with 100",
        ("scale",),
        ("videos, SQLite:", "videos, PostgreSQL:"),
    ),
    Target("f", "storing a large file: 32 MiB more", ("video_storage",), ("memory growth",)),
    Target("g", "make run at rest: 450 MiB and 2 % of a core", ("idle_cost",), ("make run",)),
)
LETTERS: Mapping[str, Target] = {target.letter: target for target in TARGETS}


def names_of(letters: Iterable[str]) -> tuple[str, ...]:
    """Return the benchmarks that measure these targets."""
    return tuple(name for letter in letters for name in LETTERS[letter].names)


def summarize(results: Mapping[str, Sequence[Result]], letters: Iterable[str]) -> Iterable[str]:
    """Yield a line for each target: what was measured of it, and whether all of that is met.

    `results` are those of each benchmark that was run. Of many pages those are told that miss the target, or
    the one that comes closest to it.
    """
    yield f"{'':3}{'target':84}{'measured':92}met"
    for letter in letters:
        target = LETTERS[letter]
        found = [
            result
            for name in target.names
            for result in results.get(name, ())
            if any(part in result.measure for part in target.parts)
        ]
        verdicts = [result.met for result in found if result.met is not None]
        met = ("yes" if all(verdicts) else "no") if verdicts else "not measured"
        yield f"{letter:3}{target.what:84}{_measured(found):92}{met}"


def _measured(found: Sequence[Result]) -> str:
    if len(found) <= 4:
        return "; ".join(f"{result.ours} {result.ratio}".strip() for result in found)
    missed = [result for result in found if result.met is False]
    shown = missed or [max(found, key=lambda result: float(result.ratio.partition(":")[0] or 0))]
    kept = " of ".join((str(len(found) - len(missed)), str(len(found))))
    return f"{kept} pages; " + "; ".join(
        f"{result.measure.rpartition(': ')[2]} {result.ratio}" for result in shown[:3]
    )
