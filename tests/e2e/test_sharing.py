"""Links opened by people without an account, in windows of their own."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import USERNAME, assert_only_status
from tests.studio import Studio, wait_until

pytestmark = pytest.mark.e2e

PROMPT = "A heron on a quiet pier"
PASSWORD = "open sesame"
# Bytes over the wire of the page, its style sheets and scripts; the video and its pictures come on top.
MAX_WEIGHT = 36_000

_COLLECT = f"""
from accounts.models import User
from videos.models import Collection, CollectionItem, Video
from videos.services.share_links import LinkOptions, create_link
alice = User.objects.get(username="{USERNAME}")
shelf, _ = Collection.objects.get_or_create(owner=alice, name="Autumn spot")
CollectionItem.objects.get_or_create(collection=shelf, video=Video.objects.get(public_id="%s"))
print(create_link(alice, shelf, LinkOptions(shows_prompt=True, allows_comments=True), days=3).secret)"""

_EXPIRE = """
from django.utils import timezone
from videos.models import ShareLink
ShareLink.objects.filter(title="Short-lived").update(expires_at=timezone.now())"""


@pytest.fixture(scope="module")
def video(studio: Studio) -> str:
    """The id of a finished video."""
    made = studio.manage("generate_video", PROMPT, "--user", USERNAME, "--wait")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A private window."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


def _shell(studio: Studio, code: str) -> str:
    done = studio.manage("shell", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _make_link(page: Page, studio: Studio, video: str, *switches: str, **fields: str) -> str:
    """Make a link on the page of the video, and return its address."""
    page.goto(f"{studio.url}/videos/{video}/")
    page.get_by_role("link", name="Share", exact=True).click()
    for label, text in fields.items():
        page.get_by_label(label).fill(text)
    for label in switches:
        page.get_by_label(label).check()
    page.get_by_role("button", name="Create link").click()
    address = page.locator(".share-link--new").get_by_label("Address").input_value()
    assert re.fullmatch(re.escape(studio.url) + r"/s/[\w-]{32}/", address)
    return address


def _plays(page: Page) -> bool:
    """Whether the video plays when it is told to: its pictures are decoded and its clock runs."""
    player = page.locator("video")
    player.evaluate("video => { video.muted = true; return video.play() }")
    wait_until(lambda: player.evaluate("video => video.currentTime") > 0.3)
    return bool(player.evaluate("video => video.videoWidth > 0 && video.error === null"))


def test_a_link_plays_in_a_private_window(page: Page, visitor: Page, studio: Studio, video: str):
    address = _make_link(page, studio, video, "Allow downloads", Title="The heron, cut 2")
    visitor.goto(address)
    expect(visitor.get_by_role("heading", level=1)).to_have_text("The heron, cut 2")
    assert _plays(visitor)
    assert PROMPT not in visitor.content()
    assert visitor.context.cookies() == []
    with visitor.expect_download() as saved:
        visitor.get_by_role("link", name="Download").click()
    assert saved.value.suggested_filename == "the-heron-cut-2.mp4"
    player = visitor.locator("video")
    player.evaluate("video => { video.pause(); video.currentTime = 3 }")
    wait_until(lambda: player.evaluate("video => !video.seeking && video.currentTime === 3"))


def test_a_password_opens_it_for_this_window(
    page: Page, visitor: Page, browser: Browser, studio: Studio, video: str, browser_errors: list[str]
):
    address = _make_link(page, studio, video, Password=PASSWORD)
    visitor.goto(address)
    visitor.get_by_label("Password").fill("open barley")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_text("That is not the password.")).to_be_visible()
    assert_only_status(browser_errors, 403)
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.keyboard.press("Enter")
    expect(visitor.locator("video")).to_be_visible()
    assert _plays(visitor)
    visitor.reload()
    expect(visitor.locator("video")).to_be_visible()
    with browser.new_context() as other:
        assert other.request.get(f"{address}video.mp4").status == 403


def test_it_ends_when_it_is_revoked_and_when_it_expires(
    page: Page, visitor: Page, studio: Studio, video: str, browser_errors: list[str]
):
    address = _make_link(page, studio, video, Title="Short-lived")
    visitor.goto(address)
    assert _plays(visitor)
    _shell(studio, _EXPIRE)
    visitor.reload()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("This link has expired")
    assert visitor.request.get(f"{address}video.mp4").status == 410

    address = _make_link(page, studio, video, Title="To be revoked")
    visitor.goto(address)
    page.locator(".share-link--new").get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Link revoked.").first).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    assert visitor.request.get(f"{address}poster.webp").status == 410
    assert_only_status(browser_errors, 410)


def test_a_visitor_comments_and_the_owner_deletes_it(page: Page, visitor: Page, studio: Studio, video: str):
    visitor.goto(_make_link(page, studio, video, "Allow comments"))
    visitor.get_by_label("Your name").fill("Dana")
    visitor.get_by_label("Comment", exact=True).fill("Slower at the end, please.")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("Slower at the end, please.")).to_be_visible()

    page.goto(f"{studio.url}/videos/{video}/")
    comments = page.get_by_role("region", name="Comments")
    expect(comments).to_contain_text("Slower at the end, please.")
    comments.get_by_role("button", name="Delete comment of Dana").click()
    expect(page.get_by_text("Slower at the end, please.")).to_have_count(0)
    visitor.reload()
    expect(visitor.get_by_text("Slower at the end, please.")).to_have_count(0)


def test_a_collection_is_looked_through(visitor: Page, studio: Studio, video: str):
    visitor.goto(f"{studio.url}/s/{_shell(studio, _COLLECT % video)}/")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Autumn spot")
    visitor.get_by_role("link", name=PROMPT).click()
    assert _plays(visitor)
    visitor.get_by_role("link", name="All videos of").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Autumn spot")


def test_it_is_light(page: Page, visitor: Page, studio: Studio, video: str):
    address = _make_link(page, studio, video, "Allow comments", "Show the prompt")
    loaded: list[Response] = []
    visitor.on("response", lambda response: loaded.append(response))
    visitor.goto(address)
    visitor.wait_for_load_state("networkidle")
    kinds = {each.request.resource_type for each in loaded}
    assert not kinds & {"font", "xhr", "fetch"}
    text = [each for each in loaded if each.request.resource_type in ("document", "stylesheet", "script")]
    weight = sum(each.request.sizes()["responseBodySize"] for each in text)
    assert 2_000 < weight < MAX_WEIGHT, weight


def test_no_shared_page_violates_a_rule_or_scrolls_sideways(
    page: Page, visitor: Page, studio: Studio, video: str, browser_errors: list[str]
):
    shelf = f"{studio.url}/s/{_shell(studio, _COLLECT % video)}/"
    addresses = [
        _make_link(page, studio, video, "Allow comments", "Show the prompt", "Allow downloads"),
        _make_link(page, studio, video, Password=PASSWORD),
        shelf,
        f"{studio.url}/s/nonsense/",
    ]
    found = []
    for address in addresses:
        visitor.goto(address)
        found += find_violations(visitor)
        visitor.set_viewport_size({"width": 320, "height": 640})
        if visitor.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{address} scrolls sideways")
    assert_only_status(browser_errors, 404)
    assert found == []
