"""An operator's errands with backends: connect one from the admin, pause it, and change a model's price."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import USERNAME
from tests.studio import Studio

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tidied")]
PATIENCE = 60_000  # milliseconds


def _violations(page: Page, browser_errors: list[str]) -> list[str]:
    """Return what axe finds; before, nothing must have been refused or gone wrong."""
    assert browser_errors == []
    return find_violations(page)


def test_a_backend_is_connected_paused_and_its_model_given_a_price(
    page: Page, studio: Studio, simulator: str, browser_errors: list[str]
):
    page.goto(f"{studio.url}/admin/")
    page.get_by_role("link", name="Add: Backends").click()
    page.get_by_role("link", name="Another Videos API").click()  # the second click leads to the form
    page.get_by_label("Address").fill(simulator)
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_text("The test is done.")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("Name in the studio").fill("Spare box")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Spare box is connected")).to_be_visible()

    page.goto(f"{studio.url}/admin/videos/backend/")
    assert _violations(page, browser_errors) == []
    page.get_by_role("link", name="Spare box").click()
    expect(page.get_by_text("The server answers.")).to_be_visible()
    assert _violations(page, browser_errors) == []
    page.get_by_role("button", name="Pause…").click()
    expect(page.get_by_text("No video is queued here.")).to_be_visible()
    page.get_by_label("Reason").fill("The card moves")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(f"Paused by {USERNAME} until somebody resumes it").first).to_be_visible()
    page.get_by_role("button", name="Resume now").click()
    expect(page.get_by_role("button", name="Pause…")).to_be_visible()

    page.get_by_role("link", name="Edit Sora 2", exact=True).click()
    price_before = page.get_by_label("Price of size 1").input_value()
    page.get_by_label("Price of size 1").fill("0,42")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview, not saved yet")).to_be_visible()
    expect(
        page.get_by_role("cell", name="$2.10").or_(page.get_by_role("cell", name="free")).first
    ).to_be_visible()
    assert _violations(page, browser_errors) == []
    page.get_by_label("Price of size 1").fill("dear")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("such as 0.30.").first).to_be_visible()
    page.get_by_label("Price of size 1").fill("0.42")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    page.goto(page.url)
    if page.get_by_label("Price of size 1").count() == 0:
        page.get_by_role("link", name="Sora 2", exact=True).first.click()
    page.get_by_label("Price of size 1").fill(price_before)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
