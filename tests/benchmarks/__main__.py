"""`python -m tests.benchmarks [--quick] [NAME ...]`: run the benchmarks one by one and print one table.

Speed is shown, not judged: the exit code is 0 unless a benchmark breaks.
"""

import argparse
import json
import os
import subprocess
import sys

from tests.benchmarks.report import Line, progress, rendered

NAMES = ("door", "first_visit", "in_flight", "library", "outages", "pacing", "pick_up", "poll", "storing", "zipping")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to see whether they work")
    options = parser.parse_args()
    lines: list[Line] = []
    for name in options.names or NAMES:
        progress(f"-- {name} (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
        lines += _measured(name, ["--quick"] if options.quick else [])
    for text in rendered(lines):
        print(text)  # noqa: T201 - the table is what this is for


def _measured(name: str, options: list[str]) -> list[Line]:
    """The lines of one benchmark, run in a process of its own because each has settings of its own."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:  # it got the Ctrl-C too, and clears up
            process.wait()
            raise SystemExit(130) from None
    if process.returncode:
        raise SystemExit(f"{name} broke with exit code {process.returncode}")
    return [Line(**fields) for fields in json.loads(output)]


if __name__ == "__main__":
    main()
