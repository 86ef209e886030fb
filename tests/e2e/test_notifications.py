"""The bell in a real browser: it rings on any page, works by keyboard, and tells only what it is asked to."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import make_person, sign_in
from tests.studio import Studio, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TOLD_TIMEOUT = 120_000  # milliseconds
# Nobody else's: of many videos within ten minutes all are told as one, and the owner makes the other tests'.
_LISTENER = "lena"


@pytest.fixture
def listener(studio: Studio) -> str:
    make_person(studio, _LISTENER)
    return _LISTENER


@pytest.fixture
def page(context: BrowserContext, studio: Studio, listener: str) -> Page:
    page = context.new_page()
    sign_in(page, studio, listener)
    return page


def _ask_for_a_video(page: Page, prompt: str) -> None:
    page.get_by_role("textbox", name="Prompt").fill(prompt)
    page.get_by_role("button", name=re.compile("^Generate")).click()
    expect(page.locator(".card").filter(has_text=prompt)).to_be_visible()


def test_a_video_that_is_done_rings_on_another_page(page: Page, studio: Studio, listener: str) -> None:
    page.goto(f"{studio.url}/templates/")  # open before the video is asked for, however long opening takes
    bell = page.locator("#bell summary")
    unread = page.locator("#bell .bell__count")
    before = unread.inner_text() if unread.is_visible() else "0"
    # Asked for without a page, which could hear of it first and tell it.
    made = studio.manage("generate_video", "Told on another page", "--user", listener)
    assert made.returncode == 0, made.stderr

    announced = page.locator("#announcer", has_text="Your video is ready. Told on another page")
    expect(announced).to_have_count(1, timeout=TOLD_TIMEOUT)
    expect(unread).to_have_text(str(int(before) + 1))

    bell.focus()
    page.keyboard.press("Enter")
    item = page.locator("#bell-panel .notice").first
    expect(item).to_contain_text("Told on another page")
    page.keyboard.press("Escape")
    expect(bell).to_be_focused()
    expect(item).to_be_hidden()

    page.keyboard.press("Enter")
    item.click()
    expect(page).to_have_url(re.compile("/videos/video_"))
    expect(page.locator("#bell .bell__count")).to_have_count(1)
    expect(page.locator("#bell summary")).to_have_attribute(
        "aria-label", "Notifications" if before == "0" else f"Notifications, {before} unread"
    )


def test_all_are_read_by_keyboard(page: Page, studio: Studio) -> None:
    page.goto(studio.url)
    _ask_for_a_video(page, "Read by keyboard")
    expect(page.locator("#bell .bell__count")).to_be_visible(timeout=TOLD_TIMEOUT)
    page.locator("#bell summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Mark all as read").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#bell .bell__count")).to_be_hidden()
    expect(page.locator("#bell-panel .notice--unread")).to_have_count(0)
    expect(page.locator("#bell summary")).to_be_focused()


@pytest.mark.parametrize("path", ["/notifications/", "/account/notifications/"])
def test_the_pages_are_accessible(page: Page, studio: Studio, path: str) -> None:
    page.goto(studio.url + path)
    page.locator("#bell summary").click()
    expect(page.get_by_role("link", name="All notifications")).to_be_visible()
    assert find_violations(page) == []


def test_it_works_without_javascript(context: BrowserContext, page: Page, studio: Studio) -> None:
    page.goto(studio.url)
    plain = context.browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    without = plain.new_page()
    without.goto(studio.url)
    without.locator("#bell summary").click()
    without.get_by_role("link", name="All notifications").click()
    expect(without.get_by_role("heading", name="Notifications")).to_be_visible()
    plain.close()


def test_the_sound_is_allowed_and_played_when_it_is_on(
    context: BrowserContext, studio: Studio, listener: str
) -> None:
    context.add_init_script("""
        window.played = [];
        HTMLMediaElement.prototype.play = function () {
            window.played.push(new URL(this.src).pathname);
            return Promise.resolve();
        };
    """)
    page = context.new_page()
    sign_in(page, studio, listener)
    page.goto(f"{studio.url}/account/notifications/")
    page.get_by_label("Play a sound").check()
    page.get_by_role("button", name="Save").click()
    page.goto(studio.url)
    _ask_for_a_video(page, "Heard when it is done")

    wait_until(lambda: page.evaluate("played.length") == 1)
    (path,) = page.evaluate("played")
    assert page.request.get(studio.url + path).headers["content-type"] == "audio/mpeg"
