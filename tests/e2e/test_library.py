"""The library in a real browser: search, selection, trash, download and comparison."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import USERNAME, assert_only_status, sign_in
from tests.studio import Studio, wait_until

pytestmark = pytest.mark.e2e

_PROMPTS = [f"A kite number {number} over the dunes" for number in range(4)]


@pytest.fixture(scope="module")
def kites(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The ids of four videos; the last one is in portrait format."""
    sizes = ["1280x720", "1280x720", "1280x720", "720x1280"]
    batch = tmp_path_factory.mktemp("batch") / "kites.csv"
    rows = [f"{prompt},{size}" for prompt, size in zip(_PROMPTS, sizes, strict=True)]
    batch.write_text("\n".join(["prompt,size", *rows]))
    made = studio.manage("generate_batch", str(batch), "--user", USERNAME, "--wait")
    assert made.returncode == 0, made.stderr
    return made.stdout.split()


@pytest.fixture
def library(page: Page, studio: Studio, kites: list[str]) -> Page:
    page.goto(f"{studio.url}/library/?q=kite")
    return page


def _card(page: Page, number: int) -> Locator:
    return page.locator(".card").filter(has_text=_PROMPTS[number])


def _box(page: Page, number: int) -> Locator:
    return _card(page, number).get_by_role("checkbox")


def test_search_and_filters_are_in_the_url_and_undone_by_going_back(page: Page, studio: Studio, kites):
    page.goto(f"{studio.url}/library/")
    page.get_by_role("searchbox").press_sequentially("KITE dunes", delay=20)
    page.wait_for_url(re.compile(r"q=KITE\+dunes$"))
    expect(page.locator(".card")).to_have_count(4)
    expect(page.get_by_role("searchbox")).to_be_focused()

    page.locator(".filters-menu summary").click()
    page.get_by_label("Resolution").select_option("720x1280")
    page.wait_for_url(re.compile(r"q=KITE\+dunes&size=720x1280"))
    expect(page.locator(".card")).to_have_count(1)
    expect(page.get_by_role("option", name="1280\u00d7720 (3)")).to_have_count(1)

    page.go_back()
    page.wait_for_url(re.compile(r"q=KITE\+dunes$"))
    expect(page.locator(".card")).to_have_count(4)
    expect(page.get_by_label("Resolution")).to_have_value("")
    page.get_by_role("link", name="Remove filter “KITE dunes”").click()
    page.wait_for_url(re.compile(r"/library/$"))
    expect(page.get_by_role("searchbox")).to_have_value("")
    page.get_by_role("searchbox").press_sequentially("dunes", delay=20)
    page.wait_for_url(re.compile(r"q=dunes$"))


def test_both_dates_are_chosen_in_one_menu(library: Page):
    library.locator(".filters-menu summary").click()
    library.get_by_label("From").fill("2020-01-02")
    expect(library.get_by_role("link", name="Remove filter From 2 Jan 2020")).to_be_visible()
    expect(library.get_by_label("Until"), "the filters were replaced, but the menu is open").to_be_visible()
    library.get_by_label("Until").fill("2020-02-03")
    expect(library.get_by_role("link", name="Remove filter Until 3 Feb 2020")).to_be_visible()
    expect(library.locator(".card")).to_have_count(0)
    library.keyboard.press("Escape")
    expect(library.get_by_label("Until", exact=True)).to_be_hidden()
    library.get_by_role("link", name="Remove filter From 2 Jan 2020").click()
    expect(library.locator("#filter-since")).to_have_value("")
    expect(library.locator("#filter-until")).to_have_value("2020-02-03")


def test_the_first_pictures_are_near_the_top_and_their_size_is_chosen_by_keyboard(library: Page):
    address = library.url
    library.get_by_role("link", name="Clear all").click()
    expect(library.locator(".results--dated")).to_have_count(1)
    assert library.locator(".card .media").first.bounding_box()["y"] < 200
    library.goto(address)
    cards = library.locator("#cards")
    sizes = library.locator(".card").evaluate_all("cards => cards.map(card => card.offsetHeight)")
    library.locator(".view summary").focus()
    library.keyboard.press("Enter")
    library.keyboard.press("Tab")
    expect(library.get_by_role("radio", name="Medium")).to_be_focused()
    library.keyboard.press("ArrowLeft")
    expect(cards).to_have_attribute("data-density", "small")
    smaller = library.locator(".card").evaluate_all("cards => cards.map(card => card.offsetHeight)")
    assert all(now < before for now, before in zip(smaller, sizes, strict=True))
    assert 'data-density="small"' in library.request.get(library.url).text(), "the server draws it so"
    _card(library, 0).get_by_role("link", name=_PROMPTS[0], exact=True).focus()
    expect(_card(library, 0).locator(".card__text")).to_have_css("opacity", "1")
    library.context.clear_cookies(name=re.compile("library_view"))


