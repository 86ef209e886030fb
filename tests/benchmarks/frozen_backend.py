"""How long a video takes while another backend is frozen and twenty videos wait for that one.

The workers are those of the Procfile. The frozen backend is a simulator that was sent SIGSTOP: it accepts
connections and answers nothing, neither to submissions nor to polls of the jobs it has.
"""

import os
import signal
import statistics
import sys
import time
from typing import TYPE_CHECKING

from tests.benchmarks import report
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import (
    Sandbox,
    is_answering,
    is_valkey_answering,
    is_worker_ready,
    sandbox,
    set_up_django,
    wait_until,
)
from tests.studio import free_port

if TYPE_CHECKING:
    from accounts.models import User

JOB_SECONDS = 6.0  # that the healthy backend takes; short, because every delay counts for more then
RUNNING, WAITING = 4, 20  # videos of the frozen backend: accepted before, and waiting to be submitted
FREEZE_FOR = 5.0  # seconds until the calls to the frozen backend have taken what they can
LONGEST = 180.0  # seconds to wait for one video
AIM = 1.5  # times as long as without the frozen backend
HEALTHY, FROZEN = "sora-2", "sora-2-pro"
_WORKERS = {
    "worker": ("short", "prefork", "2"),
    "network": ("network", "threads", "8"),
    "downloads": ("downloads", "prefork", "2"),
}


def measure(quick: bool) -> list[Result]:
    """Return the results: with each backend bound to its share of the threads, and with no such bound."""
    with sandbox("frozen-backend") as box:
        alone, beside, unbounded = _measure(box, 2 if quick else 5)
    ratio = statistics.median(beside) / statistics.median(alone)
    return [
        Result(
            f"a video while another backend is frozen and {WAITING} wait for it: median / slowest",
            f"{statistics.median(beside):.1f} / {max(beside):.1f} s",
            f"{statistics.median(alone):.1f} s alone; {_seconds(unbounded)} without shares of the threads",
            f"{ratio:.2f}:1",
            f"{AIM}:1",
            max(beside) <= AIM * statistics.median(alone),
        )
    ]


def _measure(box: Sandbox, count: int) -> tuple[list[float], list[float], float]:
    """Return how many seconds each of `count` videos takes before the other backend is frozen, and after; and
    how many a last one takes then where the frozen backend may take every thread.
    """
    _start(box)
    from accounts.models import User

    owner = User.objects.create(username="bench")
    _time_video(owner)  # the first one finds workers that have not yet done anything
    alone = [_time_video(owner) for _ in range(count)]
    _run_on_frozen_backend(owner, RUNNING)
    os.killpg(box.pid(FROZEN), signal.SIGSTOP)
    _let_wait(owner)
    beside = [_time_video(owner) for _ in range(count)]
    box.stop_named("network")
    _start_worker(box, "network", module="tests.benchmarks.unbounded_worker")
    _let_wait(owner)
    return alone, beside, _time_video(owner)


def _start(box: Sandbox) -> None:
    from contentgen.run.embedded import prepare_valkey

    command, address = prepare_valkey(box.folder / "valkey")
    box.start("valkey", command)
    wait_until(lambda: is_valkey_answering(address), "the broker")
    box.configure(REDIS_URL=address)
    set_up_django()
    for model, seconds in ((HEALTHY, JOB_SECONDS), (FROZEN, LONGEST)):
        _add_backend(box, model, seconds)
    for name in _WORKERS:
        _start_worker(box, name)
    box.celery("beat", "beat", "--pidfile=", "--loglevel", "WARNING")


def _start_worker(box: Sandbox, name: str, *, module: str = "celery") -> None:
    queue, pool, threads = _WORKERS[name]
    options = f"-n {name}@%h -Q {queue} -P {pool} -c {threads} --without-mingle --without-gossip"
    box.celery(name, "worker", *options.split(), "--loglevel", "WARNING", module=module)
    wait_until(lambda: is_worker_ready(name), f"the worker {name}")


def _add_backend(box: Sandbox, model: str, seconds: float) -> None:
    """Start a simulator whose jobs take so many seconds, and make it the backend of this model."""
    from django.utils import timezone

    from videos.models import Backend, VideoModel
    from videos.models.backend_capabilities import SIMULATOR_CAPABILITIES

    port = free_port()
    options = f"--port {port} --data {box.folder / model} --duration {seconds} --render on-demand"
    box.start(model, [sys.executable, "-m", "tests.chaos.small_videos", *options.split()])
    wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/health"), "a simulator")
    backend = Backend.objects.create(
        name=model,
        base_url=f"http://127.0.0.1:{port}/v1",
        max_in_flight=RUNNING + 2 * WAITING,
        probed_at=timezone.now(),
        **SIMULATOR_CAPABILITIES,
    )
    VideoModel.objects.get(name=model).backends.set([backend])


def _run_on_frozen_backend(owner: "User", count: int) -> None:
    """Have so many jobs accepted by the backend that is frozen next."""
    from videos.models import State, Video

    _request(owner, FROZEN, count)
    running = Video.objects.filter(model=FROZEN, state=State.IN_PROGRESS)
    wait_until(lambda: running.count() == count, "the jobs to be frozen")


def _let_wait(owner: "User") -> None:
    """Request videos of the frozen backend, and wait until its calls have taken the threads that they can."""
    _request(owner, FROZEN, WAITING)
    time.sleep(FREEZE_FOR)


def _time_video(owner: "User") -> float:
    """Return the seconds from the request for a video to its end; at most `LONGEST`."""
    from videos.models import State, Video

    began = time.monotonic()
    (pk,) = _request(owner, HEALTHY, 1)
    while time.monotonic() - began < LONGEST:
        if Video.objects.filter(pk=pk, state=State.COMPLETED).exists():
            break
        time.sleep(0.05)
    report.print_progress(f"   {time.monotonic() - began:.1f} s")
    return time.monotonic() - began


def _request(owner: "User", model: str, count: int) -> list[int]:
    from videos.services.generation_requests import GenerationRequest
    from videos.services.videos import create_videos

    videos = create_videos(owner, [GenerationRequest("A lake", model, 4, "1280x720")] * count)
    return [video.pk for video in videos]


def _seconds(value: float) -> str:
    return f"over {LONGEST:.0f} s" if value >= LONGEST else f"{value:.0f} s"


if __name__ == "__main__":
    report.main("frozen_backend", measure)
