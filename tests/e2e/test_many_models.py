"""The composer with 300 models in a real browser: by keyboard, by touch, and without JavaScript."""

import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import sign_in, start_studio
from tests.studio import NewDataDir, Studio

pytestmark = pytest.mark.e2e
_MODELS = """
from videos.models import Backend, VideoModel
sizes = ["1280x720", "720x1280", "1920x1080", "1080x1920", "1000x300"]
Backend.objects.for_environment().models.add(*VideoModel.objects.bulk_create(
    VideoModel(name=f"{maker}/{word}-{n}", label=f"{word.title()} {n}", sizes=sizes, seconds=[5, 10],
               price_per_second={"1920x1080": "0.20", "*": "0.10"}, has_sound=True, position=n)
    for maker, word in (("google", "veo"), ("luma", "ray"), ("alibaba", "wan")) for n in range(1, 101)))
"""


@pytest.fixture(scope="module")
def crowded(
    services: dict[str, str],
    simulator: str,
    new_data_dir: NewDataDir,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Studio]:
    """A studio whose simulator serves 302 models."""
    data_dir = new_data_dir(tmp_path_factory.mktemp("crowded") / "data")
    running = start_studio({**services, "SIMULATOR_URL": simulator}, data_dir)
    try:
        made = running.manage("shell", "--no-imports", "-c", _MODELS)
        assert made.returncode == 0, made.stderr
        yield running
    finally:
        running.stop(signal.SIGINT)


@pytest.fixture
def studio_page(context: BrowserContext, crowded: Studio) -> Page:
    page = context.new_page()
    sign_in(page, crowded)
    return page


def test_a_model_is_searched_starred_and_chosen_by_keyboard(studio_page: Page):
    page = studio_page
    page.get_by_role("textbox", name="Prompt").fill("A heron")
    page.get_by_role("button", name="302 models").press("Enter")
    search = page.get_by_role("searchbox", name="Search models")
    expect(search).to_be_focused()
    expect(page.locator(".model-row")).to_have_count(100)

    page.keyboard.type("wan 77")
    expect(page.locator(".model-row")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Favourite Wan 77")).to_be_focused()
    page.keyboard.press("Enter")
    star = page.get_by_role("button", name="Favourite Wan 77")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()

    search.fill("")
    expect(page.get_by_role("heading", name="Your favourites")).to_be_visible()
    search.press("ArrowDown")
    expect(page.locator(".model-row__choose").first).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("radio", name="Wan 77")).to_be_checked()
    expect(
        page.get_by_role("status").get_by_text("Wan 77 has other settings: 4 s is now 5 s.")
    ).to_be_visible()
    expect(page.get_by_role("button", name="302 models")).to_be_focused()
    expect(page.locator("[data-price]")).to_have_text("$0.50")


def test_a_video_of_ratio_and_resolution(studio_page: Page):
    page = studio_page
    _choose(page, "veo 12")
    composer = page.locator("#composer")
    composer.get_by_text("9:16", exact=True).click()
    composer.get_by_text("1080p").click()
    expect(composer.get_by_text("1080\u00d71920")).to_be_visible()
    expect(page.locator("[data-price]")).to_have_text("$0.50")
    composer.get_by_text("Other", exact=True).click()
    expect(page.get_by_role("radio", name="720p")).to_have_count(0)
    expect(page.get_by_role("radio", name="1000\u00d7300")).to_be_checked()
    composer.get_by_text("16:9", exact=True).click()
    composer.get_by_text("1080p").click()
    expect(page.locator("[data-price]")).to_have_text("$1.00")
    page.get_by_role("textbox", name="Prompt").fill("A kite")
    page.get_by_role("button", name="Generate").click()
    card = page.locator(".card").first
    expect(card).to_contain_text("A kite")
    expect(card).to_contain_text("1920\u00d71080")
    expect(page.get_by_role("radio", name="Veo 12")).to_be_checked()

    page.reload()
    expect(page.get_by_role("radio", name="Veo 12")).to_be_checked()
    expect(page.get_by_role("radio", name="1080p")).to_be_checked()
    page.get_by_role("button", name="302 models").click()
    expect(page.get_by_role("heading", name="Last used")).to_be_visible()