def test_what_is_in_view_plays_where_it_is_asked_for(library: Page):
    playing = library.locator(".preview")
    expect(playing).to_have_count(0)
    library.locator(".view summary").click()
    library.get_by_role("checkbox", name="Play what is in view").check()
    expect(playing).to_have_count(4)
    wait_until(lambda: playing.evaluate_all("all => all.every(each => each.muted && each.currentTime > 0)"))
    library.emulate_media(reduced_motion="reduce")
    expect(playing).to_have_count(0)
    library.emulate_media(reduced_motion="no-preference")
    expect(playing).to_have_count(4)
    library.get_by_role("checkbox", name="Play what is in view").uncheck()
    expect(playing).to_have_count(0)


def test_a_finger_selects_by_holding_and_goes_through_a_video(
    browser: Browser, studio: Studio, kites: list[str]
):
    with browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        sign_in(page, studio)
        page.goto(f"{studio.url}/library/?q=kite")
        address = page.url
        finger = context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            touches = [{"x": x, "y": y} for x, y in points]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        def middle(number: int) -> tuple[float, float]:
            box = _card(page, number).locator(".media").bounding_box()
            return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        columns = {round(box["x"]) for box in (card.bounding_box() for card in page.locator(".card").all())}
        assert len(columns) == 2
        x, y = middle(2)
        scrub = _card(page, 2).locator(".scrub")

        def drag() -> bool:
            touch("touchStart", (x, y))
            for step in range(5):
                touch("touchMove", (x + 12 * step, y))
            is_shown = scrub.is_visible()
            touch("touchEnd")
            return is_shown

        wait_until(drag)  # its frames arrive with the first one
        expect(scrub).to_be_hidden()
        expect(page.locator(".media video")).to_have_count(0)

        touch("touchStart", (x, y))
        expect(_box(page, 2)).to_be_checked()
        touch("touchEnd")
        expect(_box(page, 2)).to_be_checked()
        page.touchscreen.tap(*middle(3))
        expect(page.locator("[data-count]")).to_have_text("2")
        page.touchscreen.tap(*middle(2))
        expect(page.locator("[data-count]")).to_have_text("1")
        assert page.url == address, "a tap selects, and opens nothing"
        page.go_back()
        expect(page.get_by_role("form", name="Selected videos")).to_be_hidden()
        assert page.url == address
        assert find_violations(page, [("dark", 390), ("light", 390)]) == []
        page.touchscreen.tap(*middle(2))
        expect(page.locator(".media video")).to_have_count(1)


def test_a_range_is_selected_by_shortcut_and_tagged(library: Page):
    _card(library, 3).get_by_role("link").first.focus()
    library.keyboard.press("x")
    _card(library, 1).get_by_role("link").first.focus()
    library.keyboard.press("Shift+X")
    expect(library.locator("[data-count]")).to_have_text("3")
    expect(_box(library, 0)).not_to_be_checked()

    bar = library.get_by_role("form", name="Selected videos")
    bar.locator("summary", has_text="Tag").click()
    library.locator("#bulk-tag").fill("Autumn spot")
    library.keyboard.press("Enter")

    expect(library.locator("#toasts")).to_contain_text("3 videos tagged")
    expect(library.get_by_role("link", name="#Autumn spot")).to_have_count(3)
    expect(library.locator(".card__select input:checked")).to_have_count(3)
    expect(library.locator("option", has_text="Autumn spot (3)")).to_have_count(1)
    library.evaluate("document.activeElement.blur()")
    library.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    _box(library, 0).click()
    _box(library, 2).click(modifiers=["Shift"])
    expect(library.locator("[data-count]")).to_have_text("3")


