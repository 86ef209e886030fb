"""An errand in the administration: find a failed video and retry it, in a real browser."""

import json
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import find_violations
from tests.studio import Studio

pytestmark = pytest.mark.e2e

PROMPT = "A lighthouse that goes out"
# Of Django's own page around ours: the way up, and the label of the search, which is a picture.
FRAME = ("breadcrumbs", "searchbar", 'href$="videos/"', 'href$="video/"')


def _fail_next_job(simulator: str) -> None:
    rule = {"on": "create", "kind": "fail_job", "times": 1, "match": PROMPT}
    address = f"{simulator.removesuffix('/v1')}/_simulator/faults"
    body = json.dumps({"rules": [rule]}).encode()
    urlopen(Request(address, body, {"Content-Type": "application/json"})).close()  # noqa: S310


def _violations(page: Page) -> list[str]:
    return [each for each in find_violations(page) if not any(part in each for part in FRAME)]


def test_a_failed_video_is_found_and_retried(
    page: Page, studio: Studio, simulator: str, browser_errors: list[str]
):
    _fail_next_job(simulator)
    page.get_by_role("textbox", name="Prompt").fill(PROMPT)
    page.get_by_role("button", name="Generate").click()
    card = page.locator(".card").filter(has_text=PROMPT)
    expect(card).to_have_attribute("data-status", "failed", timeout=90_000)

    page.goto(f"{studio.url}/admin/videos/video/?state=failed")
    found = _violations(page)
    page.get_by_role("link", name=PROMPT).click()
    history = page.locator("#history")
    expect(history).to_contain_text("Created")
    expect(history).to_contain_text("moderation_blocked")
    found += _violations(page)
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("This costs")).to_be_visible()
    assert page.get_by_text(PROMPT).count() == 1
    found += _violations(page)
    page.get_by_role("button", name="Retry").click()

    expect(page.get_by_text("1 queued again.")).to_be_visible()
    expect(page.locator("#history")).to_contain_text("alice")
    assert found == []
    # jQuery, which Django's admin loads, tries whether it may style elements, and may not.
    known = ("Applying inline style", "Refused by the policy: style-src-elem: inline")
    assert [each for each in browser_errors if not each.startswith(known)] == []
    browser_errors.clear()
