"""What `make run` costs while nobody uses it: memory of all its processes together, and CPU.

Memory is the proportional set size: a page that several processes share is counted once among them. Measured
once the studio has come to rest, beside one Python process that has loaded the studio's models and tasks.
"""

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from tests.benchmarks import report
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import PROJECT, Sandbox, cpu_seconds, sandbox, wait_until
from tests.studio import READY, descendants_of, free_port

MEMORY_TARGET = 450.0  # MiB
CPU_TARGET = 0.02  # of a core
SAMPLES = 3  # of the memory, of which the median counts

_ONE_PROCESS = "import django, os; django.setup(); import videos.tasks, tests.benchmarks.idle_cost as m; "
_ONE_PROCESS += "print(m.proportional_mib([os.getpid()]))"


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    rest, window = (20.0, 20.0) if quick else (75.0, 90.0)
    with sandbox("idle-cost") as box:
        box.configure(PORT=str(free_port()), LOG_LEVEL="INFO")
        studio = box.start("studio", [sys.executable, "-m", "contentgen.run"])
        wait_until(lambda: READY in box.log("studio"), "the studio", within=240)
        time.sleep(rest)
        memory, cores, count = _weigh(studio.pid, window)
        one = _one_process(box)
    return [
        Result(
            "make run at rest: memory, proportional",
            f"{memory:.0f} MiB",
            f"{one:.0f} MiB, one process with the studio's models and tasks",
            f"{memory / one:.1f}:1",
            f"{MEMORY_TARGET:.0f} MiB",
            memory <= MEMORY_TARGET,
        ),
        Result(
            "make run at rest: CPU",
            f"{cores:.1%} of a core",
            f"{count} processes",
            target=f"{CPU_TARGET:.0%}",
            met=cores <= CPU_TARGET,
        ),
    ]


def proportional_mib(pids: Iterable[int]) -> float:
    """Return the proportional set size of these processes together, in MiB."""
    return sum(_proportional_kib(pid) for pid in pids) / 1024


def _weigh(studio: int, window: float) -> tuple[float, float, int]:
    """Return MiB, cores and the number of processes, over `window` seconds; progress has each program's."""
    memory, began = [], time.monotonic()
    first = {pid: cpu_seconds(pid) for pid in _family(studio)}
    for _ in range(SAMPLES):
        time.sleep(window / SAMPLES)
        memory.append(proportional_mib(_family(studio)))
    family, took = _family(studio), time.monotonic() - began
    used = {pid: cpu_seconds(pid) - first.get(pid, 0.0) for pid in family}
    programs: dict[str, list[int]] = defaultdict(list)
    for pid, command in family.items():
        programs[command].append(pid)
    for command, pids in sorted(programs.items()):
        cores = sum(used[pid] for pid in pids) / took
        report.print_progress(
            f"   {proportional_mib(pids):6.1f} MiB {cores:6.2%}  {len(pids)} x {command[-90:]}"
        )
    return median(memory), sum(used.values()) / took, len(family)


def _family(studio: int) -> dict[int, str]:
    """Return the studio's processes without the `ps` that lists them."""
    family = {studio: "contentgen.run", **descendants_of(studio)}
    return {pid: command for pid, command in family.items() if Path(f"/proc/{pid}").exists()}


def _proportional_kib(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def _one_process(box: Sandbox) -> float:
    command = [sys.executable, "-c", _ONE_PROCESS]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, check=True, timeout=120)
    return float(done.stdout)


if __name__ == "__main__":
    report.main("idle_cost", measure)
