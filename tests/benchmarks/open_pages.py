"""Two hundred people with an open page each: how long a poll takes, and what it costs the web processes.

Each browser has its own session and connection and polls every two seconds, as the page does, whether the
last answers were slow or not. A bare view with the same sessions is measured in the same way, in turn.
"""

import random
import re
import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.benchmarks import report, sample_data, web
from tests.benchmarks.page_polling import BARE, polling_path
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import cpu_seconds, percentile, sandbox, set_up_django
from tests.studio import descendants_of

PEOPLE = 200
INTERVAL = 2.0  # seconds between two polls of a page
CARDS, OTHER_VIDEOS = 5, 40  # of each person: in progress, and ended
TARGET = 0.100  # seconds at p95
TARGET_CORES = 1.0  # of the two


@dataclass
class Browser:
    """A signed-in browser's connection; `asked_at` while it waits for an answer."""

    connection: socket.socket
    request: bytes
    next_at: float
    asked_at: float | None = None
    answer: bytes = b""


@dataclass
class Load:
    """What came of some seconds of polling: latencies in seconds from when a poll was due."""

    latencies: list[float] = field(default_factory=list)
    cores: float = 0.0

    @property
    def milliseconds(self) -> tuple[float, float]:
        return 1000 * percentile(self.latencies, 0.5), 1000 * percentile(self.latencies, 0.95)


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    people, rounds, seconds = (40, 1, 6.0) if quick else (PEOPLE, 3, 20.0)
    with sandbox("open-pages") as box:
        box.configure(REDIS_URL=web.start_broker(box))
        set_up_django()
        pages = _create_people(people)
        address = web.start_web_server(box, "tests.benchmarks.baseline_app")
        master = box.pid("web")
        loads: dict[str, list[Load]] = {"bare": [], "page": []}
        requests = {"bare": [(BARE, headers) for _, headers in pages], "page": pages}
        for number in range(rounds + 1):
            for name, polls in requests.items():
                loads[name].append(_poll(address, polls, 2 * INTERVAL if number == 0 else seconds, master))
                p50, p95 = loads[name][-1].milliseconds
                cores = loads[name][-1].cores
                report.print_progress(f"   {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {cores:.2f} cores")
    ours, bare = (min(loads[name][1:], key=lambda load: load.milliseconds[1]) for name in ("page", "bare"))
    return _results(people, ours, bare)


def _results(people: int, ours: Load, bare: Load) -> list[Result]:
    (p50, p95), (bare_p50, bare_p95) = ours.milliseconds, bare.milliseconds
    name = f"{people} people with an open page"
    return [
        Result(
            f"{name}: a poll, p50 / p95",
            f"{p50:.1f} / {p95:.1f} ms",
            f"{bare_p50:.1f} / {bare_p95:.1f} ms, a bare view with the same sessions",
            f"{p95 / bare_p95:.1f}:1",
            f"p95 {1000 * TARGET:.0f} ms",
            p95 <= 1000 * TARGET,
        ),
        Result(
            f"{name}: CPU of the web processes",
            f"{ours.cores:.2f} cores",
            f"{bare.cores:.2f} cores, a bare view",
            f"{ours.cores / bare.cores:.1f}:1",
            f"{TARGET_CORES:g} core",
            ours.cores <= TARGET_CORES,
        ),
    ]


def _create_people(count: int) -> list[tuple[str, Mapping[str, str]]]:
    """Create so many people with videos in progress. Return what each one's page polls, and its headers."""
    from videos.models import Backend, State

    backend = Backend.objects.for_environment()
    pages = []
    for number in range(count):
        owner = sample_data.create_user_with_videos(f"person-{number}", backend, OTHER_VIDEOS, seed=number)
        videos = sample_data.create_in_flight(owner, backend, CARDS, State.IN_PROGRESS)
        headers = web.session_headers(owner.username) | {"HX-Request": "true"}
        pages.append((polling_path(videos), headers))
    return pages


def _poll(
    address: web.Address, polls: Sequence[tuple[str, Mapping[str, str]]], seconds: float, master: int
) -> Load:
    """Have all of them poll for so many seconds, from one thread: the client is light beside the server."""
    rng, began, load = random.Random(1), time.perf_counter(), Load()
    workers = [master, *descendants_of(master)]
    cpu = sum(map(cpu_seconds, workers))
    with selectors.DefaultSelector() as selector:
        browsers = [
            Browser(socket.create_connection(address, 30), web.get(*poll), began + rng.uniform(0, INTERVAL))
            for poll in polls
        ]
        for browser in browsers:
            selector.register(browser.connection, selectors.EVENT_READ, browser)
        while (now := time.perf_counter()) < began + seconds:
            for browser in browsers:
                if browser.asked_at is None and browser.next_at <= now:
                    _ask(browser)
            for key, _ in selector.select(0.002):
                _receive(key.data, load)
        load.cores = (sum(map(cpu_seconds, workers)) - cpu) / (time.perf_counter() - began)
        for browser in browsers:
            browser.connection.close()
    return load


def _ask(browser: Browser) -> None:
    browser.asked_at, browser.next_at = browser.next_at, browser.next_at + INTERVAL
    browser.answer = b""
    browser.connection.sendall(browser.request)


def _receive(browser: Browser, load: Load) -> None:
    """Read what has come, and note how long the answer took once it is whole. Raises for other statuses."""
    data = browser.connection.recv(65_536)
    if not data:
        raise RuntimeError("the web server closed a connection")
    browser.answer += data
    if browser.asked_at is None or not _is_whole(browser.answer):
        return
    load.latencies.append(time.perf_counter() - browser.asked_at)
    browser.asked_at = None


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    if head[9:12] not in (b"200", b"204"):
        raise RuntimeError(head.decode(errors="replace"))
    if re.search(rb"(?i)\r\ntransfer-encoding: chunked", head):
        return body.endswith(b"0\r\n\r\n")
    lengths = re.findall(rb"(?i)\r\ncontent-length: (\d+)", head)
    return len(body) >= (int(lengths[0]) if lengths else 0)


if __name__ == "__main__":
    report.main("open_pages", measure)
