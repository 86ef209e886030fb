"""CPU that storing a typical video takes, and where it goes; looking at it in one process or several.

The video is a four-second 720p MP4 of a few MiB, served by another process. CPU is that of the worker and of
the decoders it starts together, so other load on the machine counts little. Each round has all ways in turn.
"""

import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from tests.benchmarks import report
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import PROJECT, sandbox, set_up_django
from tests.benchmarks.video_storage import SMALL, start_backend, store_video

ROUNDS = 15
PICTURES_TARGET = 0.7  # of the CPU of two passes

# What is measured by itself; the rest is the database and everything around it.
STAGES = {
    "download": "videos.engine.store._download",
    "checksum, measures, poster and scrub sheet": "videos.engine.store._inspect",
    "into storage": "videos.engine.store._Uploads.add",
}
_DECODE_ALL = "import av, sys; [0 for _ in av.open(sys.argv[1]).decode(video=0)]"


def measure(quick: bool) -> list[Result]:
    """Return the results for the table: medians of the rounds."""
    with sandbox("store-stages") as box:
        video = start_backend(box)
        set_up_django()
        spent = _spend(video, 2 if quick else ROUNDS)
    return _results({name: median(seconds) for name, seconds in spent.items()})


def _spend(video: Path, rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of each round by what they went to."""
    spent: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        stages: dict[str, float] = dict.fromkeys(STAGES, 0.0)
        with _measured(stages):
            stages["all"] = _cpu_of(partial(store_video, f"{SMALL}-{number}"))
        stages |= {name: _cpu_of(partial(way, video)) for name, way in _WAYS.items()}
        if number:  # the first round is a warm-up
            for name, seconds in stages.items():
                spent[name].append(seconds)
        report.print_progress(
            "   " + ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in stages.items())
        )
    return spent


def _results(spent: dict[str, float]) -> list[Result]:
    total, together, apart = spent["all"], spent["one pass"], spent["two passes"]
    named = {name: spent[name] for name in STAGES}
    shares = {**named, "database and the rest": total - sum(named.values())}
    return [
        Result(
            "storing a 4 s video: CPU",
            f"{1000 * total:.0f} ms",
            f"{1000 * spent['bare decode']:.0f} ms, one process that only decodes all of it",
            f"{total / spent['bare decode']:.1f}:1",
        ),
        Result("storing 4 s videos: per core", f"{60 / total:.0f} a minute"),
        *(
            Result(f"storing a 4 s video: {name}", f"{1000 * seconds:.0f} ms, {seconds / total:.0%}")
            for name, seconds in shares.items()
        ),
        Result(
            "inspection, poster and scrub sheet in one process: CPU",
            f"{1000 * spent['one process']:.0f} ms",
            f"{1000 * (spent['inspected'] + together):.0f} ms, inspection and pictures each in its own",
            f"{spent['one process'] / (spent['inspected'] + together):.2f}:1",
        ),
        Result(
            "poster and scrub sheet in one pass: CPU",
            f"{1000 * together:.0f} ms",
            f"{1000 * apart:.0f} ms, each alone",
            f"{together / apart:.2f}:1",
            f"{PICTURES_TARGET}:1",
            together / apart <= PICTURES_TARGET,
        ),
    ]


@contextmanager
def _measured(stages: dict[str, float]) -> Iterator[None]:
    """Add what each stage takes to `stages` while the block runs."""
    patches = [patch(path, _timed(path, name, stages)) for name, path in STAGES.items()]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def _timed(path: str, name: str, stages: dict[str, float]) -> Callable[..., Any]:
    from django.utils.module_loading import import_string

    owner, _, attribute = path.rpartition(".")
    function = getattr(sys.modules.get(owner) or import_string(owner), attribute)

    @wraps(function)
    def run(*arguments: Any, **more: Any) -> Any:
        before = cpu()
        try:
            return function(*arguments, **more)
        finally:
            stages[name] += cpu() - before

    return run


def _one_process(video: Path) -> None:
    from videos.media.inspect import inspect_with_pictures
    from videos.media.sandbox import worker_budget

    pictures = video.with_name("poster.webp"), video.with_name("sheet.jpg")
    inspect_with_pictures(video, *pictures, worker_budget())


def _inspected(video: Path) -> None:
    from videos.media.inspect import inspect_video
    from videos.media.sandbox import worker_budget

    inspect_video(video, worker_budget())


def _one_pass(video: Path) -> None:
    from videos.media.poster import make_pictures
    from videos.media.sandbox import worker_budget

    make_pictures(video, video.with_name("poster.webp"), video.with_name("sheet.jpg"), worker_budget())


def _two_passes(video: Path) -> None:
    from videos.media.poster import make_poster, make_scrub_sheet
    from videos.media.sandbox import worker_budget

    make_poster(video, video.with_name("poster.webp"), worker_budget())
    make_scrub_sheet(video, video.with_name("sheet.jpg"), worker_budget())


def _bare_decode(video: Path) -> None:
    subprocess.run([sys.executable, "-c", _DECODE_ALL, str(video)], cwd=PROJECT, env=os.environ, check=True)


_WAYS = {
    "one process": _one_process,
    "inspected": _inspected,
    "one pass": _one_pass,
    "two passes": _two_passes,
    "bare decode": _bare_decode,
}


def _cpu_of(work: Callable[[], object]) -> float:
    before = cpu()
    work()
    return cpu() - before


def cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    report.main("store_stages", measure)
