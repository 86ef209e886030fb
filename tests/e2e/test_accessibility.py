"""Accessibility of every page: axe, both themes, phone and desktop widths, with and without content.

The pages are taken from the URL configuration, so a new page is checked without being listed here. Each is
opened only once for all checks, because opening it takes most of the time.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import assert_only_status, sign_in
from tests.factories import PASSWORD
from tests.studio import Studio

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]  # one fixture opens all pages

# Third-party pages, or no pages at all.
EXCLUDED_NAMESPACES = ("admin", "api", "ninja", "openai")
# By user: each theme and each width for both, and all four together. A fault of contrast is one of a theme, a
# fault of layout one of a width; the two others for each page would double the time.
APPEARANCES = {"erin": [("dark", 390), ("light", 1280)], "finn": [("light", 390), ("dark", 1280)]}
# 320 px is a desktop's 1280 at a zoom of 400 %, 640 px at 200 %.
NARROW_WIDTHS = (320, 360, 640)
# A page is watched while it is opened: one user with an empty cache on a phone, the other with a full one.
SHIFT_WIDTHS = {"erin": 1280, "finn": 390}
MAX_SHIFT = 0.02
_READ_SHIFTS = """() => new Promise((resolve) => {
    const found = [];
    new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries()) {
            const moved = sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.nodeName);
            if (!hadRecentInput) found.push({ value, moved });
        }
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(found), 60);
})"""
NOT_FOUND = "/videos/video_nobody_has/"
BUSY, NEW = APPEARANCES  # a user with something of everything, and a new user

_CREATE_USERS = f"""
from tests.factories import UserFactory
UserFactory(username="{BUSY}", is_staff=True, is_superuser=True)
UserFactory(username="{NEW}")"""

# One video in every state that does not change by itself, one in the trash, and a character in any state.
_CREATE_CONTENT = f"""
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from tests.factories import VideoFactory
from videos.models import Backend, PromptTemplate, State, Video
from videos.services.characters import create_character_from_video
from videos.services.library import add_tag, set_favourite, set_note
erin, now = User.objects.get(username="{BUSY}"), timezone.now()
later = now + timedelta(hours=1)
common = dict(owner=erin, backend=Backend.objects.for_environment())
VideoFactory(**common, state=State.FAILED)
VideoFactory(**common, state=State.CANCELED)
VideoFactory(**common, state=State.UNCERTAIN, due_at=None)
VideoFactory(**common, state=State.IN_PROGRESS, progress=40, due_at=later, deadline_at=later)
VideoFactory(**common, state=State.FAILED, trashed_at=now, prompt="Thrown away")
finished = Video.objects.get(public_id="%s")
set_favourite([finished], on=True)
add_tag(erin, [finished], "autumn spot")
set_note(finished, "The one for the client")
PromptTemplate.objects.create(owner=erin, title="Mine", prompt="A {{bird}} in the reeds", seconds=4)
print(create_character_from_video(erin, "Mara", finished).public_id)"""

# One of each other thing that has pages. It prints the ids by the first part of their addresses, whose own
# `public_id` is not a video's.
_CREATE_OTHERS = f"""
import json
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from accounts.models import User
from billing.models import Scope
from billing.targets import Target, set_budget
from videos.models import ApprovalRequest, Batch, BatchRow, Collection, Video
from videos.services.collection_people import share_with
from videos.services.collections import create_collection
from videos.services.share_comments import add_comment
from videos.services.share_links import LinkOptions, create_link
from webhooks import endpoints
erin, now = User.objects.get(username="{BUSY}"), timezone.now()
finished = Video.objects.get(public_id="%s")
endpoint, _ = endpoints.create(erin, url="https://hooks.example.org/", kinds=["video.failed"])
endpoints.send_test(endpoint)
endpoints.pause(endpoint)
shelf = create_collection(erin, Collection(name="Autumn spot"), [finished])
share_with(erin, shelf, "{NEW}", "viewer")
link = create_link(erin, finished, LinkOptions("cut " * 20, allows_comments=True), days=3)
add_comment(link, finished, author=None, name="Dana", text="https://example.org/" + "x" * 300, network="")
spots = dict(name="Spots", state="completed", row_count=2, estimate=Decimal(1), started_at=now)
batch = Batch.objects.create(owner=erin, **spots)
Video.objects.filter(pk=finished.pk).update(batch=batch)
row = dict(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
BatchRow.objects.create(batch=batch, number=1, place="row 2", key="a", request=row, video=finished)
data = {{"requests": [{{"seconds": 12, "size": "1280x720"}}]}}
asked = ApprovalRequest.objects.create(
    owner=erin, kind="create", data=data, prompt="A paper boat", model="sora-2", count=4,
    price=Decimal("4.80"), expires_at=now + timedelta(days=14))
set_budget(Target(Scope.STUDIO), "month", Decimal(50))
print(json.dumps({{
    "webhooks": endpoint.public_id, "collections": shelf.public_id, "links": link.public_id,
    "batches": batch.public_id, "approvals": asked.public_id}}))"""


@dataclass
class AuditReport:
    """The problems of all pages that one user can open."""

    pages: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    without_skip_link: list[str] = field(default_factory=list)
    shifts: list[str] = field(default_factory=list)


def _shell(studio: Studio, code: str) -> str:
    done = studio.manage("shell", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def url_arguments(studio: Studio) -> dict[str, str]:
    """Values for the arguments of URLs: a finished video, a shared template; and the ids of other things, by
    the first part of their addresses.
    """
    _shell(studio, _CREATE_USERS)
    picture = studio.log.with_name("lake.png")
    Image.new("RGB", (320, 200), "teal").save(picture)
    start = ("--user", BUSY, "--wait", "--reference", str(picture))
    made = studio.manage("generate_video", "A quiet lake at dawn", *start)
    assert made.returncode == 0, made.stderr
    video = made.stdout.strip()
    return {
        "public_id": video,
        "pk": "1",
        "candidate_id": "1",
        "secret": "nonsense",
        "item": "nonsense",
        "provider_id": "oidc",
        "uidb36": "1",
        "key": "nonsense",
        "backend_id": "1",
        "ticket": "nonsense",
        "slug": "openrouter",
        "delivery_id": "1",
        "attempt": "1",
        "version": "1",
        "language": "de",
        "action": "retry",
        "characters": _shell(studio, _CREATE_CONTENT % video),
        **json.loads(_shell(studio, _CREATE_OTHERS % video)),
    }


def _names(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield the name and the arguments of every URL pattern."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = pattern.namespace or ""
            if not inner.startswith(EXCLUDED_NAMESPACES):
                yield from _names(pattern.url_patterns, f"{inner}:" if inner else namespace)
        elif pattern.name:
            yield namespace + pattern.name, set(pattern.pattern.converters)


def _paths(url_arguments: dict[str, str]) -> list[str]:
    """Return every path. An argument that `url_arguments` lacks fails the test, so that it is added there."""
    found = []
    for name, arguments in _names(get_resolver("contentgen.urls").url_patterns):
        assert arguments <= url_arguments.keys(), (
            f"Add a value for the arguments of {name} to the fixture url_arguments"
        )
        found.append(reverse(name, kwargs=_values(name, arguments, url_arguments)))
    return found


def _values(name: str, arguments: set[str], url_arguments: dict[str, str]) -> dict[str, str]:
    """Return the values of the arguments of this URL; an id is that of the kind of thing that it is about."""
    values = {argument: url_arguments[argument] for argument in arguments}
    if "public_id" in arguments:
        parts = reverse(name, kwargs=values).split("/")
        values["public_id"] = next(
            (url_arguments[part] for part in parts if part in url_arguments), values["public_id"]
        )
    return values


def _pages(page: Page, studio: Studio, url_arguments: dict[str, str]) -> list[str]:
    """Return the paths that response with a whole page, without a redirect."""
    found = []
    more = [
        "/?template=1",
        f"/?like={url_arguments['public_id']}",
        *_reference_paths(page, studio),
    ]
    for address in [*_paths(url_arguments), *more]:
        response = page.request.get(f"{studio.url}{address}", max_redirects=0)
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if response.status == 200 and is_page and "<html" in response.text():
            found.append(address)
    return found


def _reference_paths(page: Page, studio: Studio) -> list[str]:
    """Return the paths of the newest reference image, if there is one."""
    link = re.search(r"/references/ref_\w+/", page.request.get(f"{studio.url}/references/").text())
    return [f"{link[0]}name", f"{link[0]}delete"] if link else []


def _too_wide(page: Page) -> list[str]:
    found = []
    for width in NARROW_WIDTHS:
        page.set_viewport_size({"width": width, "height": 640})
        scroll_width, client_width = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        if scroll_width > client_width:
            found.append(f"{page.url} is {scroll_width} px wide at {width}")
    return found


def _layout_shift(page: Page) -> str:
    """Return how much of the page moved by itself since it was opened, and what; nothing if little."""
    shifts = page.evaluate(_READ_SHIFTS)
    total = sum(each["value"] for each in shifts)
    return f"{total:.3f} {shifts}" if total > MAX_SHIFT else ""


def _has_skip_link(page: Page) -> bool:
    """Return whether the first Tab stop skips to the content, and the page has exactly one h1."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    name = page.evaluate("document.activeElement.innerText || ''").strip()
    page.keyboard.press("Enter")
    is_focused = page.evaluate("document.activeElement.id") == "main"
    return name == "Skip to content" and is_focused and page.locator("h1").count() == 1


def _structure(page: Page) -> str:
    """Return the content's elements with their classes and the names of their attributes: all but words, and
    navigation, which differs by what people may do.
    """
    told: str = page.evaluate("""
        [...document.querySelectorAll("main, main *")].filter(each => !each.closest("nav")).map(each =>
        [each.localName, each.getAttribute("class"), ...each.getAttributeNames()].join(" ")).join()""")
    return told


@pytest.fixture(scope="module")
def structures() -> dict[str, str]:
    """By path, the structure of a page when it was looked at first."""
    return {}


def _confirm_identity(page: Page, studio: Studio) -> None:
    """Confirm who one is, or the pages that change how one signs in would not open."""
    page.goto(f"{studio.url}/accounts/reauthenticate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{studio.url}/")


@pytest.fixture(scope="module", params=[BUSY, NEW])
def report(
    request: pytest.FixtureRequest,
    browser: Browser,
    studio: Studio,
    url_arguments: dict[str, str],
    structures: dict[str, str],
) -> AuditReport:
    """What an audit of every page finds, as a busy user, and as a new one where that page is another."""
    report = AuditReport()
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        if request.param == NEW:
            page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
        sign_in(page, studio, request.param, PASSWORD)
        _confirm_identity(page, studio)
        report.pages = _pages(page, studio, url_arguments)
        for path in report.pages:
            page.set_viewport_size({"width": SHIFT_WIDTHS[request.param], "height": 844})
            page.goto(f"{studio.url}{path}")
            if shift := _layout_shift(page):
                report.shifts.append(f"{path}: {shift}")
            if (structure := _structure(page)) == structures.get(path):
                continue
            structures[path] = structure
            report.violations += find_violations(page, APPEARANCES[request.param])
            report.too_wide += _too_wide(page)
            if not _has_skip_link(page):
                report.without_skip_link.append(path)
    return report


def test_no_page_violates_a_rule(report: AuditReport):
    assert {
        "/",
        "/library/",
        "/trash/",
        "/templates/",
        "/accounts/password/change/",
        "/accounts/passkeys/add/",
        "/batches/",
        "/collections/",
        "/links/",
        "/notifications/",
        "/spend/",
    } <= set(report.pages)
    assert report.violations == []


def test_nothing_moves_by_itself_while_a_page_is_opened(report: AuditReport):
    assert report.shifts == []


def test_no_page_scrolls_sideways(report: AuditReport):
    assert report.too_wide == []


def test_every_page_begins_with_a_skip_link(report: AuditReport):
    assert report.without_skip_link == []


def test_menus_dialogs_and_messages_violate_no_rule(
    browser: Browser, studio: Studio, url_arguments: dict[str, str], browser_errors: list[str]
):
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(studio.url)
        found = find_violations(page) + _too_wide(page)
        sign_in(page, studio, BUSY, PASSWORD)
        page.goto(f"{studio.url}{NOT_FOUND}")
        assert_only_status(browser_errors, 404)
        found += find_violations(page) + _too_wide(page)
        page.goto(studio.url)
        _open_everything(page)
        found += find_violations(page)
        page.locator("main").focus()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        found += find_violations(page)
    assert found == []


def _open_everything(page: Page) -> None:
    """Open what is hidden at first: the account menu, a toast and the offline message."""
    page.locator("summary[aria-label^='Account']").click()
    for event in (
        "document.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Gone.', undo: '/x'}}))",
        "window.dispatchEvent(new Event('offline'))",
    ):
        page.evaluate(event)
    page.wait_for_timeout(400)  # they fade in, and axe would measure the contrast half-way
