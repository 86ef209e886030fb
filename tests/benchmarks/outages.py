"""How long people wait while Redis is frozen, and how many creating requests SQLite refuses under load.

The web process is started as the Procfile does; Redis is frozen with SIGSTOP and answers nothing at all.
"""

import os
import re
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx2

from tests.benchmarks import report, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import Sandbox, sandbox, set_up_django

CREATES = 120  # at once
PASSWORD = "a-password-of-no-consequence"  # of a database that is deleted afterwards
PAUSE = 6.0  # seconds before each request; longer than the circuit breaker leaves Redis alone
AIM = 1.0  # seconds that Redis may hold up one request
# Measured with this benchmark before there was a circuit breaker.
BEFORE = {"page post": "30 s", "four takes": "120 s", "library": "3.2 s", "sign-in": "500"}

_CSRF_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def measure(quick: bool) -> list[Result]:
    with sandbox("outages") as box:
        box.configure(REDIS_URL=web.start_broker(box), API_REQUESTS_PER_MINUTE="100000")
        set_up_django()
        secret = _people()
        url = "http://{}:{}".format(*web.start_web_server(box, "contentgen.wsgi"))
        return [*_frozen(box, url), _parallel_creates(url, secret, CREATES // (4 if quick else 1))]


def _people() -> str:
    """Create somebody who signs in, and return the secret of an API token of theirs."""
    from accounts import tokens
    from accounts.models import User
    from videos.models import Backend

    Backend.objects.for_environment()
    return tokens.issue(User.objects.create_user("anna", password=PASSWORD), "benchmark")[1]


def _frozen(box: Sandbox, url: str) -> list[Result]:
    """Use the studio as a person does, first as it is and then with Redis frozen."""
    normal = _visit(url)
    os.kill(box.pid("valkey"), signal.SIGSTOP)
    try:
        frozen = _visit(url)
    finally:
        os.kill(box.pid("valkey"), signal.SIGCONT)
    return [
        Result(
            f"Redis frozen: {name}",
            _outcome(*frozen[name]),
            f"{_outcome(*normal[name])} with Redis; {BEFORE[name]} without a breaker",
            target=f"+{AIM:.0f} s",
            met=frozen[name][1] < 400 and frozen[name][0] - normal[name][0] <= AIM,
        )
        for name in normal
    ]


def _visit(url: str) -> dict[str, tuple[float, int]]:
    """Sign in and use the studio. Returns the seconds and the status of each step."""
    with httpx2.Client(base_url=url, timeout=300, headers={"Referer": url}) as client:
        steps = {"sign-in": _timed(client, "/accounts/login/", login="anna", password=PASSWORD)}
        if steps["sign-in"][1] >= 400:
            client.cookies = _signed_in()
        for name, path, fields in (
            ("page post", "/", {"prompt": "A lake", "model": "sora-2", "seconds": "4", "size": "1280x720"}),
            (
                "four takes",
                "/",
                {"prompt": "A lake", "model": "sora-2", "seconds": "4", "size": "1280x720", "takes": "4"},
            ),
            ("library", "/library/", {}),
        ):
            steps[name] = _timed(client, path, **fields)
    return steps


def _signed_in() -> httpx2.Cookies:
    name, _, value = web.session_headers("anna")["Cookie"].partition("=")
    return httpx2.Cookies({name: value})


def _timed(client: httpx2.Client, path: str, **fields: str) -> tuple[float, int]:
    """Time one request, a POST if it has `fields`, in a process that does not know yet that Redis is away."""
    if fields:
        match = _CSRF_TOKEN.search(client.get(path).text)
        fields["csrfmiddlewaretoken"] = match[1] if match else ""
    time.sleep(PAUSE)
    began = time.perf_counter()
    response = client.post(path, data=fields) if fields else client.get(path)
    return time.perf_counter() - began, response.status_code


def _outcome(seconds: float, status: int) -> str:
    return f"{seconds:.2f} s, {status}"


def _parallel_creates(url: str, secret: str, count: int) -> Result:
    barrier = Barrier(count)

    def create(_: int) -> tuple[int, float]:
        with httpx2.Client(base_url=url, timeout=300) as client:
            barrier.wait()
            began = time.perf_counter()
            response = client.post(
                "/api/v1/videos/generate",
                json={"prompt": "A lake"},
                headers={"Authorization": f"Bearer {secret}"},
            )
            return response.status_code, time.perf_counter() - began

    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(create, range(count)))
    statuses = Counter(status for status, _ in answers)
    return Result(
        f"SQLite: {count} creating requests at once",
        ", ".join(f"{number} x {status}" for status, number in sorted(statuses.items())),
        f"slowest {max(seconds for _, seconds in answers):.1f} s",
        target="no 500",
        met=statuses[500] == 0,
    )


if __name__ == "__main__":
    report.main("outages", measure)
