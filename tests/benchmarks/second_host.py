"""Videos that are stored in a minute by the workers of one host, and of two.

Two hosts on one machine: each is a worker that is pinned to a core of its own, with the decoders that it
starts, and they share the database and the storage, as hosts do. The one is measured with the other core
idle. So it shows what the studio itself loses by a second host, to locks and to the database; what two
machines share beyond that, a network or a disk, it does not. Two loads: videos at hand, so that a core is the
bound, and videos that the backend takes three seconds to deliver, so that waiting is.

Where other programs use the cores, look at the videos in a minute of CPU, which is told as progress: a second
host loses as much as one of its minutes stores less.
"""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any

from tests.benchmarks import report
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import PROJECT, sandbox, set_up_django
from tests.benchmarks.store_stages import cpu
from tests.benchmarks.video_storage import SLOW, SLOW_SECONDS, SMALL, start_backend, store_video

TARGET = 1.8
ROUNDS, SECONDS = 3, 12.0
LOADS = {SMALL: "by a core each", SLOW: f"by downloads that begin after {SLOW_SECONDS:.0f} s"}


def measure(quick: bool) -> list[Result]:
    """Return the results for the table: medians of the rounds."""
    cores = sorted(os.sched_getaffinity(0))[:2] if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        why = "needs two cores, and a system that pins processes to them"
        return [Result(f"a second host, bound {bound}", "not measured", why) for bound in LOADS.values()]
    with sandbox("second-host") as box:
        start_backend(box)
        set_up_django()
        with ExitStack() as stack:
            hosts = [stack.enter_context(Host(core)) for core in cores]
            return [_measure_load(hosts, kind, quick) for kind in LOADS]


def _measure_load(hosts: "Sequence[Host]", kind: str, quick: bool) -> Result:
    rates: dict[int, list[float]] = defaultdict(list)
    for number in range(1 if quick else ROUNDS):
        for count in (1, 2):
            stored = _store(hosts[:count], kind, SECONDS / 3 if quick else SECONDS)
            rates[count].append(stored["a minute"])
            report.print_progress(
                f"   {kind}, round {number + 1}, {count} host(s): {stored['a minute']:.1f} a minute,"
                f" {stored['a CPU minute']:.0f} in a minute of CPU"
            )
    one, two = median(rates[1]), median(rates[2])
    ratio = median(b / a for a, b in zip(rates[1], rates[2], strict=True))
    return Result(
        f"two hosts of workers, bound {LOADS[kind]}: stored videos",
        f"{two:.0f} a minute",
        f"{one:.0f} a minute, one host of one worker",
        f"{ratio:.2f}:1",
        f">= {TARGET}:1",
        ratio >= TARGET,
    )


def _store(hosts: "Sequence[Host]", kind: str, seconds: float) -> dict[str, float]:
    """Have these hosts store for so long, at once, and return their rates together."""
    for host in hosts:
        host.tell({"kind": kind, "seconds": seconds})
    stored = [host.read() for host in hosts]
    return {
        "a minute": sum(60 * one["count"] / one["seconds"] for one in stored),
        "a CPU minute": 60 * sum(one["count"] for one in stored) / sum(one["cpu"] for one in stored),
    }


class Host:
    """A worker in a process of its own, on one core, that stores when it is told to."""

    def __init__(self, core: int) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.second_host", "--host", str(core)]
        pipe = subprocess.PIPE
        # In a session of its own, so that Ctrl-C does not make it print a traceback; it ends with its input.
        self._process = subprocess.Popen(
            command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True, start_new_session=True
        )

    def __enter__(self) -> "Host":
        try:
            self.read()  # it has stored its first video
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def tell(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def read(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a worker ended")
        stored: dict[str, float] = json.loads(line)
        return stored


def _work(core: int) -> None:
    """Be a host: store for as long as each line of standard input says, and write how many that were."""
    import django

    os.sched_setaffinity(0, {core})
    django.setup()
    store_video(f"{SMALL}-{core}-first")
    print("{}", flush=True)  # noqa: T201 - read by the benchmark
    for number, line in enumerate(sys.stdin):
        order = json.loads(line)
        count, began, before = 0, time.perf_counter(), cpu()
        while time.perf_counter() - began < order["seconds"]:
            store_video(f"{order['kind']}-{core}-{number}-{count}")
            count += 1
        stored = {"count": count, "seconds": time.perf_counter() - began, "cpu": cpu() - before}
        print(json.dumps(stored), flush=True)  # noqa: T201 - read by the benchmark


if __name__ == "__main__":
    if sys.argv[1:2] == ["--host"]:
        _work(int(sys.argv[2]))
    else:
        report.main("second_host", measure)
