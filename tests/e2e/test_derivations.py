"""Remixes, extensions and similar videos from the page of a finished one, in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import USERNAME, assert_only_status, sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e

DONE_TIMEOUT = 90_000  # milliseconds
PROMPT = "A paper boat leaves the harbour"


@pytest.fixture(scope="module")
def source(studio: Studio) -> str:
    """The URL of a finished video."""
    made = studio.manage("generate_video", PROMPT, "--user", USERNAME, "--wait")
    assert made.returncode == 0, made.stderr
    return f"{studio.url}/videos/{made.stdout.strip()}/"


def test_a_finished_video_is_remixed_from_its_page(page: Page, source: str):
    page.goto(source)
    page.get_by_role("link", name="Remix", exact=True).click()
    page.wait_for_url(f"{source}remix")
    prompt = page.get_by_role("textbox", name="Prompt")
    expect(prompt).to_have_value(PROMPT)
    prompt.fill("The same boat in a snow storm")
    page.get_by_role("button", name="Remix").click()

    page.wait_for_url(re.compile(r"/videos/video_\w+/$"))
    remix = page.url
    assert remix != source
    expect(page.locator("#detail")).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    expect(page.get_by_role("heading", name="The same boat in a snow storm")).to_be_visible()
    tree = page.get_by_role("region", name="Lineage")
    expect(tree.locator("[aria-current]")).to_contain_text("The same boat in a snow storm")
    tree.get_by_role("link", name=PROMPT).click()
    page.wait_for_url(source)
    tree.get_by_role("link", name="The same boat in a snow storm").click()
    page.wait_for_url(remix)


def test_the_price_follows_the_length_and_errors_are_shown_at_the_field(
    page: Page, source: str, browser_errors: list[str]
):
    page.goto(f"{source}extend")
    button = page.get_by_role("button", name="Extend")
    expect(button).to_contain_text("$0.40")
    page.get_by_text("12 s", exact=True).click()
    expect(button).to_contain_text("$1.20")
    page.get_by_role("textbox", name="Prompt").fill("")
    button.click()
    expect(page.locator("#prompt-error")).to_be_visible()
    expect(button).to_contain_text("$1.20")
    page.get_by_text("8 s", exact=True).click()
    expect(button).to_contain_text("$0.80")
    assert page.url == f"{source}extend"
    assert_only_status(browser_errors, 422)


def test_making_another_keeps_the_draft(page: Page, studio: Studio, source: str):
    page.get_by_role("textbox", name="Prompt").fill("Something I was about to ask for")
    page.goto(source)
    page.get_by_role("link", name="Make another", exact=True).click()
    prompt = page.get_by_role("textbox", name="Prompt")
    expect(prompt).to_have_value(PROMPT)
    page.get_by_role("button", name="Restore my draft").click()
    expect(prompt).to_have_value("Something I was about to ask for")


def test_it_works_without_javascript(browser: Browser, studio: Studio, source: str):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, studio)
        page.goto(source)
        page.get_by_role("link", name="Extend", exact=True).click()
        expect(page.get_by_role("button", name="Extend")).not_to_contain_text("$", use_inner_text=True)
        expect(page.get_by_text("Free in demo")).to_be_visible()
        page.get_by_text("8 s", exact=True).click()
        page.get_by_role("textbox", name="Prompt").fill("Out on the open sea")
        page.get_by_role("button", name="Extend").click()
        page.wait_for_url(re.compile(r"/videos/video_\w+/$"))
        expect(page.locator("#facts").get_by_text("+8 s, 12 s total", exact=True)).to_be_visible()
        expect(page.get_by_role("region", name="Lineage").locator("[aria-current]")).to_contain_text(
            "Extension"
        )
