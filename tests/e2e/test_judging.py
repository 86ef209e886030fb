"""Judging takes: a stack that opens, the best of four by keys, a comparison that decides, a frame that goes
on, and a failure that is mended.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import USERNAME, sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e
PROMPT = "A heron over a lagoon"
REFUSED = "A crane in a storm drain"
MAX_KEYS = 6  # that choosing the best of four takes may need
MAX_CLICKS = 3  # that finding a failed video and mending it may need

GROUP = f"""
import uuid
from videos.models import Video
group = uuid.uuid4()
for number, video in enumerate(Video.objects.filter(prompt="{PROMPT}").order_by("pk"), 1):
    Video.objects.filter(pk=video.pk).update(take=number, takes=4, take_group=group)
"""
FAIL = f"""
from django.utils import timezone
from videos.models import Video
first = Video.objects.filter(prompt="{PROMPT}").first()
first.pk, first.public_id, first.take_group, first.backend_job_id = None, "video_refused1", None, ""
first.file, first.poster, first.scrub_sheet, first.browser_file = "", "", "", ""
first.take, first.takes, first.state, first.prompt = 1, 1, "failed", "{REFUSED}"
first.error_code, first.error_message = "moderation_blocked", "The backend refused this prompt."
first.due_at, first.created_at = None, timezone.now()
first.save()
"""


@pytest.fixture(scope="module")
def made(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Four takes of one prompt."""
    batch = tmp_path_factory.mktemp("batch") / "takes.csv"
    batch.write_text("\n".join(["prompt", *[PROMPT] * 4]))
    done = studio.manage("generate_batch", str(batch), "--user", USERNAME, "--wait")
    assert done.returncode == 0, done.stderr
    done = studio.manage("shell", "-c", GROUP)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def stack(page: Page, studio: Studio, made: None) -> Iterator[Locator]:
    """The closed stack in the library. Afterwards none of its takes is in the trash."""
    page.goto(f"{studio.url}/library/?q=heron+lagoon")
    yield page.locator(".stack")
    restored = studio.manage(
        "shell", "-c", "from videos.models import Video; Video.objects.update(trashed_at=None)"
    )
    assert restored.returncode == 0, restored.stderr


def test_the_best_of_four_is_chosen_by_keys(page: Page, stack: Locator):
    cards = stack.locator(".card")
    expect(cards.locator("visible=true")).to_have_count(1)
    expect(stack.get_by_role("button", name="4 takes")).to_be_visible()
    keys = ["ArrowRight", "Enter", "ArrowRight", "ArrowRight", "k"]
    assert len(keys) <= MAX_KEYS
    for key in keys[:2]:
        page.keyboard.press(key)
    expect(cards.locator("visible=true")).to_have_count(4)
    third = cards.nth(2).get_attribute("id")
    assert find_violations(page) == []
    for key in keys[2:]:
        page.keyboard.press(key)
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(f"#{third}").get_by_role("link", name=PROMPT, exact=True)).to_be_focused()
    expect(page.locator(".stack")).to_have_count(0)

    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("3 videos restored.")).to_be_visible()
    expect(page.locator(".stack .card").first).to_have_attribute("id", str(third))  # it stands for all


