"""A real studio and a real browser. Without Chromium the tests skip, but not in CI."""

import os
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.running import READY, Studio, free_port

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


@pytest.fixture(scope="session")
def studio(services: dict[str, str], data_dir: Path) -> Iterator[Studio]:
    """The studio that most tests share, as a new user starts it."""
    running = _start(services, data_dir)
    yield running
    if running.process.poll() is None:
        assert running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.log.read_text()


def _start(services: dict[str, str], data_dir: Path) -> Studio:
    owner = {"OWNER_USERNAME": USERNAME, "OWNER_PASSWORD": PASSWORD}
    studio = Studio(data_dir, free_port(), data_dir / f"log-{secrets.token_hex(4)}", **services, **owner)
    try:
        studio.wait_for(READY)
    except BaseException:
        studio.stop(signal.SIGTERM)
        raise
    return studio


@pytest.fixture
def start_again(services: dict[str, str], data_dir: Path) -> Start:
    """Start the shared studio's successor on the same data."""
    return lambda: _start(services, data_dir)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        reason = "Chromium is not installed (Debian: apt install chromium)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the pages complained about; a test that used a page fails when there is anything."""
    return []


@pytest.fixture
def context(browser: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext, studio: Studio) -> Page:
    """A page of somebody who has signed in."""
    page = context.new_page()
    sign_in(page, studio)
    return page


def sign_in(page: Page, studio: Studio, username: str = USERNAME, password: str = PASSWORD) -> None:
    page.goto(studio.url)
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{studio.url}/")
