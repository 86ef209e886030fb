"""What somebody who opens the studio for the first time waits for: bytes, requests, and the first picture.

As production serves it, with static files collected and compressed. The browser is slowed down as Lighthouse
slows its telephone: a processor four times as slow, 1.6 Mbit/s and 150 ms to the server and back.
"""

import shutil
from collections import Counter
from statistics import median
from typing import Any

from tests.benchmarks import report, web
from tests.benchmarks.report import Line
from tests.benchmarks.stage import Stage, django, stage

AIM = 100  # KB, without the pictures that load when they come into sight
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
_WATCH = """
window.seen = {lcp: 0, cls: 0, blocked: 0};
const watch = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note))
    .observe({type, buffered: true});
watch("largest-contentful-paint", entry => { seen.lcp = entry.startTime; });
watch("layout-shift", entry => { if (!entry.hadRecentInput) seen.cls += entry.value; });
watch("longtask", entry => { seen.blocked += Math.max(0, entry.duration - 50); });
"""
_TELL = """() => ({...seen, fcp: performance.getEntriesByName("first-contentful-paint")[0].startTime})"""


def measure(quick: bool) -> list[Line]:
    """The lines of the table; none where there is no Chromium."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        report.progress("   Chromium is not installed: left out")
        return []
    with stage("first-visit") as made:
        address, cookie = _studio(made)
        _visit(path, address, cookie)  # the first of all waits for templates to be read
        visits = [_visit(path, address, cookie) for _ in range(1 if quick else 5)]
    return _lines(visits)


def _lines(visits: list[dict[str, Any]]) -> list[Line]:
    sizes, counts = visits[0]["sizes"], visits[0]["counts"]
    weight = (sum(sizes.values()) - sizes["Image"]) / 1000
    parts = ", ".join(f"{name} {size / 1000:.1f}" for name, size in sizes.most_common())
    times = {name: median(visit[name] for visit in visits) for name in ("fcp", "lcp", "cls", "blocked")}
    return [
        Line("first visit: KB, compressed", f"{weight:.1f} KB", parts, "", f"{AIM} KB", weight < AIM),
        Line(
            "first visit: requests",
            str(counts.total()),
            ", ".join(f"{name} {number}" for name, number in counts.most_common()),
        ),
        Line(
            "first visit, slow telephone: first / largest paint",
            f"{times['fcp'] / 1000:.2f} / {times['lcp'] / 1000:.2f} s",
            "1.8 / 2.5 s is “good” (web.dev)",
            aim="2.5 s",
            met=times["lcp"] <= 2500,
        ),
        Line(
            "first visit, slow telephone: shift / blocked",
            f"{times['cls']:.3f} / {times['blocked']:.0f} ms",
            "0.1 / 200 ms is “good” (web.dev)",
            aim="0.1",
            met=times["cls"] <= 0.1 and times["blocked"] <= 200,
        ),
    ]


def _studio(made: Stage) -> tuple[web.Address, dict[str, str]]:
    """Start the web process in production's settings. Returns its address and a new person's cookie."""
    secret = "a-secret-of-no-consequence-" * 3
    options = {
        "DEPLOYMENT": "production",
        "SECRET_KEY": secret,
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "0",
    }
    made.configure(REDIS_URL=web.broker(made), **options)
    django()
    from django.core.management import call_command

    from accounts.models import User
    from videos.models import Backend

    call_command("collectstatic", interactive=False, verbosity=0)
    Backend.objects.for_environment()
    User.objects.create(username="new")
    name, _, value = web.session("new")["Cookie"].partition("=")
    return web.serve(made, "contentgen.wsgi"), {"name": name, "value": value}


def _visit(browser: str, address: web.Address, cookie: dict[str, str]) -> dict[str, Any]:
    """Open the studio in a browser that has never seen it."""
    from playwright.sync_api import sync_playwright

    url = f"http://{address[0]}:{address[1]}"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        context = running.new_context(viewport={"width": 412, "height": 823}, device_scale_factor=1.75)
        context.add_cookies([{**cookie, "url": url}])
        context.add_init_script(_WATCH)
        page = context.new_page()
        session = context.new_cdp_session(page)
        kinds: dict[str, str] = {}
        sizes, counts = Counter[str](), Counter[str]()

        def arrived(event: dict[str, Any]) -> None:
            kind = kinds.get(event["requestId"], "Other")
            sizes[kind] += round(event["encodedDataLength"])
            counts[kind] += 1

        session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
        session.on("Network.loadingFinished", arrived)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(url, wait_until="networkidle")
        page.wait_for_timeout(1000)
        seen: dict[str, Any] = page.evaluate(_TELL)
        running.close()
    return {**seen, "sizes": sizes, "counts": counts}


if __name__ == "__main__":
    report.main("first_visit", measure)
