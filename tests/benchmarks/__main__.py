"""`python -m tests.benchmarks [NAME ...]`: run the benchmarks one by one and print one table.

After all of them come the targets of `tests.benchmarks.targets`, a line each. A letter instead of a name
measures that target and prints its line. A missed target is no failure: the exit code is 0 unless a benchmark
breaks.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable

from tests.benchmarks.report import Result, print_progress, render_table
from tests.benchmarks.targets import LETTERS, names_of, summarize

NAMES = (
    "batch",
    "bombs",
    "rest_overhead",
    "api_poll",
    "catalogue_weight",
    "first_visit",
    "completion_lag",
    "frozen_backend",
    "idle_cost",
    "library",
    "outages",
    "pacing",
    "scale",
    "submit_latency",
    "team",
    "open_pages",
    "page_polling",
    "poll_passes",
    "store_stages",
    "second_host",
    "video_storage",
    "zip_export",
)


ON_POSTGRESQL = ("library", "scale", "team")  # once more, where there is a server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument(
        "names", nargs="*", choices=[*NAMES, *LETTERS, []], metavar="NAME", help=", ".join([*NAMES, *LETTERS])
    )
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to check that they work")
    parser.add_argument(
        "--database",
        default=os.environ.get("BENCH_DATABASE_URL", ""),
        help="postgres://… of a server, for those that differ there: " + ", ".join(ON_POSTGRESQL),
    )
    options = parser.parse_args()
    quick = ["--quick"] if options.quick else []
    letters = [name for name in options.names if name in LETTERS]
    names = [name for name in options.names if name not in LETTERS]
    results: dict[str, list[Result]] = {}
    for name in dict.fromkeys([*names, *names_of(letters)] if options.names else NAMES):
        print_progress(f"-- {name} (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
        results[name] = _run(name, quick)
        if options.database and name in ON_POSTGRESQL:
            results[name] += _run(name, [*quick, "--database", options.database])
    if names or not letters:
        _print(render_table(result for found in results.values() for result in found))
    if letters or not names:
        _print(summarize(results, letters or LETTERS))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)  # noqa: T201 - a command


def _run(name: str, options: list[str]) -> list[Result]:
    """Run one benchmark in its own process, because each has its own settings, and return its results."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:  # it received the Ctrl-C as well, and cleans up
            process.wait()
            raise SystemExit(130) from None
    if process.returncode:
        raise SystemExit(f"{name} broke with exit code {process.returncode}")
    return [Result(**fields) for fields in json.loads(output)]


if __name__ == "__main__":
    main()
