"""How many requests a second `/v1` answers with 100,000 videos in the table, beside a bare Django view.

Both are served by the same processes, with the Procfile's options and the same authentication, and are asked
by turns, so that whatever else goes on meets both. Medians of the rounds.
"""

import re
import shlex
import socket
import sys
import threading
import time
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks import report
from tests.benchmarks.report import Line
from tests.benchmarks.stage import PROJECT, Stage, answers, django, stage, valkey_answers, wait_until
from tests.running import free_port

if TYPE_CHECKING:
    from videos.models import Video

AIM = 0.6  # of a bare view's requests a second
CONNECTIONS = 8
_BATCH = 5000  # rows


def measure(quick: bool) -> list[Line]:
    """The lines of the table."""
    count, rounds, seconds = (5000, 2, 1.0) if quick else (100_000, 7, 3.0)
    with stage("door") as made:
        address, token, public_id = _studio(made, count)
        paths = {"bare": "/bare", "one": f"/v1/videos/{public_id}", "list": "/v1/videos"}
        for path in paths.values():
            _per_second(address, path, token, 1.0)  # warms up
        seen: dict[str, list[float]] = {name: [] for name in paths}
        for number in range(rounds):
            for name, path in paths.items():
                seen[name].append(_per_second(address, path, token, seconds))
            report.progress(
                f"   round {number + 1}: " + ", ".join(f"{n} {s[-1]:.0f}/s" for n, s in seen.items())
            )
    bare = median(seen["bare"])
    at = f"with {count:,} videos"
    return [
        _line(f"GET /v1/videos/{{id}}, {at}", median(seen["one"]), bare),
        _line(f"GET /v1/videos (20), {at}", median(seen["list"]), bare),
    ]


def _line(what: str, ours: float, bare: float) -> Line:
    ratio = ours / bare
    beside = f"{bare:.0f}/s, a bare view with the same authentication"
    return Line(what, f"{ours:.0f}/s", beside, f"{ratio:.2f}:1", f"{AIM}:1", ratio >= AIM)


def _studio(made: Stage, count: int) -> tuple[tuple[str, int], str, str]:
    """Start broker and web server over `count` videos. Returns its address, a token and one video's id."""
    from contentgen.embedded import valkey

    command, broker = valkey(made.folder / "valkey")
    made.start("valkey", command)
    wait_until(lambda: valkey_answers(broker), "the broker")
    made.configure(REDIS_URL=broker, API_REQUESTS_PER_MINUTE="100000000")
    django()
    token, public_id = _fill(count)
    port = free_port()
    (line,) = re.findall(r"^web: gunicorn contentgen\.wsgi (.*)$", (PROJECT / "Procfile").read_text(), re.M)
    options = re.sub(r"--bind \S+", f"--bind 127.0.0.1:{port}", line).replace("${WEB_CONCURRENCY:-2}", "2")
    made.start("web", [sys.executable, "-m", "gunicorn", "tests.benchmarks.door_app", *shlex.split(options)])
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), "the web server")
    return ("127.0.0.1", port), token, public_id


def _fill(count: int) -> tuple[str, str]:
    from accounts import tokens
    from accounts.models import User
    from videos.models import Backend, Video

    owner = User.objects.create(username="bench")
    backend = Backend.objects.for_environment()
    for start in range(0, count, _BATCH):
        Video.objects.bulk_create([_row(owner, backend) for _ in range(min(_BATCH, count - start))])
    middle = Video.objects.order_by("pk")[count // 2]
    return tokens.issue(owner, "bench")[1], middle.public_id


def _row(owner: object, backend: object) -> "Video":
    from django.utils import timezone

    from videos.models import State, Video

    return Video(
        owner=owner,
        backend=backend,
        prompt="A fox in the snow, seen from far away, in the last light of a day in winter",
        model="sora-2",
        size="1280x720",
        seconds=4,
        state=State.COMPLETED,
        finished_at=timezone.now(),
        due_at=None,
    )


def _per_second(address: tuple[str, int], path: str, token: str, seconds: float) -> float:
    """Requests answered in a second, asked over several connections at once."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    began = time.perf_counter()
    counts: list[int] = []

    def ask() -> None:
        count = 0
        with socket.create_connection(address, timeout=30) as connection:
            while time.perf_counter() - began < seconds:
                connection.sendall(request)
                _read(connection)
                count += 1
        counts.append(count)

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < CONNECTIONS:
        raise RuntimeError(f"{path} was not always answered")
    return sum(counts) / (time.perf_counter() - began)


def _read(connection: socket.socket) -> None:
    """Read one answer to its end; a client in Python that did more would itself be what is measured."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode(errors="replace"))
    (length,) = re.findall(rb"(?i)\r\ncontent-length: (\d+)", head)
    left = int(length) - len(body)
    while left > 0:
        left -= len(connection.recv(65_536))


if __name__ == "__main__":
    report.main("door", measure)
