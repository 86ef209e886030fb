"""Several takes of one prompt, and the prompt history, in a real browser."""

import hashlib

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import USERNAME, sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e
PROMPT = "A kettle on a windowsill"


def test_three_takes_become_three_videos_to_compare(page: Page, studio: Studio):
    takes = page.get_by_role("group", name="Takes")
    price = page.locator("[data-price]")
    expect(price).to_have_text("$0.40")
    page.get_by_role("textbox", name="Prompt").fill(PROMPT)
    takes.get_by_text("3", exact=True).click()
    expect(price).to_have_text("$1.20")
    expect(page.locator("[data-price-each]")).to_have_text("3 × $0.40")  # noqa: RUF001 - the sign on the page
    page.keyboard.press("Control+Enter")

    cards = page.locator(".card", has_text=PROMPT)
    expect(cards).to_have_count(3)
    expect(cards.locator(".card__take")).to_have_text(["Take 1/3", "Take 2/3", "Take 3/3"])
    expect(takes.get_by_role("radio", name="3")).to_be_checked()
    expect(price).to_have_text("$1.20")
    page.reload()
    expect(takes.get_by_role("radio", name="3")).to_be_checked()

    done = page.locator(".card--completed", has_text=PROMPT)
    expect(done).to_have_count(3, timeout=120_000)
    page.reload()
    page.get_by_role("button", name="3 takes").click()
    links = done.get_by_role("link", name="Play")
    addresses = [links.nth(number).get_attribute("data-play") or "" for number in range(3)]
    videos = [page.request.get(f"{studio.url}{address}").body() for address in addresses]
    assert len({hashlib.sha256(video).digest() for video in videos}) == 3

    cards.get_by_role("link", name=PROMPT, exact=True).nth(1).click()
    expect(page.get_by_role("heading", name="Take 2 of 3")).to_be_visible()
    page.get_by_role("link", name="Compare takes").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(page.locator("video")).to_have_count(3)


@pytest.fixture(scope="module")
def history(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> None:
    batch = tmp_path_factory.mktemp("batch") / "prompts.csv"
    batch.write_text("prompt,seconds\nA heron at noon,4\nA crane at noon,8\n")
    made = studio.manage("generate_batch", str(batch), "--user", USERNAME)
    assert made.returncode == 0, made.stderr


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("theme", "width"), [("dark", 390), ("light", 1280)])
def test_a_prompt_is_found_in_the_history_and_used(browser: Browser, studio: Studio, theme: str, width: int):
    with browser.new_context(color_scheme=theme, viewport={"width": width, "height": 844}) as context:
        page = context.new_page()
        sign_in(page, studio)
        prompt_field = page.get_by_role("textbox", name="Prompt")
        opener = page.get_by_role("link", name="Prompt history")
        dialog = page.get_by_role("dialog", name="Prompt history")
        prompt_field.fill("My own words")
        opener.focus()
        page.keyboard.press("Enter")
        search = dialog.get_by_role("searchbox")
        expect(search).to_be_focused()
        expect(dialog.get_by_text("A heron at noon", exact=True)).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(opener).to_be_focused()

        page.keyboard.press("Enter")
        page.keyboard.type("crane NOON")
        expect(dialog.get_by_role("listitem")).to_have_count(1)
        page.keyboard.press("Enter")  # submits nothing: the dialog stays
        dialog.get_by_role("link", name="Use prompt “A crane at noon”").click()
        expect(dialog).to_be_hidden()
        expect(prompt_field).to_have_value("A crane at noon")
        expect(prompt_field).to_be_focused()
        expect(page.locator("#seconds-4")).to_be_checked()  # folded away on a phone
        page.get_by_role("button", name="Restore my draft").click()
        expect(prompt_field).to_have_value("My own words")

        opener.click()
        dialog.get_by_role("link", name="Use all of “A crane at noon”").click()
        expect(page.locator("#seconds-8")).to_be_checked()
        assert page.url == f"{studio.url}/"