def test_videos_are_trashed_and_restored(library: Page, studio: Studio, kites: list[str]):
    for number in (0, 1):
        _card(library, number).hover()
        _box(library, number).check()
    library.get_by_role("button", name="Trash").click()
    expect(_card(library, 0)).to_have_count(0)
    expect(library.locator("#toasts")).to_contain_text("2 videos moved to the trash.")
    assert library.request.get(f"{studio.url}/videos/{kites[0]}/video.mp4").ok, "its owner can still see it"
    library.get_by_role("button", name="Undo").click()
    expect(library.locator(".card")).to_have_count(4)

    library.get_by_role("link", name=_PROMPTS[0], exact=True).click()
    library.get_by_role("button", name="Move to trash").click()
    expect(library.get_by_role("heading", name="Library")).to_be_visible()
    library.get_by_role("link", name="Trash", exact=True).click()
    expect(library.locator(".card")).to_have_count(1)
    library.get_by_role("button", name=re.compile("^Restore “")).click()
    library.goto(f"{studio.url}/library/?q=kite")
    expect(library.locator(".card")).to_have_count(4)


def test_a_zip_contains_the_selected_videos(library: Page, tmp_path: Path, kites: list[str]):
    for number in (1, 2):
        _card(library, number).hover()
        _box(library, number).check()
    with library.expect_download() as download:
        library.get_by_role("button", name="ZIP").click()
    path = tmp_path / "videos.zip"
    download.value.save_as(path)
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        names = [f"a-kite-number-{number}-over-the-dunes" for number in (2, 1)]
        assert archive.namelist() == [f"{name}.{kind}" for name in names for kind in ("json", "mp4")]
        assert json.loads(archive.read(f"{names[0]}.json"))["id"] == kites[2]
        assert archive.read(f"{names[0]}.mp4")[4:8] == b"ftyp"


def test_two_videos_are_compared_in_sync(library: Page):
    for number in (2, 3):
        _card(library, number).hover()
        _box(library, number).check()
    library.get_by_role("button", name="Compare").click()
    expect(library.get_by_role("heading", name="Compare")).to_be_visible()
    expect(library.locator("mark")).to_have_text(["3 ", "2 "])
    videos = library.locator(".take__player")

    def times() -> list[float]:
        return videos.evaluate_all("videos => videos.map(video => video.currentTime)")

    wait_until(lambda: videos.evaluate_all("videos => videos.every(video => video.readyState >= 2)"))
    library.keyboard.press("Space")
    wait_until(lambda: min(times()) > 0.5)
    library.keyboard.press("Space")
    wait_until(lambda: videos.evaluate_all("videos => videos.every(video => video.paused && !video.seeking)"))
    assert max(times()) - min(times()) < 0.01
    library.get_by_role("slider").fill("3")
    wait_until(lambda: times() == [3, 3])
    library.keyboard.press("Home")
    wait_until(lambda: times() == [0, 0])


def test_selected_videos_are_trashed_without_javascript(browser: Browser, studio: Studio, kites: list[str]):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, studio)
        page.goto(f"{studio.url}/library/")
        page.get_by_role("searchbox").fill("kite")
        page.keyboard.press("Enter")
        expect(page.locator(".card")).to_have_count(4)
        _box(page, 3).check()
        page.get_by_role("button", name="Trash").click()
        expect(page.locator(".messages")).to_contain_text("1 video moved to the trash.")
        expect(page.locator(".card")).to_have_count(3)
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".card")).to_have_count(4)


def test_library_pages_violate_no_accessibility_rule(
    library: Page, studio: Studio, kites: list[str], browser_errors: list[str]
):
    compared = f"/compare?id={kites[1]}&id={kites[3]}"
    found = []
    for path in ("/library/?q=kite&status=completed", "/trash/", "/trash/empty", compared, "/compare"):
        library.goto(f"{studio.url}{path}")
        for box in library.locator(".card__select input").all()[:2]:
            box.dispatch_event("click")
        for summary in library.locator("#bulk summary", has_text="Tag").all():
            summary.click()
        found += find_violations(library)
        for width in (390, 1280):
            library.set_viewport_size({"width": width, "height": 844})
            fits = library.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert fits, f"{path} is too wide at {width}"
    assert_only_status(browser_errors, 400)  # /compare without videos
    assert found == []
