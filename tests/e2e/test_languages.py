"""The studio in German: as a person chooses it, and as a visitor's browser asks for it."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import make_person, sign_in
from tests.studio import Studio

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

STORED_TIMEOUT = 120_000  # milliseconds
_READER = "lotte"


@pytest.fixture
def page(context: BrowserContext, studio: Studio) -> Page:
    make_person(studio, _READER)
    page = context.new_page()
    sign_in(page, studio, _READER)
    return page


def test_a_video_is_made_in_the_language_that_one_chooses(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/accounts/profile/")
    page.get_by_label("Language").select_option(label="Deutsch")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Sprache")).to_have_value("de")
    expect(page.locator("html")).to_have_attribute("lang", "de")

    page.goto(studio.url)
    by_a_script = page.locator("#theme-switch")
    expect(by_a_script).to_have_attribute("aria-label", re.compile("^Farbschema: "))
    page.get_by_role("textbox", name="Prompt").fill("Ein Leuchtturm im Nebel")
    page.get_by_role("button", name=re.compile("^Erstellen")).click()
    card = page.locator(".card", has_text="Ein Leuchtturm im Nebel")
    expect(card.get_by_role("button", name="Variieren")).to_be_visible(timeout=STORED_TIMEOUT)
    assert find_violations(page) == []

    card.locator(".card__prompt a").click()
    expect(page.get_by_role("heading", name="Ein Leuchtturm im Nebel")).to_be_visible()
    expect(page.get_by_role("button", name="Abspielen").first).to_be_attached()


def test_a_visitor_gets_the_language_of_the_browser(browser: Browser, studio: Studio) -> None:
    with browser.new_context(locale="de-AT") as context:
        page = context.new_page()
        page.goto(studio.url)
        expect(page.get_by_role("button", name="Anmelden", exact=True)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "de")
