"""The queue in a real browser: paused, reordered by keyboard, partly canceled, resumed."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import USERNAME
from tests.studio import Studio

pytestmark = pytest.mark.e2e

_QUEUE_VIDEOS = f"""
from accounts.models import User
from tests.factories import VideoFactory
from videos.models import Backend
from videos.services.queue import pause_queue
box = Backend.objects.for_environment()
owner = User.objects.get(username="{USERNAME}")
pause_queue(owner)
for number in range(1, 5):
    VideoFactory(owner=owner, backend=box, prompt=f"Kite {{number}} on a string")"""


def _prompts(page: Page) -> Locator:
    return page.locator("#queue-form .queue__prompt")


def _kites(*numbers: int) -> list[str]:
    return [f"Kite {number} on a string" for number in numbers]


def test_a_queue_is_put_in_order_and_goes_on(page: Page, studio: Studio):
    made = studio.manage("shell", "-v", "0", "-c", _QUEUE_VIDEOS)
    assert made.returncode == 0, made.stderr
    page.goto(f"{studio.url}/queue/")
    expect(_prompts(page)).to_have_text(_kites(1, 2, 3, 4))
    expect(page.locator("#queue-form .queue__wait").first).to_contain_text("Paused by you")
    assert find_violations(page) == []

    up = page.get_by_role("button", name="Up: Kite 4")
    up.focus()
    page.keyboard.press("Enter")
    expect(_prompts(page)).to_have_text(_kites(1, 2, 4, 3))
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(_prompts(page)).to_have_text(_kites(1, 4, 2, 3))
    page.get_by_role("button", name="To the front: Kite 3").click()
    expect(_prompts(page)).to_have_text(_kites(3, 1, 4, 2))

    for number in (1, 2):
        page.get_by_role("checkbox", name=f"Select Kite {number}").check()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Pause: Kite 4").click()
    expect(page.get_by_role("button", name="Resume: Kite 4")).to_be_visible()
    expect(page.get_by_text("2 selected")).to_be_visible()  # after the page has replaced the list
    page.locator("#selected-cancel").click()
    expect(page.get_by_role("heading", name="Cancel 2 videos?")).to_be_visible()
    assert find_violations(page) == []
    page.get_by_role("button", name="Cancel 2 videos").click()
    expect(_prompts(page)).to_have_text(_kites(3, 4))

    page.goto(f"{studio.url}/queues/")
    assert find_violations(page) == []
    page.get_by_label("What everybody is told").fill("New disks. Back at 18:00.")
    page.get_by_role("button", name="Begin maintenance").click()
    expect(page.get_by_role("complementary", name="Maintenance")).to_contain_text("New disks. Back at 18:00.")
    page.goto(f"{studio.url}/queue/")
    expect(page.locator("#queue-form .queue__wait").first).to_contain_text("The studio is in maintenance")
    assert find_violations(page) == []
    page.get_by_role("button", name="Resume queue").click()
    expect(page.get_by_role("button", name="Pause queue")).to_be_visible()
    expect(_prompts(page)).to_have_text(_kites(3, 4))
    page.goto(f"{studio.url}/queues/")
    page.get_by_role("button", name="End maintenance").click()

    page.goto(f"{studio.url}/queue/")
    expect(_prompts(page)).to_have_text(_kites(4), timeout=30_000)  # the other one has started
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("button", name=re.compile("^Cancel 1 video")).click()
    expect(_prompts(page)).to_have_count(0)
