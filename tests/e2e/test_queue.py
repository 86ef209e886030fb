"""The queue in a real browser: paused, reordered by keyboard, partly canceled, held by staff, resumed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import PASSWORD, sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e

_OWNER = "queue-owner"  # nobody else's videos wait in this queue
_MESSAGE = "New disks. Back at 18:00."
_QUEUE_VIDEOS = f"""
from accounts.models import User
from tests.factories import VideoFactory
from videos.models import Backend
from videos.services.queue import pause_queue
box = Backend.objects.for_environment()
owner = User.objects.filter(username={_OWNER!r}).first()
owner = owner or User.objects.create_user({_OWNER!r}, password={PASSWORD!r})
pause_queue(owner)
for number in range(1, 5):
    VideoFactory(owner=owner, backend=box, prompt=f"Kite {{number}} on a string")"""
_RELEASE = f"""
from accounts.models import User
from videos.engine.hold import end_maintenance
from videos.services import queue, queue_pauses
owner = User.objects.get(username={_OWNER!r})
end_maintenance()
queue_pauses.resume_person(owner)
queue.cancel_waiting(owner, None)"""


@pytest.fixture
def owners_page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A page of somebody who has paused a queue of four videos. Nothing is held when the test has ended."""
    made = studio.manage("shell", "-v", "0", "-c", _QUEUE_VIDEOS)
    assert made.returncode == 0, made.stderr
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        sign_in(page, studio, _OWNER)
        yield page
    released = studio.manage("shell", "-v", "0", "-c", _RELEASE)
    assert released.returncode == 0, released.stderr


def _prompts(page: Page) -> Locator:
    return page.locator("#queue-form .queue__prompt")


def _kites(*numbers: int) -> list[str]:
    return [f"Kite {number} on a string" for number in numbers]


def _reorder_by_keyboard(page: Page) -> None:
    up = page.get_by_role("button", name="Up: Kite 4")
    up.focus()
    page.keyboard.press("Enter")
    expect(_prompts(page)).to_have_text(_kites(1, 2, 4, 3))
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(_prompts(page)).to_have_text(_kites(1, 4, 2, 3))
    page.get_by_role("button", name="To the front: Kite 3").click()
    expect(_prompts(page)).to_have_text(_kites(3, 1, 4, 2))


def _cancel_selected(page: Page) -> None:
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


def test_a_queue_is_put_in_order_held_by_staff_and_goes_on(owners_page: Page, page: Page, studio: Studio):
    own, staff = owners_page, page
    own.goto(f"{studio.url}/queue/")
    expect(_prompts(own)).to_have_text(_kites(1, 2, 3, 4))
    expect(own.locator("#queue-form .queue__wait").first).to_contain_text("Paused by you")
    assert find_violations(own) == []
    own.set_viewport_size({"width": 1280, "height": 900})
    expect(own.get_by_role("navigation", name="Main").get_by_role("link", name="Queue 4")).to_be_visible()
    _reorder_by_keyboard(own)
    _cancel_selected(own)

    staff.goto(f"{studio.url}/queues/")
    assert find_violations(staff) == []
    staff.get_by_label("What everybody is told").fill(_MESSAGE)
    staff.get_by_role("button", name="Begin maintenance").click()
    staff.get_by_label(f"Reason, told to {_OWNER}").fill("Please wait for Mara.")
    staff.get_by_role("button", name=f"Pause {_OWNER}").click()
    expect(staff.get_by_role("button", name=f"Resume {_OWNER}")).to_be_visible()
    assert find_violations(staff) == []

    own.goto(f"{studio.url}/queue/")
    expect(own.get_by_role("complementary", name="Maintenance")).to_contain_text(_MESSAGE)
    expect(own.get_by_role("link", name="End the maintenance")).to_have_count(0)
    expect(own.get_by_role("complementary", name="Your queue is paused")).to_contain_text("wait for Mara")
    expect(own.locator("#queue-form .queue__wait").first).to_contain_text("Paused by staff")
    assert find_violations(own) == []
    own.get_by_role("button", name="Resume queue").click()
    expect(own.get_by_role("button", name="Pause queue")).to_be_visible()
    staff.get_by_role("button", name=f"Resume {_OWNER}").click()
    own.goto(f"{studio.url}/queue/")
    expect(own.locator("#queue-form .queue__wait").first).to_contain_text("The studio is in maintenance")
    expect(_prompts(own)).to_have_text(_kites(3, 4))
    staff.get_by_role("button", name="End maintenance").click()
    expect(staff.get_by_role("button", name="Begin maintenance")).to_be_visible()

    # The page learns by itself that the video in front has started. The other is still paused.
    expect(_prompts(own)).to_have_text(_kites(4), timeout=60_000)
    own.get_by_role("button", name="Cancel all").click()
    own.get_by_role("button", name="Cancel 1 video").click()
    expect(_prompts(own)).to_have_count(0)


