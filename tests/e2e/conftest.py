"""A real studio and a real browser. Without Chromium the tests are skipped, except in CI.

Each process of pytest-xdist has one studio for all its tests, with a simulator that renders few frames, and
only on demand. Tests that observe progress set how long jobs take (`set_job_duration`). What `make run`
starts by itself is tested in `test_restart.py`.
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
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.studio import PROJECT, READY, NewDataDir, Studio, free_port, wait_until

USERNAME, PASSWORD = "alice", "a long enough password"
# Keep the system's browser small and quiet: no GPU, no sandbox (CI runs as root), no background requests.
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

# Report every violation of the content security policy as a console error.
REPORT_CSP_VIOLATIONS = """document.addEventListener("securitypolicyviolation", event =>
    console.error(`Refused by the policy: ${event.violatedDirective}: ${event.blockedURI}`))"""

SIMULATOR = "-m simulator --no-key --duration 1 --poll-after 1 --fps 4 --render on-demand"
SLOW_JOB_SECONDS = 8.0  # long enough to observe progress
# What a page is to show is waited for as long as a click is: on a full machine, 5 s are too few.
expect.set_options(timeout=30_000)


@contextmanager
def configured_services() -> Iterator[dict[str, str]]:
    """Yield the settings for a new PostgreSQL database and for Redis where E2E_DATABASE_URL and E2E_REDIS_URL
    name servers; otherwise `make run` uses its embedded ones.
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
    with configured_services() as chosen:
        yield chosen


@pytest.fixture(scope="session", autouse=True)
def migrated(django_db_setup: None) -> None:
    """Make the migrated database, which studios are given copies of, before Playwright has an event loop in
    this thread: Django would refuse to speak to a database then.
    """


@pytest.fixture(scope="session")
def data_dir(new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_data_dir(tmp_path_factory.mktemp("shared") / "studio")


def _is_answering(address: str) -> bool:
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
        wait_until(lambda: _is_answering(f"http://127.0.0.1:{port}/health"))
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        running.terminate()
        running.wait(timeout=30)


@pytest.fixture
def set_job_duration(simulator: str) -> Iterator[Callable[[float], None]]:
    """A function that sets how many seconds the jobs of this test take."""

    def set_seconds(seconds: float) -> None:
        body = json.dumps({"duration": seconds}).encode()
        address = f"{simulator.removesuffix('/v1')}/_simulator/settings"
        urlopen(Request(address, body, {"Content-Type": "application/json"})).close()  # noqa: S310

    yield set_seconds
    set_seconds(1)


@pytest.fixture(scope="session")
def studio(services: dict[str, str], simulator: str, data_dir: Path) -> Iterator[Studio]:
    """The studio that all tests of a process share. It has two web processes, as where it is deployed."""
    settings = {**services, "SIMULATOR_URL": simulator, "WEB_CONCURRENCY": "2"}
    running = start_studio(settings, data_dir)
    yield running
    assert running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.log.read_text()


def start_studio(services: dict[str, str], data_dir: Path) -> Studio:
    """Start a studio as a new user would, and return it when it is ready."""
    owner = {"OWNER_USERNAME": USERNAME, "OWNER_PASSWORD": PASSWORD}
    studio = Studio(data_dir, free_port(), data_dir / f"log-{secrets.token_hex(4)}", **services, **owner)
    try:
        studio.wait_for(READY)
    except BaseException:
        studio.stop(signal.SIGTERM)
        raise
    return studio


def find_browser() -> str | None:
    """Return where Chromium is: its headless shell, if there is one.

    It is the same engine without windows around it, each of which is more to compute than most of our pages.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        reason = "Chromium is not installed (Debian: apt install chromium-headless-shell)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        open_context = running.new_context

        def new_context(**options: Any) -> BrowserContext:
            context = open_context(**options)
            _listen(context)
            return context

        running.new_context = new_context  # type: ignore[method-assign]  # so that every context is listened to
        yield running
        running.close()


_browser_errors: list[str] = []


def _listen(context: BrowserContext) -> None:
    context.on("console", lambda m: _browser_errors.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda error: _browser_errors.append(str(error.error)))
    context.add_init_script(REPORT_CSP_VIOLATIONS)


@pytest.fixture(autouse=True)
def browser_errors() -> Iterator[list[str]]:
    """The errors of all pages in this test: console errors, uncaught exceptions and violations of the content
    security policy. The test fails if there are any at its end.
    """
    yield _browser_errors
    errors = list(_browser_errors)
    _browser_errors.clear()
    assert errors == []


def assert_only_status(browser_errors: list[str], status: int) -> None:
    """Assert that there are no errors but the browser's own about responses with this status; clear them."""
    assert [text for text in browser_errors if f"status of {status}" not in text] == []
    browser_errors.clear()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, studio: Studio) -> Page:
    """A page of a signed-in user."""
    page = context.new_page()
    sign_in(page, studio)
    return page


_sessions: dict[tuple[str, str], list[Any]] = {}


TIDY = """
from billing.models import Budget
from videos.models import Backend
Backend.objects.filter(is_simulator=False).update(enabled=False)
Budget.objects.filter(amount=1250).delete()
"""


@pytest.fixture
def tidied(studio: Studio) -> Iterator[None]:
    """Take back what the walks of operators add to the studio that all tests of this process share: the
    videos of those after them would go to other backends, and within other budgets.
    """
    yield
    done = studio.manage("shell", "-c", TIDY)
    assert done.returncode == 0, done.stderr


_CREATE_PERSON = """
from accounts.models import User
if not User.objects.filter(username={username!r}).exists():
    User.objects.create_user({username!r}, password={password!r})"""


def make_person(studio: Studio, username: str) -> None:
    """Give the studio this user, with the password of all tests, unless it has them already."""
    made = studio.manage(
        "shell", "-v", "0", "-c", _CREATE_PERSON.format(username=username, password=PASSWORD)
    )
    assert made.returncode == 0, made.stderr


def sign_in(
    page: Page,
    studio: Studio,
    username: str = USERNAME,
    password: str = PASSWORD,
    *,
    new_session: bool = False,
) -> None:
    """Open the studio as this user. The form is filled in once; later contexts reuse that session unless
    `new_session` is set.
    """
    cookies = _sessions.get((studio.url, username))
    if cookies and not new_session:
        page.context.add_cookies(cookies)
        page.goto(studio.url)
        if page.url == f"{studio.url}/":
            return
    else:
        page.goto(studio.url)
    _submit_sign_in_form(page, studio, username, password)
    if not new_session:
        _sessions[studio.url, username] = page.context.cookies()


def _submit_sign_in_form(page: Page, studio: Studio, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{studio.url}/")
