"""How much memory it takes to store a film of 1 GiB, and how fast that is beside a bare download.

The film is a real MP4 with a `free` box at its end that makes it large, served by a process of its own. What
stores it is a fresh process that has stored a small one before, so that what is counted is the large one's.
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
from tests.benchmarks.report import Line
from tests.benchmarks.stage import PROJECT, answers, django, stage, wait_until
from tests.running import free_port

MIB = 1024 * 1024
AIM = 32.0  # MiB
RUNS = 3
CHUNK = 256 * 1024  # bytes that the server writes at once
SMALL, LARGE = "small", "large"


def measure(quick: bool) -> list[Line]:
    """The lines of the table: medians of the runs."""
    size = (64 if quick else 1024) * MIB
    runs = [_run(size) for _ in range(1 if quick else RUNS)]
    growths = sorted(run["growth"] for run in runs)
    paces = sorted(run["stored"] for run in runs)
    bare = sorted(run["bare"] for run in runs)
    middle = len(runs) // 2
    what = f"storing {size // MIB:,} MiB"
    return [
        Line(
            f"{what}: memory growth",
            f"{growths[middle]:.1f} MiB",
            f"{size / MIB:,.0f} MiB is the file",
            f"1:{size / MIB / max(growths[middle], 0.1):.0f}",
            "32 MiB",
            growths[middle] <= AIM,
        ),
        Line(
            f"{what}: pace",
            f"{paces[middle]:.0f} MiB/s",
            f"{bare[middle]:.0f} MiB/s, bare download to disk",
            f"1:{bare[middle] / paces[middle]:.1f}",
        ),
    ]


def _run(size: int) -> dict[str, float]:
    with stage("storing") as made:
        port = free_port()
        made.configure(OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1", OPENAI_API_KEY="none-needed")
        film = made.folder / "film.mp4"
        _make_film(film)
        me = [sys.executable, "-m", "tests.benchmarks.storing"]
        made.start("server", [*me, "--serve", str(port), "--film", str(film), "--size", str(size)])
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), "the server")
        # Out of the reach of Ctrl-C, which would have it complain: `run` kills it.
        command = [*me, "--store"]
        done = subprocess.run(
            command, cwd=PROJECT, stdout=subprocess.PIPE, check=True, start_new_session=True
        )
        run: dict[str, float] = json.loads(done.stdout)
        report.progress(
            f"   {run['growth']:.1f} MiB, {run['stored']:.0f} MiB/s, bare {run['bare']:.0f} MiB/s"
        )
        return run


def _make_film(path: Path) -> None:
    """Four seconds of moving noise at 1280x720, with sound left out: a few MiB as a backend would send."""
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
    """Sends the film, as it is or with a `free` box (ISO/IEC 14496-12, 8.1.2) up to the size."""

    film = b""
    size = 0

    def do_GET(self) -> None:
        if not self.path.endswith("/content"):
            self._begin(0)
            return
        whole = self.size if LARGE in self.path else len(self.film)
        self._begin(whole)
        self.wfile.write(self.film)
        padding = whole - len(self.film)
        if padding:
            self.wfile.write(padding.to_bytes(4, "big") + b"free")
            left, zeros = padding - 8, bytes(CHUNK)
            while left:
                left -= self.wfile.write(zeros[:left])

    def _begin(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _serve(port: int, film: Path, size: int) -> None:
    _Handler.film, _Handler.size = film.read_bytes(), size
    with ThreadingHTTPServer(("127.0.0.1", port), _Handler) as server:
        server.serve_forever()


def _store() -> dict[str, float]:
    """Store a small film, then the large one, and download that without storing it. MiB, and MiB a second."""
    django()
    _stored(SMALL)
    before = _memory("VmRSS")
    # From Linux's proc(5): writing 5 sets the peak, VmHWM, back to what is resident now.
    Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    size = _stored(LARGE)
    took = time.perf_counter() - began
    growth = _memory("VmHWM") - before
    return {"growth": growth, "stored": size / took, "bare": size / _bare()}


def _stored(job_id: str) -> float:
    """Store that job's film through the engine, and return its size in MiB."""
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


def _bare() -> float:
    """Seconds for the same film with nothing but httpx2, to the same disk."""
    import os

    import httpx2

    url = f"{os.environ['OPENAI_BASE_URL']}/videos/{LARGE}/content"
    with tempfile.TemporaryFile(dir=os.environ["DATA_DIR"]) as file:
        began = time.perf_counter()
        with httpx2.stream("GET", url) as response:
            for chunk in response.iter_bytes():
                file.write(chunk)
        return time.perf_counter() - began


def _memory(name: str) -> float:
    """MiB of this process: VmRSS is what is resident, VmHWM the most that was."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(name))


def main() -> None:
    """The benchmark; with --serve or --store, one of its two processes."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--serve", type=int)
    parser.add_argument("--film", type=Path)
    parser.add_argument("--size", type=int)
    parser.add_argument("--store", action="store_true")
    part, _ = parser.parse_known_args()
    if part.serve:
        _serve(part.serve, part.film, part.size)
    elif part.store:
        print(json.dumps(_store()))  # noqa: T201 - read by the benchmark
    else:
        report.main("storing", measure)


if __name__ == "__main__":
    main()
