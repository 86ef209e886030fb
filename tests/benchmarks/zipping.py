"""How much memory the web process takes to send a ZIP of 1 GiB, to a slow client and to a fast one.

The films are of zeros and take no room on the disk; the process is as the Procfile starts it. What is counted
is the most that any of its workers held, over what it held after a small ZIP.
"""

import secrets
import socket
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks import report, rows, web
from tests.benchmarks.report import Line
from tests.benchmarks.stage import Stage, django, stage

MIB = 1024 * 1024
AIM = 32.0  # MiB
FILMS = 16
SLOW = 1.0  # seconds that the slow client waits between two reads, at first
CSRF = secrets.token_hex(16)


def measure(quick: bool) -> list[Line]:
    """The lines of the table."""
    size = (64 if quick else 1024) * MIB
    with stage("zipping") as made:
        address, headers, ids, small = _studio(made, size)
        workers = _workers(made)
        _download(address, headers, [small], pauses=0)
        lines = []
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
                raise RuntimeError(f"only {sent:,} bytes of {size:,} came")
            lines.append(
                Line(
                    f"ZIP of {size // MIB:,} MiB to a {name} client: memory growth",
                    f"{growth:.1f} MiB",
                    f"{min(before.values()):.0f} MiB before; {sent / MIB / took:.0f} MiB/s",
                    f"1:{size / MIB / max(growth, 0.1):.0f}",
                    f"{AIM:.0f} MiB",
                    growth <= AIM,
                )
            )
    return lines


def _studio(made: Stage, size: int) -> tuple[web.Address, dict[str, str], list[str], str]:
    """Start the web process. Returns its address, headers, the films, and a small one."""
    made.configure(REDIS_URL=web.broker(made))
    django()
    from django.conf import settings

    from videos.models import Backend, State, Video

    backend = Backend.objects.for_environment()
    owner = rows.person("bench", backend, 0)
    videos = rows.in_flight(owner, backend, FILMS + 1, State.COMPLETED)
    for number, video in enumerate(videos):
        video.file.name = f"videos/{number}.mp4"
        path = Path(settings.MEDIA_ROOT) / video.file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as film:
            film.truncate(size // FILMS if number < FILMS else MIB)
    Video.objects.bulk_update(videos, ["file"])
    headers = web.session("bench")
    headers["Cookie"] += f"; csrftoken={CSRF}"
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    *films, small = [video.public_id for video in videos]
    return web.serve(made, "contentgen.wsgi"), headers, films, small


def _workers(made: Stage) -> list[int]:
    parent = made.pid("web")
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _memory(pid: int, name: str) -> float:
    """MiB of a process: VmRSS is what is resident, VmHWM the most that was."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(name))


def _download(address: web.Address, headers: dict[str, str], ids: list[str], pauses: int) -> int:
    """Ask for a ZIP and read it to its end; before the first reads it waits. Returns how many bytes came."""
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
                time.sleep(SLOW)
    return received


if __name__ == "__main__":
    report.main("zipping", measure)
