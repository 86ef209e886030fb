"""Memory that the web process needs to send a ZIP of 1 GiB, to a slow and to a fast client.

The videos are sparse files of zeros; the process runs with the Procfile's options. The result is the peak of
any of its workers, minus what it held after a small ZIP.
"""

import secrets
import socket
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks import report, sample_data, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import Sandbox, sandbox, set_up_django

MIB = 1024 * 1024
TARGET = 32.0  # MiB
VIDEOS = 16
SLOW_READ_PAUSE = 1.0  # seconds between the first reads of the slow client
CSRF = secrets.token_hex(16)


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    size = (64 if quick else 1024) * MIB
    with sandbox("zip-export") as box:
        address, headers, ids, small = _studio(box, size)
        workers = _workers(box)
        _download(address, headers, [small], pauses=0)
        results = []
        for name, pauses in (("slow", 3 if quick else 20), ("fast", 0)):
            before = {pid: _memory(pid, "VmRSS") for pid in workers}
            for pid in workers:
                # From Linux's proc(5): writing 5 sets the peak, VmHWM, back to what is resident now.
                Path(f"/proc/{pid}/clear_refs").write_text("5")
            began = time.perf_counter()
            sent = _download(address, headers, ids, pauses=pauses)
            took = time.perf_counter() - began
            growth = max(_memory(pid, "VmHWM") - before[pid] for pid in workers)
            if sent < size:
                raise RuntimeError(f"only {sent:,} bytes of {size:,} were received")
            results.append(
                Result(
                    f"ZIP of {size // MIB:,} MiB to a {name} client: memory growth",
                    f"{growth:.1f} MiB",
                    f"{min(before.values()):.0f} MiB before; {sent / MIB / took:.0f} MiB/s",
                    f"1:{size / MIB / max(growth, 0.1):.0f}",
                    f"{TARGET:.0f} MiB",
                    growth <= TARGET,
                )
            )
    return results


def _studio(box: Sandbox, size: int) -> tuple[web.Address, dict[str, str], list[str], str]:
    """Start the web process. Returns its address, headers, the ids of the videos and of a small one."""
    box.configure(REDIS_URL=web.start_broker(box))
    set_up_django()
    from django.conf import settings

    from videos.models import Backend, State, Video

    backend = Backend.objects.for_environment()
    owner = sample_data.create_user_with_videos("bench", backend, 0)
    videos = sample_data.create_in_flight(owner, backend, VIDEOS + 1, State.COMPLETED)
    for number, video in enumerate(videos):
        video.file.name = f"videos/{number}.mp4"
        path = Path(settings.MEDIA_ROOT) / video.file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size // VIDEOS if number < VIDEOS else MIB)
    Video.objects.bulk_update(videos, ["file"])
    headers = web.session_headers("bench")
    headers["Cookie"] += f"; csrftoken={CSRF}"
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    *ids, small = [video.public_id for video in videos]
    return web.start_web_server(box, "contentgen.wsgi"), headers, ids, small


def _workers(box: Sandbox) -> list[int]:
    parent = box.pid("web")
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _memory(pid: int, name: str) -> float:
    """Return a process's memory in MiB: VmRSS is what is resident, VmHWM its peak."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(name))


def _download(address: web.Address, headers: dict[str, str], ids: list[str], pauses: int) -> int:
    """Download a ZIP, pausing before the first `pauses` reads, and return how many bytes were received."""
    body = urlencode([("do", "zip"), ("csrfmiddlewaretoken", CSRF), *(("id", each) for each in ids)]).encode()
    lines = ["POST /library/selected HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"]
    received = 0
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        buffer = bytearray(MIB)
        head = connection.recv(4096)
        if b" 200 " not in head[:20] or b"application/zip" not in head:
            raise RuntimeError(head.decode(errors="replace"))
        while got := connection.recv_into(buffer):
            received += got
            if pauses:
                pauses -= 1
                time.sleep(SLOW_READ_PAUSE)
    return received


if __name__ == "__main__":
    report.main("zip_export", measure)
