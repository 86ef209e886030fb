"""The first visit of a new user: bytes, requests, and times until content is painted.

Served as in production, with static files collected and compressed. The browser is throttled as Lighthouse
throttles its phone: a CPU four times as slow, 1.6 Mbit/s and a round trip of 150 ms.
"""

import secrets
import shutil
from collections import Counter
from statistics import median
from typing import Any

from tests.benchmarks import report, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import Sandbox, sandbox, set_up_django

TARGET = 90  # KB, without lazily loaded images
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
THROTTLING = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
_OBSERVERS = """
window.metrics = {lcp: 0, cls: 0, blocked: 0};
const watch = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note))
    .observe({type, buffered: true});
watch("largest-contentful-paint", entry => { metrics.lcp = entry.startTime; });
watch("layout-shift", entry => { if (!entry.hadRecentInput) metrics.cls += entry.value; });
watch("longtask", entry => { metrics.blocked += Math.max(0, entry.duration - 50); });
"""
_READ_METRICS = (
    """() => ({...metrics, fcp: performance.getEntriesByName("first-contentful-paint")[0].startTime})"""
)


def measure(quick: bool) -> list[Result]:
    """Return the results for the table; none where there is no Chromium."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        report.print_progress("   Chromium is not installed: skipped")
        return []
    with sandbox("first-visit") as box:
        address, cookie = _studio(box)
        _visit(path, address, cookie)  # warm-up: templates are compiled
        visits = [_visit(path, address, cookie) for _ in range(1 if quick else 5)]
    return _results(visits)


def _results(visits: list[dict[str, Any]]) -> list[Result]:
    sizes, counts = visits[0]["sizes"], visits[0]["counts"]
    weight = (sum(sizes.values()) - sizes["Image"]) / 1000
    parts = ", ".join(f"{name} {size / 1000:.1f}" for name, size in sizes.most_common())
    times = {name: median(visit[name] for visit in visits) for name in ("fcp", "lcp", "cls", "blocked")}
    return [
        Result("first visit: KB, compressed", f"{weight:.1f} KB", parts, "", f"{TARGET} KB", weight < TARGET),
        Result(
            "first visit: requests",
            str(counts.total()),
            ", ".join(f"{name} {number}" for name, number in counts.most_common()),
        ),
        Result(
            "first visit, throttled: first / largest paint",
            f"{times['fcp'] / 1000:.2f} / {times['lcp'] / 1000:.2f} s",
            "1.8 / 2.5 s is “good” (web.dev)",
            target="2.5 s",
            met=times["lcp"] <= 2500,
        ),
        Result(
            "first visit, throttled: layout shift / blocking",
            f"{times['cls']:.3f} / {times['blocked']:.0f} ms",
            "0.1 / 200 ms is “good” (web.dev)",
            target="0.1",
            met=times["cls"] <= 0.1 and times["blocked"] <= 200,
        ),
    ]


def _studio(box: Sandbox) -> tuple[web.Address, dict[str, str]]:
    """Start the web process with production settings. Returns its address and a new user's cookie."""
    options = {
        "DEPLOYMENT": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "0",
    }
    box.configure(REDIS_URL=web.start_broker(box), **options)
    set_up_django()
    from django.core.management import call_command

    from accounts.models import User
    from videos.models import Backend

    call_command("collectstatic", interactive=False, verbosity=0)
    Backend.objects.for_environment()
    User.objects.create(username="new")
    name, _, value = web.session_headers("new")["Cookie"].partition("=")
    return web.start_web_server(box, "contentgen.wsgi"), {"name": name, "value": value}


def _visit(browser: str, address: web.Address, cookie: dict[str, str]) -> dict[str, Any]:
    """Open the studio in a browser that has never seen it, and return the metrics."""
    from playwright.sync_api import sync_playwright

    url = f"http://{address[0]}:{address[1]}"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        context = running.new_context(viewport={"width": 412, "height": 823}, device_scale_factor=1.75)
        context.add_cookies([{**cookie, "url": url}])
        context.add_init_script(_OBSERVERS)
        page = context.new_page()
        session = context.new_cdp_session(page)
        kinds: dict[str, str] = {}
        sizes, counts = Counter[str](), Counter[str]()

        def count_response(event: dict[str, Any]) -> None:
            kind = kinds.get(event["requestId"], "Other")
            sizes[kind] += round(event["encodedDataLength"])
            counts[kind] += 1

        session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
        session.on("Network.loadingFinished", count_response)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", THROTTLING)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(url, wait_until="networkidle")
        page.wait_for_timeout(1000)
        metrics: dict[str, Any] = page.evaluate(_READ_METRICS)
        running.close()
    return {**metrics, "sizes": sizes, "counts": counts}


if __name__ == "__main__":
    report.main("first_visit", measure)
