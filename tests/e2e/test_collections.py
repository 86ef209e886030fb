"""A collection in a real browser: made of a selection, shared, and played by somebody else."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import PASSWORD, USERNAME, sign_in
from tests.studio import Studio, wait_until

pytestmark = pytest.mark.e2e

_OTHER = "collections-other"
_CREATE = f"from accounts.models import User; User.objects.create_user({_OTHER!r}, password={PASSWORD!r})"


@pytest.fixture(scope="module")
def other(studio: Studio) -> str:
    made = studio.manage("shell", "-c", _CREATE)
    assert made.returncode == 0, made.stderr
    return _OTHER


@pytest.fixture(scope="module")
def lantern(studio: Studio) -> str:
    made = studio.manage("generate_video", "A lantern in a collection", "--user", USERNAME, "--wait")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_a_collection_is_shared_and_played_by_another(
    page: Page, studio: Studio, browser: Browser, other: str, lantern: str
):
    page.goto(f"{studio.url}/library/?q=lantern")
    page.locator(".card__select input").first.check(force=True)
    page.locator("#bulk summary", has_text="Collection").click()
    page.get_by_label("Collection", exact=True).fill("Lanterns")
    page.get_by_role("button", name="Create new").click()
    expect(page.locator("#toasts")).to_contain_text("“Lanterns” created")

    page.goto(f"{studio.url}/collections/")
    page.get_by_role("link", name="Lanterns").click()
    assert find_violations(page) == []
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("Username").press_sequentially("collections-o", delay=20)
    expect(page.locator("#people option")).to_have_count(1)
    page.get_by_label("Username").fill(other)
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("list", name="People")).to_contain_text(other)
    assert find_violations(page) == []

    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        guest = context.new_page()
        sign_in(guest, studio, other)
        guest.goto(f"{studio.url}/library/?scope=shared")
        expect(guest.locator(".card")).to_have_count(1)
        expect(guest.locator(".card")).to_contain_text(f"by {USERNAME}")
        assert find_violations(guest) == []
        guest.locator(".card__prompt a").click()
        player = guest.locator("#player")
        player.evaluate("video => { video.muted = true; return video.play(); }")
        wait_until(lambda: player.evaluate("video => video.currentTime") > 0.2)
        expect(guest.get_by_role("button", name="Move to trash")).to_have_count(0)
        expect(guest.get_by_role("link", name="Use prompt and settings")).to_be_visible()
        assert find_violations(guest) == []


def test_a_new_video_is_made_in_the_collection(page: Page, studio: Studio):
    page.goto(f"{studio.url}/collections/new")
    page.get_by_label("Name").fill("Kites")
    assert find_violations(page) == []
    page.get_by_role("button", name="Save collection").click()
    page.get_by_role("link", name="New video").click()
    expect(page.locator(".composer__collection")).to_contain_text("Creates in Kites")
    page.get_by_role("textbox", name="Prompt", exact=True).fill("A kite in a collection")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator(".card").first).to_contain_text("A kite in a collection")
    expect(page.locator(".composer__collection")).to_contain_text("Kites")
    page.locator(".composer__collection a").first.click()
    expect(page.locator(".card")).to_contain_text("A kite in a collection")
