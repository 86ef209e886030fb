"""A real studio and a real browser. Without Chromium the tests skip, but not in CI.

Each process of pytest-xdist has one studio for all its tests, before a simulator that draws few frames, and
only when they are asked for. Whoever watches progress sets how long its jobs take (`pace`). What `make run`
brings along by itself is tested where it is restarted.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.studio import PROJECT, READY, Studio, free_port, wait_until

USERNAME, PASSWORD = "alice", "a long enough password"
# What keeps a browser of the system quiet and small: no GPU, no sandbox (CI runs as root), no calls home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
]

# A page tells of what its policy refused, whatever the browser makes of it.
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", event =>
    console.error(`Refused by the policy: ${event.violatedDirective}: ${event.blockedURI}`))"""

SIMULATOR = "-m simulator --duration 1 --poll-after 1 --fps 4 --render on-demand"
UNHURRIED = 8.0  # seconds a job takes, so that there is progress to see

Start = Callable[..., Studio]


@contextmanager
def chosen_services() -> Iterator[dict[str, str]]:
    """PostgreSQL, with a database of one's own, and Redis where the environment names them, else what `make
    run` brings along.
    """
    chosen = {"REDIS_URL": os.environ.get("E2E_REDIS_URL", "")}
    server = os.environ.get("E2E_DATABASE_URL", "")
    if not server:
        yield chosen
        return
    name = f"e2e_{secrets.token_hex(6)}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        yield {**chosen, "DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{name}"))}
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def services() -> Iterator[dict[str, str]]:
    with chosen_services() as chosen:
        yield chosen


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


def _answers(address: str) -> bool:
    try:
        with urlopen(address) as reply:  # noqa: S310  # our own simulator
            return reply.status == 200
    except OSError:
        return False


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of the simulator that makes the shared studio's videos."""
    port, folder = free_port(), tmp_path_factory.mktemp("simulator")
    command = [sys.executable, *SIMULATOR.split(), "--port", str(port), "--data", str(folder)]
    running = subprocess.Popen(command, cwd=PROJECT)
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/health"))
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        running.terminate()
        running.wait(timeout=30)


@pytest.fixture
def pace(simulator: str) -> Iterator[Callable[[float], None]]:
    """Set how many seconds the jobs of this test take."""

    def set_duration(seconds: float) -> None:
        body = json.dumps({"duration": seconds}).encode()
        address = f"{simulator.removesuffix('/v1')}/_simulator/settings"
        urlopen(Request(address, body, {"Content-Type": "application/json"})).close()  # noqa: S310

    yield set_duration
    set_duration(1)


@pytest.fixture(scope="session")
def studio(services: dict[str, str], simulator: str, data_dir: Path) -> Iterator[Studio]:
    """The studio that all tests of a process share."""
    running = start({**services, "SIMULATOR_URL": simulator}, data_dir)
    yield running
    assert running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.log.read_text()


def start(services: dict[str, str], data_dir: Path) -> Studio:
    """Start a studio as a new user does, and return it when it is ready."""
    owner = {"OWNER_USERNAME": USERNAME, "OWNER_PASSWORD": PASSWORD}
    studio = Studio(data_dir, free_port(), data_dir / f"log-{secrets.token_hex(4)}", **services, **owner)
    try:
        studio.wait_for(READY)
    except BaseException:
        studio.stop(signal.SIGTERM)
        raise
    return studio


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        reason = "Chromium is not installed (Debian: apt install chromium)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        open_context = running.new_context

        def new_context(**options: Any) -> BrowserContext:
            context = open_context(**options)
            _listen(context)
            return context

        running.new_context = new_context  # type: ignore[method-assign]  # whoever opens one
        yield running
        running.close()


_complaints: list[str] = []


def _listen(context: BrowserContext) -> None:
    context.on("console", lambda m: _complaints.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda error: _complaints.append(str(error.error)))
    context.add_init_script(TELL_VIOLATIONS)


@pytest.fixture(autouse=True)
def complaints() -> Iterator[list[str]]:
    """What the pages of this test complained about, in whatever browser context. It fails when there is
    anything: an error in the console, one that nobody caught, or what the content policy refused.
    """
    yield _complaints
    told = list(_complaints)
    _complaints.clear()
    assert told == []


def only(complaints: list[str], status: int) -> None:
    """The browser itself notes each answer of this `status`; nothing else may be complained about."""
    assert [text for text in complaints if f"status of {status}" not in text] == []
    complaints.clear()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, studio: Studio) -> Page:
    """A page of somebody who has signed in."""
    page = context.new_page()
    sign_in(page, studio)
    return page


_sessions: dict[tuple[str, str], list[Any]] = {}


def sign_in(
    page: Page, studio: Studio, username: str = USERNAME, password: str = PASSWORD, *, anew: bool = False
) -> None:
    """Open the studio as somebody. The form is filled in once; later contexts get the session of then, unless
    it is to begin `anew`.
    """
    kept = _sessions.get((studio.url, username))
    if kept and not anew:
        page.context.add_cookies(kept)
        page.goto(studio.url)
        if page.url == f"{studio.url}/":
            return
    else:
        page.goto(studio.url)
    _fill_in(page, studio, username, password)
    if not anew:
        _sessions[studio.url, username] = page.context.cookies()


def _fill_in(page: Page, studio: Studio, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{studio.url}/")
