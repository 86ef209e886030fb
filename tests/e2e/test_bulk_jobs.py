"""Decisions about many videos at once, in a real browser: from the library to the choices, and back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import USERNAME
from tests.studio import Studio

pytestmark = pytest.mark.e2e

_CREATE_VIDEOS = f"""
from accounts.models import User
from tests.factories import VideoFactory
from videos.models import Backend, State
common = dict(owner=User.objects.get(username="{USERNAME}"), backend=Backend.objects.for_environment())
for number in range(2):
    VideoFactory(**common, prompt=f"A glider number {{number}} over the moor", state=State.FAILED)
VideoFactory(**common, prompt="A glider that nobody saw land", state=State.UNCERTAIN, due_at=None)"""


@pytest.fixture
def gliders(page: Page, studio: Studio) -> Page:
    """The library with two videos that failed and one that needs a decision."""
    made = studio.manage("shell", "-v", "0", "-c", _CREATE_VIDEOS)
    assert made.returncode == 0, made.stderr
    page.goto(f"{studio.url}/library/?q=glider")
    return page


def _manage_all(page: Page) -> None:
    first = page.locator(".card").first
    first.hover()
    first.get_by_role("checkbox").check()
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Manage").click()
    expect(page.get_by_role("heading", name="3 videos selected")).to_be_visible()


def _labels(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(".bulk-job button").all_inner_texts()]


def test_selected_videos_are_managed_from_the_library_and_back(gliders: Page):
    page = gliders
    _manage_all(page)
    assert _labels(page) == [
        "Check 1 video again (free)",
        "Retry 2 videos",
        "Submit 1 video again",
        "Mark 1 video as failed",
    ]
    expect(page.locator(".callout__title")).to_have_text(re.compile("1 needs attention"))
    assert find_violations(page) == []
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("link", name="Back to the library").click()
    page.wait_for_url(re.compile(r"/library/\?q=glider$"))
    expect(page.locator(".card[data-needs-decision]")).to_have_count(1)

    _manage_all(page)
    page.get_by_role("button", name="Mark 1 video as failed").click()
    page.wait_for_url(re.compile(r"/library/\?q=glider$"))
    expect(page.locator("#toasts")).to_contain_text("1 video marked as failed.")

    _manage_all(page)
    assert _labels(page) == ["Retry 3 videos"]
    page.get_by_role("button", name="Retry 3 videos").press("Enter")

    page.wait_for_url(re.compile(r"/library/\?q=glider$"))
    expect(page.locator("#toasts")).to_contain_text("3 videos will be retried.")
    expect(page.locator(".card .media__poster")).to_have_count(3, timeout=60_000)
