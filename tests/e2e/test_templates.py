"""Templates, drafts and the prompt history in a real browser: by keyboard, and without JavaScript."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PASSWORD, USERNAME, assert_only_status, sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e


def _press_until_focused(page: Page, name: str, key: str = "Tab") -> None:
    """Press `key` until the first line of the focused element's text is `name`."""
    for _ in range(80):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement.innerText || ''").strip().partition("\n")[0] == name:
            return
    raise AssertionError(f"“{name}” cannot be reached with {key}")


def test_a_template_is_used_by_keyboard(page: Page, browser_errors: list[str]):
    _press_until_focused(page, "Product reveal")
    page.keyboard.press("Enter")
    product = page.get_by_label("Product")
    expect(product).to_be_focused()

    page.keyboard.press("Delete")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("“product” is empty")).to_be_visible()
    expect(product).to_be_focused()
    assert_only_status(browser_errors, 422)

    page.keyboard.type("A teapot with {braces}")
    sentence = page.locator(".variables__preview")
    expect(sentence).to_contain_text("A teapot with {braces} turns slowly on wet stone, one")
    assert page.locator("#id_prompt").input_value() == sentence.text_content(), "the draft is the preview"
    page.keyboard.press("Tab")
    page.keyboard.type("raw")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".card").first).to_contain_text(
        "A teapot with {braces} turns slowly on raw linen, one"
    )
    # The next one is often the same with another word: the first field is there to be written over.
    expect(product).to_be_focused()
    expect(product).to_have_value("A teapot with {braces}")
    page.keyboard.type("A sundial")
    expect(sentence).to_contain_text("A sundial turns slowly on raw linen, one")


def test_a_draft_is_restored_and_a_template_edited_as_text(page: Page):
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.fill("My own words")
    page.get_by_role("link", name="Product reveal").click()
    page.get_by_role("button", name="Restore my draft").click()
    expect(prompt).to_have_value("My own words")
    expect(page.locator(".variables")).to_have_count(0)

    page.get_by_role("link", name="Product reveal").click()
    page.get_by_label("Product").fill("A sundial")
    page.get_by_label("Product").press("Enter")
    expect(prompt).to_be_focused()
    expect(prompt).to_have_value(re.compile("^A sundial turns slowly on wet stone, one"))


def test_a_video_is_saved_as_a_template_and_used(page: Page, studio: Studio):
    made = studio.manage("generate_video", "A heron in the reeds", "--user", USERNAME, "--seconds", "8")
    assert made.returncode == 0, made.stderr
    page.goto(f"{studio.url}/videos/{made.stdout.strip()}/")
    page.get_by_role("link", name="Save as template").click()
    page.get_by_label("Title").fill("Birds")
    page.get_by_label("Prompt").fill("A {bird|heron,crane} in the reeds")
    page.get_by_role("button", name="Save template").click()

    expect(page.get_by_role("heading", name="Yours")).to_be_visible()
    page.get_by_role("searchbox").fill("reeds")
    expect(page.get_by_role("heading", name="Product reveal")).to_have_count(0)
    page.get_by_role("link", name="Birds", exact=True).click()
    expect(page.get_by_role("radio", name="8 s")).to_be_checked()
    page.get_by_label("Bird").select_option("crane")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator(".card").first).to_contain_text("A crane in the reeds")

    page.goto(f"{studio.url}/history/")
    page.get_by_role("link", name="Use all settings of “A heron in the reeds”").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("A heron in the reeds")
    expect(page.get_by_role("radio", name="8 s")).to_be_checked()


def test_it_works_without_javascript(browser: Browser, studio: Studio, browser_errors: list[str]):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, studio)
        page.get_by_role("link", name="All templates").click()
        page.get_by_role("searchbox").fill("tram")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="City at dawn", exact=True).click()
        page.get_by_label("City").select_option("Lisbon")
        page.get_by_role("button", name="Edit as text").click()
        prompt = page.get_by_role("textbox", name="Prompt")
        expect(prompt).to_have_value(re.compile("over the city lights of Lisbon at dawn"))

        page.get_by_role("link", name="Story opener").click()
        page.get_by_label("Object").fill("")
        page.get_by_role("button", name="Generate").click()
        expect(page.get_by_text("“object” is empty")).to_be_visible()
        assert_only_status(browser_errors, 422)
        page.get_by_label("Object").fill("A walnut shell")
        page.get_by_role("button", name="Generate").click()
        expect(page.locator(".card").first).to_contain_text("Close on A walnut shell set down")

        page.get_by_role("link", name="Prompt history").click()
        page.get_by_role("link", name="Use prompt “Close on A walnut shell").click()
        expect(prompt).to_have_value(re.compile("^Close on A walnut shell"))


def test_a_draft_survives_a_reload_and_is_private_to_its_user(browser: Browser, studio: Studio):
    shell = "from tests.factories import *; UserFactory(username='dora')"
    assert studio.manage("shell", "-c", shell).returncode == 0
    with browser.new_context() as context:
        page = context.new_page()
        sign_in(page, studio)
        prompt = page.get_by_role("textbox", name="Prompt")
        prompt.fill("Half a thought")
        page.get_by_text("8 s", exact=True).first.click()
        page.reload()
        expect(prompt).to_have_value("Half a thought")
        expect(page.get_by_role("radio", name="8 s")).to_be_checked()

        # The session ends without a sign-out, as when it expires: the draft stays in the browser.
        context.clear_cookies()
        sign_in(page, studio, "dora", "correct horse battery")
        expect(prompt).to_have_value("")
        context.clear_cookies()
        sign_in(page, studio, USERNAME, PASSWORD)
        expect(prompt).to_have_value("Half a thought")
