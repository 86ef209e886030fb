"""Two hundred people with an open page each: how long a poll takes, and what it costs the web processes.

Each browser has its own session and connection and polls every two seconds, as the page does, whether the
last answers were slow or not. A bare view with the same sessions is measured in the same way, in turn. A page
on which nothing is in flight asks for nothing at all, so these are pages on which something is.
"""

import heapq
import random
import re
import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

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
    """A signed-in browser's connection. It is due at `next_at`; `asked_at` while it waits for an answer."""

    connection: socket.socket
    request: bytes
    next_at: float
    is_late: bool = False  # it was due while it waited
    asked_at: float | None = None
    answer: bytes = b""


@dataclass
class Load:
    """What came of some seconds of polling: latencies in seconds from when a poll was due, CPU in seconds."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def cores(self) -> float:
        return self.cpu / self.seconds

    @property
    def cpu_of_one(self) -> float:
        return 1000 * self.cpu / len(self.latencies)

    @property
    def milliseconds(self) -> tuple[float, float]:
        return 1000 * percentile(self.latencies, 0.5), 1000 * percentile(self.latencies, 0.95)


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    people, rounds, seconds = (40, 1, 6.0) if quick else (PEOPLE, 3, 16.0)
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
                began = time.process_time()
                load = _poll(address, polls, 2 * INTERVAL if number == 0 else seconds, master)
                client = (time.process_time() - began) / load.seconds
                loads[name].append(load)
                p50, p95 = load.milliseconds
                report.print_progress(
                    f"   {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {load.cpu_of_one:.1f} ms of CPU each,"
                    f" {load.cores:.2f} cores; the client {client:.2f}"
                )
    return _results(people, loads["page"][1:], loads["bare"][1:])


def _results(people: int, ours: Sequence[Load], bare: Sequence[Load]) -> list[Result]:
    """Medians of the rounds: what nobody would see in most of them is not told."""
    (p50, p95), (bare_p50, bare_p95) = _median_milliseconds(ours), _median_milliseconds(bare)
    cores, bare_cores = (median(load.cores for load in loads) for loads in (ours, bare))
    each, bare_each = (median(load.cpu_of_one for load in loads) for loads in (ours, bare))
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
            f"{cores:.2f} cores",
            f"{bare_cores:.2f} cores, a bare view",
            f"{cores / bare_cores:.1f}:1",
            f"{TARGET_CORES:g} core",
            cores <= TARGET_CORES,
        ),
        Result(
            f"{name}: CPU of a poll",
            f"{each:.1f} ms, {1000 / each:.0f}/s a core",
            f"{bare_each:.1f} ms, {1000 / bare_each:.0f}/s a core, a bare view",
            f"{each / bare_each:.1f}:1",
        ),
    ]


def _median_milliseconds(loads: Sequence[Load]) -> tuple[float, float]:
    return median(load.milliseconds[0] for load in loads), median(load.milliseconds[1] for load in loads)


def _create_people(count: int) -> list[tuple[str, Mapping[str, str]]]:
    """Create so many people with videos in progress. Return what each one's page polls, and its headers."""
    from videos.models import Backend, State

    backend = Backend.objects.for_environment()
    pages = []
    for number in range(count):
        owner = sample_data.create_user_with_videos(f"person-{number}", backend, OTHER_VIDEOS, seed=number)
        videos = sample_data.create_in_flight(owner, backend, CARDS, State.IN_PROGRESS)
        headers = web.session_headers(owner.username) | {"HX-Request": "true", "Bell-Version": "0-0"}
        pages.append((polling_path(videos), headers))
    return pages


def _poll(
    address: web.Address, polls: Sequence[tuple[str, Mapping[str, str]]], seconds: float, master: int
) -> Load:
    """Have all of them poll for so many seconds, from one thread: the client is light beside the server.

    What they open is not counted: nobody's two hundred pages are opened in one instant.
    """
    rng, load = random.Random(1), Load()
    opened = time.perf_counter()
    began = opened + 2 * INTERVAL
    workers = [master, *descendants_of(master)]
    cpu: float | None = None
    with selectors.DefaultSelector() as selector:
        browsers = [
            Browser(socket.create_connection(address, 30), web.get(*poll), opened + rng.uniform(0, INTERVAL))
            for poll in polls
        ]
        for browser in browsers:
            selector.register(browser.connection, selectors.EVENT_READ, browser)
        due = [(browser.next_at, number) for number, browser in enumerate(browsers)]
        heapq.heapify(due)
        while (now := time.perf_counter()) < began + seconds:
            if cpu is None and now >= began:
                cpu, load = sum(map(cpu_seconds, workers)), Load()
            while due[0][0] <= now:
                at, number = heapq.heapreplace(due, (due[0][0] + INTERVAL, due[0][1]))
                _fall_due(browsers[number], at)
            for key, _ in selector.select(max(0.0, due[0][0] - now)):
                _receive(key.data, load)
        load.seconds = time.perf_counter() - began
        load.cpu = sum(map(cpu_seconds, workers)) - (cpu or 0.0)
        for browser in browsers:
            browser.connection.close()
    return load


def _fall_due(browser: Browser, at: float) -> None:
    """Ask, or, while the last answer has not come, as soon as it has."""
    if browser.asked_at is None:
        _ask(browser, at)
    elif not browser.is_late:
        browser.is_late, browser.next_at = True, at


def _ask(browser: Browser, due_at: float) -> None:
    browser.is_late, browser.asked_at, browser.answer = False, due_at, b""
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
    if browser.is_late:
        _ask(browser, browser.next_at)


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
