"""Every page under the rules of axe, in both themes, at the width of a phone and of a desk, empty and full.

The pages are those of the URL configuration: a page that is added is looked at without being named here. Each
is opened once and looked at from all sides, because opening it is what takes the time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import only, sign_in
from tests.e2e.looks import EVERY_LOOK, violations
from tests.factories import PASSWORD
from tests.studio import Studio

pytestmark = pytest.mark.e2e

# Not ours to mend, or not pages.
ELSEWHERE = ("admin", "api", "ninja", "openai")
# Where there is little to see, each theme and each width is seen once.
LOOKS = {"erin": EVERY_LOOK, "finn": [("dark", 390), ("light", 1280)]}
# 320 px is a desk's 1280 at 400 %, 640 px at 200 %.
NARROW = (320, 360, 640)
NOWHERE = "/videos/video_nobody_has/"
BUSY, NEW = LOOKS  # one with something of everything, and one who has only just come

_PEOPLE = f"""
from tests.factories import UserFactory
UserFactory(username="{BUSY}", is_staff=True, is_superuser=True)
UserFactory(username="{NEW}")"""

# One video in every state that stays as it is, one in the trash, and a character, however far it has come.
_EVERYTHING = f"""
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from tests.factories import VideoFactory
from videos import casting, keeping
from videos.models import Backend, PromptTemplate, State, Video
erin, now = User.objects.get(username="{BUSY}"), timezone.now()
later = now + timedelta(hours=1)
common = dict(owner=erin, backend=Backend.objects.for_environment())
VideoFactory(**common, state=State.FAILED)
VideoFactory(**common, state=State.CANCELED)
VideoFactory(**common, state=State.UNCERTAIN, due_at=None)
VideoFactory(**common, state=State.IN_PROGRESS, progress=40, due_at=later, deadline_at=later)
VideoFactory(**common, state=State.FAILED, trashed_at=now, prompt="Thrown away")
finished = Video.objects.get(public_id="%s")
keeping.favourite([finished], on=True)
keeping.tag(erin, [finished], "autumn spot")
keeping.note(finished, "The one for the client")
PromptTemplate.objects.create(owner=erin, title="Mine", prompt="A {{bird}} in the reeds", seconds=4)
print(casting.make_from(erin, "Mara", finished).public_id)"""


@dataclass
class Seen:
    """What there was to complain about, page by page."""

    pages: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    no_way_in: list[str] = field(default_factory=list)


def _shell(studio: Studio, code: str) -> str:
    done = studio.manage("shell", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def known(studio: Studio) -> dict[str, str]:
    """What addresses are opened with: a finished video, a shared template; and, by name, a character."""
    _shell(studio, _PEOPLE)
    picture = studio.log.with_name("lake.png")
    Image.new("RGB", (320, 200), "teal").save(picture)
    start = ("--user", BUSY, "--wait", "--reference", str(picture))
    made = studio.manage("generate_video", "A quiet lake at dawn", *start)
    assert made.returncode == 0, made.stderr
    video = made.stdout.strip()
    return {"public_id": video, "pk": "1", "character": _shell(studio, _EVERYTHING % video)}


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


def _pages(page: Page, studio: Studio, known: dict[str, str]) -> list[str]:
    """Those addresses that answer with a whole page, without having led elsewhere."""
    found = []
    more = [
        f"/characters/{known['character']}/delete",
        "/?template=1",
        f"/?like={known['public_id']}",
        *_of_an_image(page, studio),
    ]
    for address in [*_addresses(known), *more]:
        answer = page.request.get(f"{studio.url}{address}", max_redirects=0)
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        if answer.status == 200 and is_page and "<html" in answer.text():
            found.append(address)
    return found


def _of_an_image(page: Page, studio: Studio) -> list[str]:
    """The pages of the newest reference image, where there is one."""
    link = re.search(r"/references/ref_\w+/", page.request.get(f"{studio.url}/references/").text())
    return [f"{link[0]}name", f"{link[0]}delete"] if link else []


def _too_wide(page: Page) -> list[str]:
    found = []
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 640})
        room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        if room[0] > room[1]:
            found.append(f"{page.url} is {room[0]} px wide at {width}")
    return found


def _has_way_in(page: Page) -> bool:
    """Whether the first thing that Tab comes to leads to the content, and the page has one heading."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    name = page.evaluate("document.activeElement.innerText || ''").strip()
    page.keyboard.press("Enter")
    arrived = page.evaluate("document.activeElement.id") == "main"
    return name == "Skip to content" and arrived and page.locator("h1").count() == 1


@pytest.fixture(scope="module", params=[BUSY, NEW])
def seen(request: pytest.FixtureRequest, browser: Browser, studio: Studio, known: dict[str, str]) -> Seen:
    """Every page, seen by somebody."""
    seen = Seen()
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        sign_in(page, studio, request.param, PASSWORD)
        seen.pages = _pages(page, studio, known)
        for path in seen.pages:
            page.goto(f"{studio.url}{path}")
            seen.violations += violations(page, LOOKS[request.param])
            seen.too_wide += _too_wide(page)
            if not _has_way_in(page):
                seen.no_way_in.append(path)
    return seen


def test_no_page_breaks_a_rule(seen: Seen):
    assert {"/", "/library/", "/trash/", "/templates/", "/accounts/password/change/"} <= set(seen.pages)
    assert seen.violations == []


def test_no_page_scrolls_sideways(seen: Seen):
    assert seen.too_wide == []


def test_every_page_begins_with_a_way_to_its_content(seen: Seen):
    assert seen.no_way_in == []


def test_what_is_folded_away_breaks_no_rule(
    browser: Browser, studio: Studio, known: dict[str, str], complaints: list[str]
):
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(studio.url)
        found = violations(page) + _too_wide(page)
        sign_in(page, studio, BUSY, PASSWORD)
        page.goto(f"{studio.url}{NOWHERE}")
        only(complaints, 404)
        found += violations(page) + _too_wide(page)
        page.goto(studio.url)
        _open_everything(page)
        found += violations(page)
        page.locator("main").focus()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        found += violations(page)
    assert found == []


def _open_everything(page: Page) -> None:
    """What a page keeps folded away: the account's menu, and the notes."""
    page.locator("summary[aria-label^='Account']").click()
    for event in (
        "document.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Gone.', undo: '/x'}}))",
        "window.dispatchEvent(new Event('offline'))",
    ):
        page.evaluate(event)
    page.wait_for_timeout(400)  # the notes fade in, and half faded is half the contrast
