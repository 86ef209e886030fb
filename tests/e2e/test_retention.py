"""How long videos are kept, in a real browser: a collection's rule, what it moves, and keeping some of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import PASSWORD, sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e

_OWNER = "retention-owner"
# Both were made long ago, and take nine tenths of what their owner may store. One command starts once.
_OLD_VIDEOS = f"""
import time
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from accounts.models import User
from videos.engine.storage_use import GIGABYTE
from videos.models import IN_FLIGHT
from videos.services.videos import GenerationRequest, create_videos
owner = User.objects.create_user({_OWNER!r}, password={PASSWORD!r}, storage_quota_gb=Decimal("0.01"))
prompts = ("A heron in the reeds", "A heron takes off")
create_videos(owner, [GenerationRequest(prompt, "sora-2", 4, "1280x720") for prompt in prompts])
while owner.videos.filter(state__in=IN_FLIGHT).exists():
    time.sleep(0.5)
owner.videos.update(finished_at=timezone.now() - timedelta(days=40), byte_count=GIGABYTE * 45 // 10_000)"""
_ANNOUNCE = "from videos.engine.retention import announce; announce()"  # unless the studio has done it by now


@pytest.fixture
def owners_page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A page of somebody with two old videos."""
    _run(studio, _OLD_VIDEOS)
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        sign_in(page, studio, _OWNER)
        yield page


def _run(studio: Studio, code: str) -> None:
    done = studio.manage("shell", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stderr


def _save_a_rule(page: Page, studio: Studio) -> None:
    """Put both videos into a collection, and give it a rule that concerns them."""
    page.goto(f"{studio.url}/library/")
    for box in page.locator(".card__select input").all():
        box.check(force=True)
    page.locator("#bulk summary", has_text="Collection").click()
    page.get_by_label("Collection", exact=True).fill("Herons")
    page.get_by_role("button", name="Create new").click()
    expect(page.locator("#toasts")).to_contain_text("“Herons” created")
    page.goto(f"{studio.url}/collections/")
    page.get_by_role("link", name="Herons").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("radio", name="Move them to the trash when they are old").check()
    page.get_by_label("Days until they move to the trash").fill("30")
    page.get_by_role("button", name="Save collection").click()
    expect(page.get_by_role("alert")).to_contain_text("2 of 2 videos are that old now")
    assert find_violations(page) == []
    page.get_by_role("button", name="Save collection").click()
    expect(page.locator("#toasts, .messages").first).to_contain_text("“Herons” saved")


def test_what_a_rule_moves_is_announced_and_kept(owners_page: Page, studio: Studio):
    page = owners_page
    _save_a_rule(page, studio)
    _run(studio, _ANNOUNCE)

    page.goto(f"{studio.url}/library/")
    expect(page.get_by_role("complementary", name="Storage")).to_contain_text("almost full")
    cards = page.locator(".card")
    expect(cards.get_by_text("Moves to the trash on")).to_have_count(2)
    assert find_violations(page) == []
    cards.filter(has_text="takes off").get_by_role("button", name="Keep").click()
    expect(cards.get_by_text("Moves to the trash on")).to_have_count(1)

    page.get_by_role("link", name="Expiring").click()
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("in the reeds")
    assert find_violations(page) == []
    cards.locator(".card__prompt a").click()
    expect(page.get_by_text("Moves to the trash on")).to_be_visible()
    assert find_violations(page) == []
    page.goto(f"{studio.url}/library/expiring")
    page.get_by_role("button", name="Keep all 1").click()
    expect(page.get_by_text("Nothing moves to the trash")).to_be_visible()
    page.goto(f"{studio.url}/accounts/profile/")
    expect(page.get_by_role("region", name="Storage").get_by_role("progressbar")).to_be_visible()
    assert find_violations(page) == []
