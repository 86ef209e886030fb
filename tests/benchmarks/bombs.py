"""What each bomb of the corpus costs a running studio, and how long its slowest page took meanwhile.

Images are sent to the page of references, clips to `/v1/videos/edits`, one after the other, by somebody who
is signed in. The cost is that of the decoders, as the system counts it: the CPU time of all, the memory of
the largest. At the end all are sent at once, which is what an attacker would do.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2

from tests.benchmarks import report, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import Sandbox, sandbox, set_up_django
from tests.media.bombs import CLIPS, IMAGES, make_bomb

MAX_CPU, MAX_MEMORY, MAX_PAGE = 10.0, 512.0, 1.0  # seconds, MiB, seconds
SAMPLE_EVERY = 0.01
QUICK = ("PNG, 50 megapixels with alpha", "JPEG, 0.25 megapixels, 50,000 scans", "MP4, pixels of 300:1")


class Decoders:
    """Watches the decoders of this machine: the CPU time and the memory of each."""

    def __init__(self) -> None:
        self.cpu: dict[int, float] = {}
        self.peak = 0.0

    def sample(self) -> None:
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with suppress(OSError, ValueError, IndexError):
                    if b"videos.media.decoder" in (folder / "cmdline").read_bytes():
                        self._note(folder)

    def _note(self, folder: Path) -> None:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        self.cpu[int(folder.name)] = (int(fields[11]) + int(fields[12])) / 100
        if found := re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text()):
            self.peak = max(self.peak, int(found[1]) / 1024)


@contextmanager
def _watched(address: web.Address, headers: dict[str, str]) -> Iterator[tuple[Decoders, list[float]]]:
    """Watch the decoders and time the library's page while the block runs."""
    decoders, pages, is_over = Decoders(), list[float](), threading.Event()

    def watch() -> None:
        while not is_over.wait(SAMPLE_EVERY):
            decoders.sample()

    def read_pages() -> None:
        url = f"http://{address[0]}:{address[1]}/library/"
        while not is_over.is_set():
            began = time.perf_counter()
            httpx2.get(url, headers=headers, timeout=60).raise_for_status()
            pages.append(time.perf_counter() - began)

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(watch), pool.submit(read_pages)]
        try:
            yield decoders, pages
        finally:
            is_over.set()
            for job in jobs:
                job.result()


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    names = QUICK if quick else (*IMAGES, *CLIPS)
    with sandbox("bombs") as box:
        files = _make(box, names)
        address, browser, token = _studio(box)
        base = f"http://{address[0]}:{address[1]}"

        def send(name: str) -> str:
            return _send(base, name, files[name], browser, token)

        with _watched(address, browser) as (decoders, pages):
            time.sleep(3)
        results = [_result("nothing", decoders, pages, "for comparison", MAX_CPU)]
        results += [_measure_one(name, send, address, browser) for name in names]
        with _watched(address, browser) as (decoders, pages), ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(send, names))
        results.append(_result(f"all {len(names)} at once", decoders, pages, "", MAX_CPU * len(names)))
    return results


def _measure_one(
    name: str, send: Callable[[str], str], address: web.Address, browser: dict[str, str]
) -> Result:
    with _watched(address, browser) as (decoders, pages):
        answer = send(name)
        time.sleep(0.1)
    report.print_progress(f"   {name}: {sum(decoders.cpu.values()):.1f} s, {decoders.peak:.0f} MiB, {answer}")
    return _result(name, decoders, pages, answer, MAX_CPU)


def _result(name: str, decoders: Decoders, pages: list[float], answer: str, max_cpu: float) -> Result:
    cpu, slowest = sum(decoders.cpu.values()), max(pages, default=0.0)
    return Result(
        name,
        f"{cpu:.1f} s, {decoders.peak:.0f} MiB",
        f"slowest page {slowest * 1000:.0f} ms; {answer}"[:78],
        target=f"{max_cpu:.0f} s, {MAX_MEMORY:.0f}",
        met=cpu <= max_cpu and decoders.peak <= MAX_MEMORY and slowest <= MAX_PAGE,
    )


def _make(box: Sandbox, names: tuple[str, ...]) -> dict[str, Path]:
    files = {name: box.folder / f"bomb-{number}" for number, name in enumerate(names)}
    for name, path in files.items():
        make_bomb(name, path)
    return files


def _studio(box: Sandbox) -> tuple[web.Address, dict[str, str], str]:
    """Start broker and web server. Returns the address, a browser's headers and a token."""
    box.configure(REDIS_URL=web.start_broker(box), API_REQUESTS_PER_MINUTE="100000000")
    set_up_django()
    from accounts import tokens
    from accounts.models import User
    from videos.models import Backend

    owner = User.objects.create(username="bench")
    backend = Backend.objects.for_environment()
    Backend.objects.filter(pk=backend.pk).update(can_edit=True)
    token = tokens.issue(owner, "bench")[1]
    return web.start_web_server(box, "contentgen.wsgi"), web.session_headers("bench"), token


def _send(base: str, name: str, file: Path, browser: dict[str, str], token: str) -> str:
    """Send the file to where its kind belongs, and return the answer in short."""
    content = file.read_bytes()
    if name in IMAGES:
        page = httpx2.get(f"{base}/references/", headers=browser, timeout=60)
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        cookie = page.cookies.get("csrftoken")
        headers = {"Cookie": f"{browser['Cookie']}; csrftoken={cookie}"}
        answer = httpx2.post(
            f"{base}/references/",
            headers=headers,
            data={"csrfmiddlewaretoken": csrf[1] if csrf else ""},
            files={"images": (f"{name}.png", content)},
            timeout=120,
        )
        problem = re.search(r"</strong>: (.*?)</", answer.text)
        return f"{answer.status_code} {problem[1] if problem else ''}"
    answer = httpx2.post(
        f"{base}/v1/videos/edits",
        headers={"Authorization": f"Bearer {token}"},
        data={"prompt": "a boat"},
        files={"video": ("clip.mp4", content, "video/mp4")},
        timeout=120,
    )
    problem = answer.json().get("error") or {}
    return f"{answer.status_code} {problem.get('message', '')}"


if __name__ == "__main__":
    report.main("bombs", measure)
