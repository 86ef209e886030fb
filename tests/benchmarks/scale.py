"""The library and the administration with a hundred thousand videos, beside those with a hundred.

Two processes have a database each, on SQLite or, with `--database URL`, on PostgreSQL, and are asked for the
same pages in turn. Of both, sixty videos fit each filter and a search for one word, spread over all that
there are: so the pages are alike, and what differs is what it takes to find them. Every time is that of the
whole page in the process, the median of the rounds.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from statistics import median
from time import perf_counter
from urllib.parse import urlencode

from tests.benchmarks import report
from tests.benchmarks.library import _database, _parse_database_option
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import sandbox, set_up_django

TARGET = 1.2
SMALL, LARGE = 100, 100_000
RARE = 60  # videos that fit each filter, of both studios: one page of the administration, and the next
_OLD = "2025-03-01"  # when the rare ones were asked for
_ADMIN = "/admin/videos/video/"


def _admin(**query: str) -> str:
    return f"{_ADMIN}?{urlencode(query)}"


def _library(**query: str) -> str:
    return f"/library/?{urlencode(query)}"


PAGES: dict[str, str] = {
    "library": "/library/",
    "library, in the middle": _library(below="video_50"),
    "library, filtered by status": _library(status="failed"),
    "library, filtered by model": _library(model="sora-2-pro"),
    "library, searched for a rare word": _library(q="zebra"),
    "library, searched for a word of all": _library(q="heron"),
    "library, searched for nothing there": _library(q="quagga"),
    "team": _library(scope="team"),
    "team, searched for a rare word": _library(scope="team", q="zebra"),
    "API, a page": "/api/v1/videos?limit=20",
    "API, searched": "/api/v1/videos?limit=20&q=zebra",
    "prompts to pick from": "/history/",
    "administration": "/admin/",
    "videos": _ADMIN,
    "videos: state": _admin(state="failed"),
    "videos: reason": _admin(reason="timed_out"),
    "videos: reason, of a week": _admin(reason="blocked", ended="week"),
    "videos: ended": _admin(ended="week"),
    "videos: model": _admin(model="sora-2-pro"),
    "videos: backend": _admin(backend="RARE_BACKEND"),
    "videos: cost": _admin(cost_from="10"),
    "videos: free, which none is": _admin(cost="free"),
    "videos: days": _admin(**{"from": _OLD, "to": _OLD}),
    "videos: owner": _admin(owner="operator"),
    "videos: kind, which none is": _admin(kind__exact="remix"),
    "videos: words": _admin(q="zebra"),
    "videos: id": _admin(q="video_50"),
}


def measure(quick: bool) -> list[Result]:
    """Return the results for the table: for each page, the large studio's time to the small one's."""
    large, rounds = (5000, 3) if quick else (LARGE, 7)
    with _studio(SMALL) as small_studio, _studio(large) as large_studio:
        times: dict[tuple[str, str], list[float]] = {}
        for number in range(rounds + 1):
            for name, path in PAGES.items():
                for which, studio in (("small", small_studio), ("large", large_studio)):
                    spent = studio.time(path)
                    if number:  # the first round is a warm-up
                        times.setdefault((name, which), []).append(spent)
            report.print_progress(f"   round {number} of {rounds}")
        vendor = "PostgreSQL" if os.environ.get("BENCH_DATABASE_URL") else "SQLite"
    return [_result(name, vendor, large, times) for name in PAGES]


def _result(name: str, vendor: str, large: int, times: Mapping[tuple[str, str], list[float]]) -> Result:
    ours, baseline = median(times[name, "large"]), median(times[name, "small"])
    ratio = median(
        [a / b for a, b in zip(times[name, "large"], times[name, "small"], strict=True)]
    )  # of pairs, which met the same load
    return Result(
        f"{large:,} videos, {vendor}: {name}",
        f"{ours:.1f} ms",
        f"{baseline:.1f} ms with {SMALL}",
        f"{ratio:.2f}:1",
        f"{TARGET}:1",
        ratio <= TARGET,
    )


class _Studio:
    """A process with a studio of its own, which opens pages when asked."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._read()  # it has written its rows

    def time(self, path: str) -> float:
        """Return how many milliseconds of CPU and waiting the page takes."""
        assert self._process.stdin is not None
        self._process.stdin.write(path + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> float:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a studio ended")
        return float(json.loads(line))


@contextmanager
def _studio(count: int) -> Iterator[_Studio]:
    database = ["--database", os.environ.get("BENCH_DATABASE_URL", "")]
    command = [sys.executable, "-m", "tests.benchmarks.scale", "--serve", str(count), *database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _Studio(process)
        finally:
            with suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()  # it ends then, and removes its database


def _serve(count: int) -> None:
    """Make a studio of that many videos, and time each page whose address comes in."""
    with sandbox("scale") as box, _database() as url:
        box.configure(DATABASE_URL=url)
        set_up_django()
        rare_backend = _fill(count)
        client = _client()
        print(0, flush=True)  # noqa: T201
        for line in sys.stdin:
            path = line.strip().replace("RARE_BACKEND", str(rare_backend))
            print(_time(client, path), flush=True)  # noqa: T201


def _fill(count: int) -> int:
    """Write the videos of `operator`, and return the key of the backend that made the rare ones."""
    from django.utils import timezone

    from accounts.models import User
    from tests.benchmarks.sample_data import vacuum_analyze
    from tests.benchmarks.team_data import _ago, copy_rows
    from videos.models import Backend, State, Video, VideoModel
    from videos.services.storage_usage import refresh_usage

    usual = Backend.objects.for_environment()
    Backend.objects.filter(pk=usual.pk).update(costs_nothing=False, is_simulator=False)
    rare = Backend.objects.create(name="Another box", base_url="http://box.test/v1")
    rare.models.set(VideoModel.objects.all())
    owner = User.objects.create(username="operator", is_staff=True, is_superuser=True)
    step = count // SMALL
    is_rare = f"n % {step} = 0 AND n / {step} < {RARE}"

    def either(special: str, other: str) -> str:
        return f"CASE WHEN {is_rare} THEN {special} ELSE {other} END"

    prompt = f"'A heron in the snow, take ' || n || {either(repr(' with a zebra'), repr(''))}"
    failed = either(f"'{State.FAILED}'", f"'{State.COMPLETED}'")
    asked_at = either(f"'{_OLD} 12:00:00'", _ago("40 * 86400"))
    row = Video(
        owner=owner,
        backend=usual,
        model="sora-2",
        size="1280x720",
        seconds=4,
        file="videos/a.mp4",
        poster="videos/a.webp",
        width=1280,
        height=720,
        duration=4.0,
        byte_count=1000,
        due_at=None,
        finished_at=timezone.now(),
        picture_bytes=10,
    )
    copy_rows(
        row,
        count,
        public_id="'video_' || n",
        backend_job_id="'job_' || n",
        prompt=prompt,
        search_text=prompt.replace("A heron", "a heron"),
        state=failed,
        error_code=either(f"CASE WHEN n / {step} % 2 = 0 THEN 'timed_out' ELSE 'blocked' END", "''"),
        model=either("'sora-2-pro'", "'sora-2'"),
        backend_id=either(str(rare.pk), str(usual.pk)),
        price=either("25", "1"),
        created_at=asked_at,
        accepted_at=asked_at,
        finished_at=either(_ago("3600"), _ago("40 * 86400")),
    )
    vacuum_analyze()
    refresh_usage()
    return int(rare.pk)


def _client() -> "object":
    from django.test import Client

    from accounts.models import User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username="operator"))
    return client


def _time(client: "object", path: str) -> float:
    """Open the page, of which nothing is cached that is kept for seconds alone."""
    from django.core.cache import cache

    from contentgen.dashboard.tiles import TILES

    cache.delete_many([*(tile.key for tile in TILES), "dashboard:last-day"])
    began = perf_counter()
    response = client.get(path)  # type: ignore[attr-defined]
    spent = 1000 * (perf_counter() - began)
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status_code}")
    return spent


if __name__ == "__main__":
    _parse_database_option()
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--serve", type=int, default=0)
    options, sys.argv[1:] = parser.parse_known_args()
    if options.serve:
        _serve(options.serve)
    else:
        report.main("scale", measure)