def test_settings_that_do_not_come_leave_the_model_as_it_was(studio_page: Page, browser_errors: list[str]):
    page = studio_page
    expect(page.get_by_role("button", name="302 models")).to_be_visible()
    before = page.locator("input[name='model']:checked").input_value()
    page.route(re.compile("/models/settings"), lambda route: route.fulfill(status=500))
    page.get_by_role("button", name="302 models").click()
    _search(page, "ray 50")
    page.get_by_role("button", name="Ray 50 luma/ray-50").click()
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()
    assert page.locator("input[name='model']:checked").input_value() == before
    browser_errors.clear()


def test_by_touch_on_a_phone(browser: Browser, crowded: Studio):
    with browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        sign_in(page, crowded)
        page.get_by_role("button", name="Settings").tap()
        page.get_by_role("button", name="302 models").tap()
        _search(page, "ray 33")
        for target in (
            page.locator(".model-row__choose"),
            page.get_by_role("button", name="Favourite Ray 33"),
        ):
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            assert box["width"] >= 44
        page.get_by_role("button", name="Ray 33 luma/ray-33").tap()
        expect(page.get_by_role("radio", name="Ray 33")).to_be_checked()
        page.get_by_text("9:16", exact=True).tap()
        page.get_by_role("textbox", name="Prompt").fill("A tram")
        page.get_by_role("button", name="Generate").tap()
        expect(page.locator(".card").first).to_contain_text("A tram")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_template_is_for_a_model_of_the_list(studio_page: Page, crowded: Studio):
    page = studio_page
    page.goto(f"{crowded.url}/templates/new")
    page.get_by_role("button", name="Choose").click()
    _search(page, "wan-88")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Model")).to_have_value("alibaba/wan-88")
    page.get_by_label("Title").fill("Birds")
    page.get_by_label("Prompt").fill("A heron in the reeds")
    page.get_by_role("button", name="Save template").click()
    page.get_by_role("link", name="Birds", exact=True).click()
    expect(page.get_by_role("radio", name="Wan 88")).to_be_checked()


def test_without_javascript(browser: Browser, crowded: Studio):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, crowded)
        page.get_by_label("Prompt", exact=True).fill("A fox & a kite")
        page.get_by_role("button", name="302 models").click()
        page.get_by_role("searchbox", name="Search models").fill("veo 41")
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_role("button", name="Veo 41 google/veo-41").click()
        expect(page.get_by_label("Prompt", exact=True)).to_have_value("A fox & a kite")
        expect(page.get_by_role("radio", name="Veo 41")).to_be_checked()
        page.get_by_text("9:16", exact=True).click()
        page.get_by_text("1080p").click()
        page.get_by_role("button", name="Generate").click()
        card = page.locator(".card").first
        expect(card).to_contain_text("A fox & a kite")
        expect(card).to_contain_text("1080\u00d71920")


def test_it_has_no_accessibility_violations(studio_page: Page, crowded: Studio):
    page = studio_page
    found = find_violations(page)
    page.get_by_role("button", name="302 models").click()
    expect(page.locator(".model-row").first).to_be_visible()
    found += find_violations(page)
    page.goto(f"{crowded.url}/models/?q=veo+1")
    found += find_violations(page)
    assert found == []


def _choose(page: Page, words: str) -> None:
    page.get_by_role("button", name="302 models").click()
    _search(page, words)
    page.locator(".model-row__choose").first.click()
    expect(page.locator(".model-dialog[open]")).to_have_count(0)


def _search(page: Page, words: str) -> None:
    """Search for a single model, after the whole list has come: htmx reports a request that it replaces."""
    expect(page.locator(".model-row")).to_have_count(100)
    page.get_by_role("searchbox", name="Search models").fill(words)
    expect(page.locator(".model-row")).to_have_count(1)
