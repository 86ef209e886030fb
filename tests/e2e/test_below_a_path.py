"""A studio below a path, behind nginx as `deploy/` has it: no step of a walk leads out of it."""

import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import ARGUMENTS, PASSWORD, USERNAME, find_browser, start_studio
from tests.e2e.test_video_lifecycle import DONE_TIMEOUT
from tests.proxies import HOST, Proxy, nginx
from tests.studio import NewDataDir, wait_until

pytestmark = pytest.mark.e2e

ADDRESS = f"https://{HOST}/studio"


@pytest.fixture
def proxy(new_data_dir: NewDataDir, simulator: str, tmp_path: Path) -> Iterator[Proxy]:
    data = new_data_dir(tmp_path / "data")
    settings = {"PUBLIC_URL": ADDRESS, "ALLOWED_HOSTS": f"{HOST},127.0.0.1", "TRUST_PROXY": "1"}
    settings |= {"X_ACCEL_REDIRECT": "/stored/", "SECURE_SSL_REDIRECT": "1", "SIMULATOR_URL": simulator}
    studio = start_studio(settings, data)
    try:
        with nginx(tmp_path, web=studio.port, media=data / "media", path="/studio/") as proxy:
            yield proxy
    finally:
        assert studio.stop(signal.SIGINT) == 0
    assert "Traceback" not in studio.log.read_text()


@pytest.fixture
def visitor(browser: Browser, proxy: Proxy) -> Iterator[Page]:
    """A page of a browser to which the proxy is what its name says."""
    resolved = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{proxy.port}"
    with (
        browser.browser_type.launch(executable_path=find_browser(), args=[*ARGUMENTS, resolved]) as own,
        own.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900}) as context,
    ):
        yield context.new_page()


def test_a_walk_from_signing_in_to_the_administration(visitor: Page):
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.goto(f"{ADDRESS}/")
    visitor.get_by_label("Username").fill(USERNAME)
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.keyboard.press("Enter")
    visitor.wait_for_url(f"{ADDRESS}/")

    visitor.get_by_role("textbox", name="Prompt").fill("A harbour below a path")
    visitor.get_by_role("button", name="Generate").click()
    card = visitor.locator(".card").filter(has_text="A harbour below a path")
    expect(card).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    card.get_by_role("link", name="A harbour below a path", exact=True).click()
    player = visitor.locator("video")
    player.evaluate("video => video.play()")
    wait_until(lambda: player.evaluate("video => video.currentTime > 0.1"))

    visitor.get_by_role("navigation", name="Main").get_by_role("link", name="Library").click()
    visitor.wait_for_url(f"{ADDRESS}/library/")
    expect(visitor.locator(".card")).to_have_count(1)
    visitor.goto(f"{ADDRESS}/admin/")
    expect(visitor.get_by_role("heading", level=1)).to_be_visible()
    outside = {url for url in asked if urlsplit(url).scheme in ("http", "https")}
    assert {url for url in outside if not url.startswith(f"{ADDRESS}/")} == set()
