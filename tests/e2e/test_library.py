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


def test_both_dates_are_chosen_in_one_menu(library: Page):
    days = library.locator(".filter--dates")
    days.get_by_text("Any date").click()
    library.get_by_label("From").fill("2020-01-02")
    expect(days.locator("summary")).to_have_text("From 2 Jan 2020")
    expect(
        library.get_by_label("Until"), "the filters were replaced, but the menu is still open"
    ).to_be_visible()
    library.get_by_label("Until").fill("2020-02-03")
    expect(days.locator("summary")).to_have_text("2 Jan 2020 – 3 Feb 2020")  # noqa: RUF001 - the page's en dash
    expect(library.locator(".card")).to_have_count(0)
    library.keyboard.press("Escape")
    expect(library.get_by_label("Until", exact=True)).to_be_hidden()
    library.get_by_role("link", name="Remove filter From 2 Jan 2020").click()
    expect(days.locator("summary")).to_have_text("Until 3 Feb 2020")


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
    expect(library.get_by_role("option", name="Autumn spot (3)")).to_have_count(1)
    library.get_by_role("heading", name="Library").click()
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
        found += find_violations(library)
        for width in (390, 1280):
            library.set_viewport_size({"width": width, "height": 844})
            fits = library.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert fits, f"{path} is too wide at {width}"
    assert_only_status(browser_errors, 400)  # /compare without videos
    assert found == []
