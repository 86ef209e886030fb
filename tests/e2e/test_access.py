"""Every page under the rules of axe, in both themes, at the width of a phone and of a desk.

The pages are those of the URL configuration: a page that is added is looked at without being named here.
"""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import USERNAME, sign_in
from tests.running import Studio

pytestmark = pytest.mark.e2e

# Not ours to mend, or not pages.
ELSEWHERE = ("admin", "api", "ninja", "openai")


@pytest.fixture(scope="module")
def a_video(studio: Studio) -> str:
    picture = studio.log.with_name("lake.png")
    Image.new("RGB", (320, 200), "teal").save(picture)
    start = ("--reference", str(picture))
    made = studio.manage("generate_video", "A quiet lake at dawn", "--user", USERNAME, "--wait", *start)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture(scope="module")
def a_character(studio: Studio, a_video: str) -> str:
    """Made of the video; how far it has come does not matter."""
    make = (
        "from videos.models import Video; from videos.casting import make_from;"
        f"video = Video.objects.get(public_id='{a_video}');"
        "print(make_from(video.owner, 'Mara', video).public_id)"
    )
    made = studio.manage("shell", "-v", "0", "-c", make)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def _names(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[tuple[str, set[str]]]:
    """The name and the arguments of every address."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = pattern.namespace or ""
            if not inner.startswith(ELSEWHERE):
                yield from _names(pattern.url_patterns, f"{inner}:" if inner else namespace)
        elif pattern.name:
            yield namespace + pattern.name, set(pattern.pattern.converters)


def _addresses(known: dict[str, str]) -> list[str]:
    """Every address; one with an argument that `known` does not name fails here, so that it is added."""
    found = []
    for name, arguments in _names(get_resolver("contentgen.urls").url_patterns):
        assert arguments <= known.keys(), f"Say in this test what {name} is to be opened with"
        found.append(reverse(name, kwargs={argument: known[argument] for argument in arguments}))
    return found


def _pages(page: Page, studio: Studio, a_video: str, a_character: str) -> list[str]:
    """Those addresses that answer with a whole page, without having led elsewhere."""
    found = []
    more = [
        f"/characters/{a_character}/delete",
        "/?template=1",
        f"/?like={a_video}",
        *_of_an_image(page, studio),
    ]
    for address in [*_addresses({"public_id": a_video, "pk": "1"}), *more]:
        answer = page.request.get(f"{studio.url}{address}", max_redirects=0)
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        if answer.status == 200 and is_page and "<html" in answer.text():
            found.append(address)
    return found


def _of_an_image(page: Page, studio: Studio) -> list[str]:
    """The pages of the image that the video was made from."""
    link = re.search(r"/references/ref_\w+/", page.request.get(f"{studio.url}/references/").text())
    assert link is not None
    return [f"{link[0]}name", f"{link[0]}delete"]


def _violations(page: Page) -> list[str]:
    return [
        f"{page.url}: {rule['id']}: {node['target']}"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]


def _open_everything(page: Page) -> None:
    """What a page keeps folded away: the account's menu, and the notes."""
    page.locator("summary[aria-label^='Account']").click()
    for event in (
        "document.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Gone.', undo: '/x'}}))",
        "window.dispatchEvent(new Event('offline'))",
    ):
        page.evaluate(event)
    page.wait_for_timeout(400)  # the notes fade in, and half faded is half the contrast


@pytest.mark.parametrize(("theme", "width"), [("dark", 390), ("light", 1280)])
def test_no_page_breaks_a_rule(
    browser: Browser, studio: Studio, a_video: str, a_character: str, theme: str, width: int
):
    with browser.new_context(color_scheme=theme, viewport={"width": width, "height": 844}) as context:
        page = context.new_page()
        page.goto(studio.url)
        found = _violations(page)
        sign_in(page, studio)
        pages = _pages(page, studio, a_video, a_character)
        assert {"/", "/library/", f"/videos/{a_video}/", "/accounts/password/change/"} <= set(pages)
        for path in [*pages, "/videos/video_nobody_has/"]:
            page.goto(f"{studio.url}{path}")
            found += _violations(page)
        page.goto(studio.url)
        _open_everything(page)
        found += _violations(page)
        page.locator("main").focus()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        found += _violations(page)
    assert found == []


# 320 px is a desk's 1280 at 400 %, 640 px at 200 %.
@pytest.mark.parametrize("width", [320, 360, 640])
def test_no_page_scrolls_sideways(
    browser: Browser, studio: Studio, a_video: str, a_character: str, width: int
):
    with browser.new_context(viewport={"width": width, "height": 640}, reduced_motion="reduce") as context:
        page = context.new_page()
        sign_in(page, studio)
        for path in [*_pages(page, studio, a_video, a_character), "/videos/video_nobody_has/"]:
            page.goto(f"{studio.url}{path}")
            room = page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            )
            assert room[0] <= room[1], f"{path} is {room[0]} px wide"


def test_every_page_begins_with_a_way_to_its_content(
    page: Page, studio: Studio, a_video: str, a_character: str
):
    for path in _pages(page, studio, a_video, a_character):
        page.goto(f"{studio.url}{path}")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        assert page.locator("h1").count() == 1
