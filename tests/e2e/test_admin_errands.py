"""An operator's three daily errands, each in at most three clicks from the administration's first page."""

import json
import re
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import USERNAME
from tests.studio import Studio

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tidied")]

PROMPT = "A lighthouse that goes out"
PATIENCE = 60_000  # milliseconds
MAX_CLICKS = 3
# Counted over all pages of the tab. What a script or a label clicks is no click of a person. Playwright fills
# fields in without a click, which a person can do only where the field has the focus: see `_type`.
COUNT_CLICKS = """addEventListener("click", event => {
    if (event.isTrusted && event.detail) sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
}, true)"""


def _fail_next_job(simulator: str) -> None:
    rule = {"on": "create", "kind": "fail_job", "times": 1, "match": PROMPT}
    address = f"{simulator.removesuffix('/v1')}/_simulator/faults"
    body = json.dumps({"rules": [rule]}).encode()
    urlopen(Request(address, body, {"Content-Type": "application/json"})).close()  # noqa: S310


def _begin(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/admin/")
    page.evaluate("sessionStorage.clicks = 0")


def _clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.clicks)"))


def _type(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label)
    expect(field).to_be_focused()
    field.fill(text)


def _retry_what_failed(page: Page, studio: Studio) -> list[str]:
    """Return what axe finds on the way."""
    _begin(page, studio)
    page.get_by_role("list", name="Failed last").get_by_role("link", name=PROMPT).click(timeout=PATIENCE)
    history = page.locator("#history")
    expect(history).to_contain_text("Created")
    expect(history).to_contain_text("moderation_blocked")
    found = find_violations(page)
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("This costs")).to_be_visible()
    assert page.get_by_text(PROMPT).count() == 1
    found += find_violations(page)
    page.get_by_role("button", name="Retry").click()

    expect(page.get_by_text("1 queued again.")).to_be_visible()
    expect(page.locator("#history")).to_contain_text(USERNAME)
    assert _clicks(page) == MAX_CLICKS
    return found


def _add_a_backend(page: Page, studio: Studio, simulator: str) -> None:
    _begin(page, studio)
    page.get_by_role("link", name="Another Videos API").click()
    _type(page, "Address", simulator)
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_text("The test is done.")).to_be_visible(timeout=PATIENCE)
    name = page.get_by_label("Name in the studio").input_value()  # the studio suggests one
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=f"{name} is connected")).to_be_visible()
    assert _clicks(page) == MAX_CLICKS


def _give_a_budget(page: Page, studio: Studio) -> None:
    _begin(page, studio)
    navigation = page.get_by_role("navigation", name="Administration")
    navigation.get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("row", name=re.compile(USERNAME)).locator(".field-budget a").click()
    _type(page, "Amount", "1250.00")
    page.get_by_role("button", name="Set budget").click()
    expect(page.get_by_text(re.compile("Budget set"))).to_be_visible()
    assert _clicks(page) == MAX_CLICKS


def test_three_errands_take_three_clicks_each(
    page: Page, studio: Studio, simulator: str, browser_errors: list[str]
):
    page.add_init_script(COUNT_CLICKS)
    _fail_next_job(simulator)
    page.get_by_role("textbox", name="Prompt").fill(PROMPT)
    page.get_by_role("button", name="Generate").click()
    card = page.locator(".card").filter(has_text=PROMPT)
    expect(card).to_have_attribute("data-status", "failed", timeout=90_000)

    found = _retry_what_failed(page, studio)
    _add_a_backend(page, studio, simulator)
    _give_a_budget(page, studio)

    assert found == []
    assert browser_errors == []
