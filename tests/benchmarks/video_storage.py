"""Memory and speed of storing a video of 1 GiB, compared with a bare download.

The video is a real MP4 that a `free` box at its end makes large, served by another process. A fresh process
stores a small video first, so that only the memory of the large one counts.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import PROJECT, Sandbox, is_answering, sandbox, set_up_django, wait_until
from tests.studio import free_port

MIB = 1024 * 1024
TARGET = 32.0  # MiB
RUNS = 3
CHUNK = 256 * 1024  # bytes per write of the server
SMALL, LARGE, SLOW = "small", "large", "slow"
SLOW_SECONDS = 3.0


def measure(quick: bool) -> list[Result]:
    """Return the results for the table: medians of the runs."""
    size = (64 if quick else 1024) * MIB
    runs = [_run(size) for _ in range(1 if quick else RUNS)]
    growths = sorted(run["growth"] for run in runs)
    speeds = sorted(run["stored"] for run in runs)
    bare = sorted(run["bare"] for run in runs)
    middle = len(runs) // 2
    what = f"storing {size // MIB:,} MiB"
    return [
        Result(
            f"{what}: memory growth",
            f"{growths[middle]:.1f} MiB",
            f"{size / MIB:,.0f} MiB is the file",
            f"1:{size / MIB / max(growths[middle], 0.1):.0f}",
            "32 MiB",
            growths[middle] <= TARGET,
        ),
        Result(
            f"{what}: speed",
            f"{speeds[middle]:.0f} MiB/s",
            f"{bare[middle]:.0f} MiB/s, bare download to disk",
            f"1:{bare[middle] / speeds[middle]:.1f}",
        ),
    ]


def _run(size: int) -> dict[str, float]:
    with sandbox("video-storage") as box:
        port = free_port()
        box.configure(BACKEND_URL=f"http://127.0.0.1:{port}/v1", BACKEND_KEY="none-needed")
        video = box.folder / "video.mp4"
        create_video_file(video)
        this_module = [sys.executable, "-m", "tests.benchmarks.video_storage"]
        box.start("server", [*this_module, "--serve", str(port), "--video", str(video), "--size", str(size)])
        wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/health"), "the server")
        # In a session of its own, so that Ctrl-C does not make it print a traceback; `run` kills it.
        command = [*this_module, "--store"]
        done = subprocess.run(
            command, cwd=PROJECT, stdout=subprocess.PIPE, check=True, start_new_session=True
        )
        run: dict[str, float] = json.loads(done.stdout)
        report.print_progress(
            f"   {run['growth']:.1f} MiB, {run['stored']:.0f} MiB/s, bare {run['bare']:.0f} MiB/s"
        )
        return run


def start_backend(box: Sandbox) -> Path:
    """Start a server that hands out one small video, as the sandbox's backend. Return the video."""
    port = free_port()
    box.configure(BACKEND_URL=f"http://127.0.0.1:{port}/v1", BACKEND_KEY="none-needed")
    video = box.folder / "video.mp4"
    create_video_file(video)
    server = [sys.executable, "-m", "tests.benchmarks.video_storage", "--serve", str(port)]
    box.start("server", [*server, "--video", str(video), "--size", "0"])
    wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/health"), "the server")
    return video


def create_video_file(path: Path) -> None:
    """Write four seconds of moving noise at 1280x720, without sound: a few MiB, as a backend would send."""
    import av
    import numpy as np

    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (90, 160, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for number in range(96):
            picture = np.ascontiguousarray(np.roll(noise, 8 * number, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())


class _Handler(BaseHTTPRequestHandler):
    """Serves the video, as it is or filled up to `size` by a `free` box (ISO/IEC 14496-12, 8.1.2).

    One of a job that is named `SLOW` begins `SLOW_SECONDS` after it was asked for.
    """

    video = b""
    size = 0

    def do_GET(self) -> None:
        if not self.path.endswith("/content"):
            self._send_head(0)
            return
        if SLOW in self.path:
            time.sleep(SLOW_SECONDS)
        length = self.size if LARGE in self.path else len(self.video)
        self._send_head(length)
        self.wfile.write(self.video)
        padding = length - len(self.video)
        if padding:
            self.wfile.write(padding.to_bytes(4, "big") + b"free")
            remaining, zeros = padding - 8, bytes(CHUNK)
            while remaining:
                remaining -= self.wfile.write(zeros[:remaining])

    def _send_head(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Do not log requests."""


def _serve(port: int, video: Path, size: int) -> None:
    _Handler.video, _Handler.size = video.read_bytes(), size
    with ThreadingHTTPServer(("127.0.0.1", port), _Handler) as server:
        server.serve_forever()


def _measure_storing() -> dict[str, float]:
    """Store a small video, then the large one, then only download that. Returns MiB, and MiB per second."""
    set_up_django()
    store_video(SMALL)
    before = _memory("VmRSS")
    # From Linux's proc(5): writing 5 sets the peak, VmHWM, back to what is resident now.
    Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    size = store_video(LARGE)
    took = time.perf_counter() - began
    growth = _memory("VmHWM") - before
    return {"growth": growth, "stored": size / took, "bare": size / _time_bare_download()}


def store_video(job_id: str) -> float:
    """Store that job's video through the engine, and return its size in MiB."""
    from django.utils import timezone

    from accounts.models import User
    from videos.engine import store
    from videos.models import Backend, State, Video

    video = Video.objects.create(
        owner=User.objects.get_or_create(username="bench")[0],
        backend=Backend.objects.for_environment(),
        prompt="A fox in the snow",
        model="sora-2",
        size="1280x720",
        seconds=4,
        state=State.STORING,
        backend_job_id=job_id,
        accepted_at=timezone.now(),
        generated_at=timezone.now(),
    )
    store.store(video.pk)
    video.refresh_from_db()
    if video.state != State.COMPLETED or not video.poster or not video.scrub_sheet:
        raise RuntimeError(f"{video.state}: {video.error_code} {video.error_detail}")
    return (video.byte_count or 0) / MIB


def _time_bare_download() -> float:
    """Return how many seconds the same download takes with httpx2 alone, to the same disk."""
    import os

    import httpx2

    url = f"{os.environ['BACKEND_URL']}/videos/{LARGE}/content"
    with tempfile.TemporaryFile(dir=os.environ["DATA_DIR"]) as file:
        began = time.perf_counter()
        with httpx2.stream("GET", url) as response:
            for chunk in response.iter_bytes():
                file.write(chunk)
        return time.perf_counter() - began


def _memory(name: str) -> float:
    """Return this process's memory in MiB: VmRSS is what is resident, VmHWM its peak."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(name))


def main() -> None:
    """Run the benchmark; with `--serve` or `--store`, one of its two processes."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--serve", type=int)
    parser.add_argument("--video", type=Path)
    parser.add_argument("--size", type=int)
    parser.add_argument("--store", action="store_true")
    options, _ = parser.parse_known_args()
    if options.serve:
        _serve(options.serve, options.video, options.size)
    elif options.store:
        print(json.dumps(_measure_storing()))  # noqa: T201 - read by the benchmark
    else:
        report.main("video_storage", measure)


if __name__ == "__main__":
    main()
