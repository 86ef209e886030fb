"""The table of results: one line for each measure, ours next to a baseline from the same run."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """One line of the table. `ratio` is ours to the baseline's; `met` is None where there is no target."""

    measure: str
    ours: str
    baseline: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None


WIDTHS = (62, 20, 78, 7, 11)


def render_table(results: Iterable[Result]) -> Iterable[str]:
    """Yield the lines of the table, with its head."""
    yield _row("measure", "ours", "baseline", "ratio", "target", "met")
    yield "-" * (sum(WIDTHS) + 2 * len(WIDTHS) + 3)
    for result in results:
        met = {True: "yes", False: "no", None: ""}[result.met]
        yield _row(result.measure, result.ours, result.baseline, result.ratio, result.target, met)


def _row(*cells: str) -> str:
    *sized, last = cells
    return "  ".join(
        [*(f"{cell:<{width}}" for cell, width in zip(sized, WIDTHS, strict=True)), last]
    ).rstrip()


def print_progress(text: str) -> None:
    """Print to stderr what is being measured; stdout is for the table."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command


def main(name: str, measure: Callable[[bool], list[Result]]) -> None:
    """Run one benchmark from the command line; `measure` is called with whether `--quick` was given."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.benchmarks.{name}")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to check that it works")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    options = parser.parse_args()
    try:
        results = measure(options.quick)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if options.json:
        print(json.dumps([asdict(result) for result in results]))  # noqa: T201 - a command
        return
    for line in render_table(results):
        print(line)  # noqa: T201 - a command
