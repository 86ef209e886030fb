"""Takes every scene at three widths, dark and light.

    python -m tests.screenshots FOLDER [--data FOLDER] [--only NAME,NAME] [--widths 390,1280] [--themes dark]

The films are made once for each `--data`; with it a second run takes a minute or two.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from contentgen.run.state import read_endpoints
from tests.running import PROJECT, READY, Studio, free_port
from tests.screenshots.cast import PASSWORD
from tests.screenshots.scenes import SCENES, Scene

WIDTHS = {390: 844, 1280: 900, 1920: 1080}
THEMES = ("dark", "light")
TALLEST = 2600  # pixels; a library has no end


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, help="where the studio's data are kept for the next time")
    parser.add_argument("--only", default="", help="names of scenes, or how they begin, with commas between")
    parser.add_argument("--widths", default=",".join(map(str, WIDTHS)))
    parser.add_argument("--themes", default=",".join(THEMES))
    options = parser.parse_args()
    begins = tuple(options.only.split(","))
    scenes = [scene for scene in SCENES if scene.name.startswith(begins)]
    options.folder.mkdir(parents=True, exist_ok=True)
    with _studio(options.data) as studio, _browser() as browser:
        sessions = {who: _session(browser, studio, who) for who in sorted({scene.who for scene in scenes})}
        for width in map(int, options.widths.split(",")):
            for theme in options.themes.split(","):
                for scene in scenes:
                    _take(browser, studio, scene, sessions[scene.who], width, theme, options.folder)


@contextmanager
def _studio(data: Path | None) -> Iterator[Studio]:
    """The studio, with its people in it."""
    folder = data or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    owner = {"OWNER_USERNAME": "alice", "OWNER_PASSWORD": PASSWORD}
    studio = Studio(folder, free_port(), folder / "log", **owner)
    try:
        studio.wait_for(READY)
        _hurry(folder)
        people = [sys.executable, "-m", "tests.screenshots.people"]
        subprocess.run(people, cwd=PROJECT, env=studio.environment, check=True)
        yield studio
    finally:
        studio.stop(signal.SIGINT)
        if data is None:
            shutil.rmtree(folder)


def _hurry(folder: Path) -> None:
    """Let the simulator's jobs take no longer than drawing them takes."""
    settings = read_endpoints(folder).simulator_url.removesuffix("/v1") + "/_simulator/settings"
    headers = {"Content-Type": "application/json"}
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


def _session(browser: Browser, studio: Studio, who: str) -> StorageState | None:
    if not who:
        return None
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(studio.url)
        page.get_by_label("Username").fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{studio.url}/")
        return context.storage_state()


def _take(
    browser: Browser,
    studio: Studio,
    scene: Scene,
    session: StorageState | None,
    width: int,
    theme: str,
    folder: Path,
) -> None:
    size = {"width": width, "height": WIDTHS.get(width, 900)}
    with browser.new_context(
        viewport=size,  # type: ignore[arg-type]  # a plain dict is what it wants
        color_scheme=theme,  # type: ignore[arg-type]  # dark or light
        storage_state=session,
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        page.goto(studio.url + _address(context, studio, scene))
        page.wait_for_load_state("networkidle")
        scene.then(page)
        _settle(page)
        tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight")) if scene.whole else 0
        if tall > size["height"]:
            page.set_viewport_size({"width": width, "height": tall})
            _settle(page)
        page.screenshot(path=folder / f"{scene.name}-{width}-{theme}.png")


def _settle(page: Page) -> None:
    """Wait until what is in sight has been drawn."""
    page.evaluate(
        """() => Promise.all([...document.images].filter((image) => image.loading !== "lazy")
        .map((image) => image.decode().catch(() => {})))"""
    )
    page.wait_for_timeout(350)


def _address(context: BrowserContext, studio: Studio, scene: Scene) -> str:
    """The path, with the words in braces replaced by the id of the first video that the search finds."""

    def id_of(words: re.Match[str]) -> str:
        found = context.request.get(f"{studio.url}/library/", params={"q": words[1]}).text()
        cards = re.search(r'id="card-([A-Za-z0-9_-]+)"', found)
        assert cards, f"no video has “{words[1]}”"
        return cards[1]

    return re.sub(r"\{([^}]+)\}", id_of, scene.path)


if __name__ == "__main__":
    main()
