"""Write, look, change one thing, again: how many keys and clicks the next video takes."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e
SESSION = 20  # variants of one prompt


def _cards(page: Page, prompt: str) -> Locator:
    return page.locator(".card", has=page.get_by_role("link", name=prompt, exact=True))


def _write(page: Page, prompt: str) -> Locator:
    field = page.get_by_role("textbox", name="Prompt")
    field.fill(prompt)
    return field


def test_one_word_is_changed_and_the_image_and_settings_stay(page: Page):
    field = _write(page, "A lighthouse at dawn")
    page.get_by_text("8 s", exact=True).first.click()
    page.keyboard.press("Control+Enter")
    expect(_cards(page, "A lighthouse at dawn")).to_have_count(1)
    expect(field).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "A lighthouse at dawn"

    page.keyboard.press("End")
    for _ in "dawn":
        page.keyboard.press("Backspace")
    page.keyboard.type("dusk")
    page.keyboard.press("Control+Enter")
    expect(_cards(page, "A lighthouse at dusk")).to_have_count(1)
    expect(page.get_by_role("radio", name="8 s")).to_be_checked()

    page.get_by_role("link", name="Clear").click()
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    expect(page.get_by_role("radio", name="8 s")).to_be_checked()
    expect(page.get_by_role("link", name="Clear")).to_be_hidden()
    page.get_by_role("button", name="Restore my draft").click()
    expect(field).to_have_value("A lighthouse at dusk")


def test_a_finished_video_varies_with_one_click_and_with_one_key(page: Page):
    prompt = "A moth around a lamp"
    _write(page, prompt)
    page.keyboard.press("Control+Enter")
    done = page.locator(".card--completed", has_text=prompt)
    expect(done).to_have_count(1, timeout=60_000)

    done.locator(".media").hover()
    done.get_by_role("button", name="Vary").click()
    expect(_cards(page, prompt)).to_have_count(2)
    done.last.get_by_role("link", name=prompt, exact=True).focus()
    page.keyboard.press("v")
    expect(_cards(page, prompt)).to_have_count(3)
    page.keyboard.press("a")
    page.wait_for_url("**/?like=video_*")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(prompt)


def test_on_a_phone_the_form_comes_back_without_the_keyboard(browser: Browser, studio: Studio):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with browser.new_context(**phone) as context:
        page = context.new_page()
        sign_in(page, studio)
        field = page.get_by_role("textbox", name="Prompt")
        field.fill("A kite over dunes")
        page.get_by_role("button", name="Generate").tap()
        expect(_cards(page, "A kite over dunes")).to_have_count(1)
        expect(field).to_have_value("A kite over dunes")
        expect(field).not_to_be_focused()

        done = page.locator(".card--completed", has_text="A kite over dunes")
        expect(done).to_have_count(1, timeout=60_000)
        done.get_by_role("button", name="Vary").tap()
        expect(_cards(page, "A kite over dunes")).to_have_count(2)


def test_the_form_that_came_back_is_sent_before_htmx_has_taken_it_over(page: Page):
    field = _write(page, "A gull on a mast")
    address = page.url
    # As soon as it is there, which only a fast person hits: HTMX takes it over 20 ms later.
    page.evaluate("""document.addEventListener("htmx:afterSwap", ({ detail }) => {
        if (detail.target.id !== "composer") return;
        const key = { key: "Enter", ctrlKey: true, bubbles: true };
        document.getElementById("id_prompt").dispatchEvent(new KeyboardEvent("keydown", key));
    }, { once: true })""")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#cards .card", has_text="A gull on a mast")).to_have_count(2)
    expect(field).to_be_focused()
    assert page.url == address


# Last: what the others make would wait behind these.
def test_twenty_variants_take_a_key_each(page: Page):
    field = _write(page, "A weathervane in a storm")
    for number in range(1, SESSION + 1):
        page.keyboard.press("Control+Enter")
        expect(page.locator("#cards .card", has_text="A weathervane in a storm")).to_have_count(number)
        expect(field).to_be_focused()
