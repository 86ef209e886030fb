"""From the demo banner to a video of a hosted service, with a key that is pasted into the browser."""

import secrets
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dialects.hosted import OpenRouter
from tests.dialects.server import KEY, RecordedRequest, Reply
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import assert_only_status
from tests.engine.conftest import sample_video as mp4  # noqa: F401  # a real MP4
from tests.studio import READY, NewDataDir, Studio, free_port

pytestmark = pytest.mark.e2e

WRONG = "sk-wrong-0123456789abcdef"
PATIENCE = 60_000  # milliseconds


class _Slow(OpenRouter):
    """Holds its catalogue back until the test lets go; finishes each job when it has been looked at once."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.may_list_models = threading.Event()
        self._lock = threading.Lock()

    def other_reply(self, request: RecordedRequest) -> Reply:
        if request.path.endswith("/videos/models"):
            self.may_list_models.wait(15)
        return super().other_reply(request)

    def retrieve_reply(self, job: Any) -> Reply:
        reply = super().retrieve_reply(job)
        job.state = "done"
        return reply

    def create(self, request: RecordedRequest) -> Reply:
        with self._lock:
            return super().create(request)


@pytest.fixture
def own_studio(new_data_dir: NewDataDir, tmp_path: Path) -> Iterator[Studio]:
    """A studio as new as can be: in demo mode, with no key in its environment."""
    settings = {"OWNER_USERNAME": "alice", "OWNER_PASSWORD": secrets.token_hex(8)}
    studio = Studio(new_data_dir(tmp_path / "data"), free_port(), tmp_path / "studio.log", **settings)
    try:
        studio.wait_for(READY)
        yield studio
    finally:
        studio.stop(signal.SIGINT)


def _sign_in(page: Page, studio: Studio) -> None:
    page.goto(studio.url)
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(studio.environment["OWNER_PASSWORD"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{studio.url}/")


def _test(page: Page, url: str, key: str) -> None:
    if not page.get_by_label("Address").is_visible():
        page.get_by_text("Use another address").click()
    page.get_by_label("Address").fill(url)
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Test").click()


def test_from_the_demo_banner_to_a_video_and_what_it_cost(
    own_studio: Studio,
    browser: Browser,
    browser_errors: list[str],
    mp4: bytes,  # noqa: F811
):
    seen: list[str] = []
    with _Slow(mp4) as server, browser.new_context() as context:
        page = context.new_page()
        page.on("response", lambda response: seen.append(str(response.request.url)))
        _sign_in(page, own_studio)
        page.get_by_role("link", name="Connect a service").click()
        assert find_violations(page) == []
        page.get_by_role("link", name="OpenRouter").click()
        assert find_violations(page) == []

        _test(page, server.url, WRONG)
        expect(page.get_by_text("The test failed. Nothing was saved.")).to_be_visible(timeout=PATIENCE)
        expect(page.locator("#key-error")).to_contain_text("refuses the key")
        assert find_violations(page) == []
        assert WRONG not in page.content()

        _test(page, server.url, KEY)
        expect(page.get_by_text("The service answers.")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Testing…")).to_be_visible()  # while the catalogue is still awaited
        server.may_list_models.set()
        expect(page.get_by_text("The test is done.")).to_be_visible(timeout=PATIENCE)
        assert find_violations(page) == []
        page.get_by_label("Runway: Gen-4.5").uncheck()
        pages = page.content()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="OpenRouter is connected")).to_be_visible()
        assert find_violations(page) == []
        assert page.evaluate("document.activeElement.tagName") != "BUTTON"
        assert not server.creates, "nothing was made without being asked for"

        expect(page.locator("#demo-banner")).to_have_count(0)
        pages += page.content()
        page.get_by_role("button", name="Make it for $1.60").click()
        expect(page.locator("dt:text-is('Cost') + dd").first).to_contain_text("$0.42", timeout=PATIENCE)
        pages += page.content()
        page.goto(f"{own_studio.url}/admin/videos/backend/")
        page.get_by_role("link", name="OpenRouter").click()
        expect(page.get_by_text("stored encrypted since")).to_be_visible()
        pages += page.content()
        assert len(server.creates) == 1

    dump = own_studio.manage("dumpdata")
    assert dump.returncode == 0, dump.stderr
    assert "stored_key" in dump.stdout
    files = b"".join(path.read_bytes() for path in _database_files(own_studio))
    for text in (pages, dump.stdout, own_studio.log.read_text(), " ".join(seen)):
        assert KEY not in text
    assert KEY.encode() not in files
    assert_only_status(browser_errors, 422)


def _database_files(studio: Studio) -> list[Path]:
    found = list(Path(studio.environment["DATA_DIR"]).glob("db.sqlite3*"))
    assert found
    return found


def test_it_works_without_a_script(
    own_studio: Studio,
    browser: Browser,
    mp4: bytes,  # noqa: F811
):
    with _Slow(mp4) as server, browser.new_context(java_script_enabled=False) as context:
        server.may_list_models.set()
        page = context.new_page()
        _sign_in(page, own_studio)
        page.get_by_role("link", name="Connect a service").click()
        page.get_by_role("link", name="OpenRouter").click()
        _test(page, server.url, KEY)
        done = page.get_by_text("The test is done.")
        for _ in range(60):
            if done.is_visible():
                break
            page.wait_for_timeout(500)
            page.get_by_role("link", name="Look again").click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="OpenRouter is connected")).to_be_visible()
        assert not server.creates