def _centre(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _handle(page: Page, number: int) -> Locator:
    return page.locator("#queue-form .queue__row", has_text=f"Kite {number} ").locator(".queue__handle")


def _above(page: Page, number: int) -> tuple[float, float]:
    """A point in the upper half of that row."""
    x, _ = _centre(_handle(page, number))
    box = page.locator("#queue-form .queue__row", has_text=f"Kite {number} ").bounding_box()
    assert box is not None
    return x, box["y"] + 4


def _drag_with_a_finger(page: Page, number: int, above: int) -> None:
    finger = page.context.new_cdp_session(page)
    _handle(page, number).scroll_into_view_if_needed()

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touched = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    (x, y), (_, end) = _centre(_handle(page, number)), _above(page, above)
    touch("touchStart", (x, y))
    for step in range(1, 6):
        touch("touchMove", (x, y + (end - y) * step / 5))
    touch("touchEnd")


def test_videos_are_dragged_with_a_mouse_and_a_finger_and_another_window_is_noticed(
    owners_page: Page, browser: Browser, studio: Studio
):
    own = owners_page
    own.goto(f"{studio.url}/queue/")
    sent: list[str] = []
    own.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    _handle(own, 4).hover()
    own.mouse.down()
    own.mouse.move(*_above(own, 2), steps=5)
    expect(_prompts(own)).to_have_text(_kites(1, 4, 2, 3))
    assert sent == []
    own.mouse.up()
    expect(own.locator("#toasts")).to_contain_text("1 video moved.")
    assert len(sent) == 1
    own.reload()
    expect(_prompts(own)).to_have_text(_kites(1, 4, 2, 3))

    _handle(own, 3).hover()
    own.mouse.down()
    own.mouse.move(*_above(own, 4), steps=5)
    own.keyboard.press("Escape")
    own.mouse.up()
    expect(_prompts(own)).to_have_text(_kites(1, 4, 2, 3))
    assert len(sent) == 1

    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with browser.new_context(**phone) as context:
        page = context.new_page()
        sign_in(page, studio, _OWNER)
        page.goto(f"{studio.url}/queue/")
        _drag_with_a_finger(page, 3, above=1)
        expect(page.locator("#toasts")).to_contain_text("1 video moved.")
        expect(_prompts(page)).to_have_text(_kites(3, 1, 4, 2))
        expect(_prompts(own)).to_have_text(_kites(3, 1, 4, 2), timeout=15_000)

        _handle(own, 2).hover()
        own.mouse.down()
        own.mouse.move(*_above(own, 4), steps=5)
        page.get_by_role("button", name="To the front: Kite 4").click()
        expect(_prompts(page)).to_have_text(_kites(4, 3, 1, 2))
    own.mouse.up()
    expect(own.locator("#toasts")).to_contain_text("nothing was moved")
    expect(_prompts(own)).to_have_text(_kites(4, 3, 1, 2))
    assert find_violations(own) == []
