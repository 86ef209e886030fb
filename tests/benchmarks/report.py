"""The table: a line for each measure, what we do beside what others do in the same run."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Line:
    """One measure. `ratio` is ours to the other's; `met` is None where there is no aim."""

    measure: str
    ours: str
    beside: str = ""
    ratio: str = ""
    aim: str = ""
    met: bool | None = None


WIDTHS = (62, 20, 78, 7, 11)


def rendered(lines: Iterable[Line]) -> Iterable[str]:
    """The table, head first."""
    yield _row("measure", "ours", "beside it", "ratio", "aim", "met")
    yield "-" * (sum(WIDTHS) + 2 * len(WIDTHS) + 3)
    for line in lines:
        met = {True: "yes", False: "no", None: ""}[line.met]
        yield _row(line.measure, line.ours, line.beside, line.ratio, line.aim, met)


def _row(*cells: str) -> str:
    *sized, last = cells
    return "  ".join(
        [*(f"{cell:<{width}}" for cell, width in zip(sized, WIDTHS, strict=True)), last]
    ).rstrip()


def progress(text: str) -> None:
    """Tell whoever waits what is being measured, apart from the table."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command


def main(name: str, measure: Callable[[bool], list[Line]]) -> None:
    """The command line of one benchmark: `--quick` is for trying it, `--json` for whoever collects lines."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.benchmarks.{name}")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to see whether it works")
    parser.add_argument("--json", action="store_true", help="print the lines as JSON")
    options = parser.parse_args()
    try:
        lines = measure(options.quick)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if options.json:
        print(json.dumps([asdict(line) for line in lines]))  # noqa: T201 - a command
        return
    for text in rendered(lines):
        print(text)  # noqa: T201 - a command