def test_a_take_is_rated_and_rejected_by_keys_and_a_closed_stack_is_counted(page: Page, stack: Locator):
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(page.locator("#bulk [data-count]")).to_have_text("4")
    expect(stack.locator(".card")).to_have_count(4)
    page.keyboard.press("Escape")

    page.keyboard.press("k")  # nobody rejects what is not in view: it opens
    expect(stack.locator(".card").locator("visible=true")).to_have_count(4)
    page.keyboard.press("4")
    lead = stack.locator(".card").first
    expect(lead.get_by_role("radio", name="4 of 5")).to_be_checked()
    expect(lead.locator(".rating--set")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    expect(stack.locator(".card")).to_have_count(3)
    expect(stack.get_by_role("button", name="3 takes")).to_be_visible()
    page.locator(".filters-menu summary").click()
    page.locator("#filter-rating").select_option("4")
    page.wait_for_url(re.compile("rating=4"))
    expect(page.locator(".card")).to_have_count(1)


def test_the_comparison_decides(page: Page, stack: Locator):
    stack.get_by_role("button", name="4 takes").click()
    stack.get_by_role("link", name="Compare").click()
    takes = page.locator(".take")
    expect(takes).to_have_count(4)
    expect(page.locator(".take--chosen")).to_have_count(1)  # the script has begun to listen
    page.keyboard.press("m")
    muted = "videos => videos.map(video => video.muted)"
    assert page.locator(".take__player").evaluate_all(muted) == [False, True, True, True]
    page.keyboard.press("3")
    assert page.locator(".take__player").evaluate_all(muted) == [True, True, False, True]
    takes.nth(1).locator("video").click()
    assert page.locator(".take__player").evaluate_all(muted) == [True, False, True, True]

    page.keyboard.press("f")
    expect(takes.nth(1).get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("4")
    page.keyboard.press("x")
    expect(takes).to_have_count(3)
    assert find_violations(page, [("dark", 390), ("light", 1280)]) == []
    page.keyboard.press("2")
    page.keyboard.press("u")
    page.get_by_role("button", name="Move 2 videos to the trash").click()
    expect(takes).to_have_count(1)
    expect(page.locator("#toasts").get_by_role("button", name="Undo").last).to_be_visible()


def test_on_a_phone_the_stack_opens_and_one_is_kept_by_touch(
    browser: Browser, studio: Studio, stack: Locator
):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with browser.new_context(**phone) as context:
        page = context.new_page()
        sign_in(page, studio)
        page.goto(f"{studio.url}/library/?q=heron+lagoon")
        page.get_by_role("button", name="4 takes").tap()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Keep take 2, reject the others").tap()
        expect(page.locator(".card")).to_have_count(1)
        page.locator("#toasts").get_by_role("button", name="Undo").tap()
        expect(page.locator(".stack .card")).to_have_count(4)


def test_without_a_script_a_stack_leads_to_its_takes(browser: Browser, studio: Studio, stack: Locator):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, studio)
        page.goto(f"{studio.url}/library/?q=heron+lagoon")
        page.get_by_role("link", name="4 takes").click()
        expect(page.locator(".card").locator("visible=true")).to_have_count(4)


def test_the_last_frame_is_the_first_of_the_next_with_one_click_and_one_key(
    page: Page, studio: Studio, stack: Locator
):
    prompt = page.get_by_role("textbox", name="Prompt")
    page.goto(studio.url)
    prompt.fill("And then it lands")
    page.get_by_text("9:16", exact=True).click()
    card = page.locator(".card--completed", has_text=PROMPT).locator("visible=true").first
    card.get_by_role("link", name=PROMPT, exact=True).focus()
    page.keyboard.press("i")
    first = page.locator("#reference")
    expect(first.locator(".reference__image")).to_have_attribute("src", re.compile("/thumbnail"))
    expect(page.get_by_role("radio", name="16:9")).to_be_checked()
    expect(prompt).to_have_value("And then it lands")
    page.get_by_role("button", name="Remove first frame").click()

    page.goto(f"{studio.url}/library/?q=heron+lagoon")
    card.locator(".media").hover()
    card.get_by_role("button", name="as first frame").click()
    page.wait_for_url(re.compile(r"\?reference="))
    expect(first.locator(".reference__image")).to_have_attribute("src", re.compile("/thumbnail"))
    expect(page.get_by_role("radio", name="16:9")).to_be_checked()
    expect(prompt).to_have_value("And then it lands")
    page.get_by_role("link", name="Clear").click()


def test_a_failed_video_is_found_and_mended_in_three_clicks(page: Page, studio: Studio, stack: Locator):
    done = studio.manage("shell", "-c", FAIL)
    assert done.returncode == 0, done.stderr
    clicks = [
        lambda: page.get_by_role("link", name="Library", exact=True).first.click(),
        lambda: (
            page.locator(".card--failed", has_text=REFUSED).get_by_role("link", name="Edit prompt").click()
        ),
        lambda: page.get_by_role("button", name="Generate").click(),
    ]
    assert len(clicks) <= MAX_CLICKS
    clicks[0]()
    clicks[1]()
    prompt = page.get_by_role("textbox", name="Prompt")
    expect(prompt).to_have_value(REFUSED)
    prompt.fill("A crane in a meadow")
    clicks[2]()
    expect(page.locator(".card", has_text="A crane in a meadow")).to_have_count(1)
