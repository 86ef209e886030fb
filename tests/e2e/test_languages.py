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
_GIVE_BUDGET = f"""
from decimal import Decimal
from accounts.models import User
from billing.models import Scope
from billing.targets import Target, set_budget
set_budget(Target(Scope.USER, user=User.objects.get(username="{_READER}")), "month", Decimal("1361.20"))
"""


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


def test_every_link_of_the_header_is_seen_in_german(browser: Browser, studio: Studio, page: Page) -> None:
    made = studio.manage("shell", "-v", "0", "-c", _GIVE_BUDGET)
    assert made.returncode == 0, made.stderr
    state = page.context.storage_state()
    size = {"width": 1280, "height": 800}
    with browser.new_context(storage_state=state, locale="de", viewport=size) as context:  # type: ignore[arg-type]
        german = context.new_page()
        german.goto(studio.url)
        nav = german.get_by_role("navigation", name="Hauptmenü")
        expect(german.get_by_role("link", name="noch $1,361.20")).to_be_visible()  # which takes room
        expect(nav.get_by_role("link", name="Referenzen")).to_be_visible()
        expect(nav.get_by_role("link", name="Figuren")).to_be_visible()
        assert nav.evaluate("nav => nav.scrollWidth - nav.clientWidth") == 0
