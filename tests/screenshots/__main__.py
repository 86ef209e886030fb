"""Screenshots of every page state at three widths, dark and light.

    python -m tests.screenshots FOLDER [--data FOLDER] [--only NAME,NAME] [--widths 390,1280] [--themes dark]
        [--language de]

The videos are made once for each `--data` folder; a second run with it takes a minute or two. In another
language, a state that is reached by English words is shown as it is before them.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserContext, Error, Page, StorageState, sync_playwright

from contentgen.run.state import read_endpoints
from tests.screenshots.credentials import PASSWORD
from tests.screenshots.pages import PAGES, PageState
from tests.studio import PROJECT, READY, Studio, free_port

WIDTHS = {390: 844, 1280: 900, 1920: 1080}
THEMES = ("dark", "light")
SCOPES = ("", "shared")  # in which videos are looked for
MAX_HEIGHT = 2600  # pixels; a library scrolls endlessly


@dataclass(frozen=True)
class Look:
    """How a page is looked at: its width in pixels, `dark` or `light`, and the browser's language."""

    width: int
    theme: str
    language: str


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, help="folder that keeps the studio's data for the next run")
    parser.add_argument(
        "--only", default="", help="names of page states or their beginnings, separated by commas"
    )
    parser.add_argument("--widths", default=",".join(map(str, WIDTHS)))
    parser.add_argument("--themes", default=",".join(THEMES))
    parser.add_argument("--language", default="en")
    options = parser.parse_args()
    prefixes = tuple(options.only.split(","))
    states = [state for state in PAGES if state.name.startswith(prefixes)]
    options.folder.mkdir(parents=True, exist_ok=True)
    with _studio(options.data) as studio, _browser() as browser:
        usernames = sorted({state.username for state in states})
        sessions = {username: _session(browser, studio, username) for username in usernames}
        for width in map(int, options.widths.split(",")):
            for theme in options.themes.split(","):
                for state in states:
                    session = sessions[state.username]
                    look = Look(width, theme, options.language)
                    _take_screenshot(browser, studio, state, session, look, options.folder)


@contextmanager
def _studio(data: Path | None) -> Iterator[Studio]:
    """Yield a running studio with its sample data."""
    folder = data or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    owner = {"OWNER_USERNAME": "alice", "OWNER_PASSWORD": PASSWORD}
    studio = Studio(folder, free_port(), folder / "log", **owner)
    try:
        studio.wait_for(READY)
        _finish_jobs_at_once(folder)
        command = [sys.executable, "-m", "tests.screenshots.sample_data"]
        subprocess.run(command, cwd=PROJECT, env=studio.environment, check=True)
        yield studio
    finally:
        studio.stop(signal.SIGINT)
        if data is None:
            shutil.rmtree(folder)


def _finish_jobs_at_once(folder: Path) -> None:
    """Let the simulator's jobs take only as long as rendering takes."""
    running = read_endpoints(folder)
    settings = running.simulator_url.removesuffix("/v1") + "/_simulator/settings"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {running.simulator_key}"}
    with urlopen(Request(settings, b'{"duration": 0}', headers)):  # noqa: S310 - its own simulator
        pass


@contextmanager
def _browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "Chromium is not installed (Debian: apt install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _session(browser: Browser, studio: Studio, username: str) -> StorageState | None:
    if not username:
        return None
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(studio.url)
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{studio.url}/")
        return context.storage_state()


def _take_screenshot(
    browser: Browser,
    studio: Studio,
    state: PageState,
    session: StorageState | None,
    look: Look,
    folder: Path,
) -> None:
    size = {"width": look.width, "height": WIDTHS.get(look.width, 900)}
    with browser.new_context(
        viewport=size,  # type: ignore[arg-type]  # Playwright's TypedDict
        color_scheme=look.theme,  # type: ignore[arg-type]  # dark or light
        storage_state=session,
        reduced_motion="reduce",
        locale=look.language,
    ) as context:
        page = context.new_page()
        page.goto(studio.url + _resolve_path(context, studio, state))
        page.wait_for_load_state("networkidle")
        _prepare(state, page, look.language)
        _settle(page)
        height = (
            min(MAX_HEIGHT, page.evaluate("document.documentElement.scrollHeight")) if state.full_page else 0
        )
        if height > size["height"]:
            page.set_viewport_size({"width": look.width, "height": height})
            _settle(page)
        page.screenshot(path=folder / f"{state.name}-{look.width}-{look.theme}.png")


def _prepare(state: PageState, page: Page, language: str) -> None:
    if language == "en":
        state.prepare(page)
        return
    page.set_default_timeout(2000)  # milliseconds; what is there at all is there at once
    with suppress(Error):
        state.prepare(page)


def _settle(page: Page) -> None:
    """Wait until the visible images are decoded and transitions are over."""
    page.evaluate(
        """() => Promise.all([...document.images].filter((image) => image.loading !== "lazy")
        .map((image) => image.decode().catch(() => {})))"""
    )
    page.wait_for_timeout(350)


def _resolve_path(context: BrowserContext, studio: Studio, state: PageState) -> str:
    """Return the path with words in braces replaced by the id of the first video that they find."""

    def id_of(words: re.Match[str]) -> str:
        library = f"{studio.url}/library/"
        pages = (context.request.get(library, params={"q": words[1], "scope": scope}) for scope in SCOPES)
        card = re.search(r'id="card-([A-Za-z0-9_-]+)"', "".join(page.text() for page in pages))
        assert card, f"no video matches “{words[1]}”"
        return card[1]

    return re.sub(r"\{([^}]+)\}", id_of, state.path)


if __name__ == "__main__":
    main()
