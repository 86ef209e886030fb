"""First and last frames and references in a real browser, dropped on the zones that are for them."""

import base64
import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import assert_only_status
from tests.studio import Studio

pytestmark = pytest.mark.e2e

# Drops files on an element, which Playwright cannot simulate.
DROP = """(element, images) => {
  const files = new DataTransfer();
  for (const [name, data] of images) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    files.items.add(new File([bytes], name, { type: "image/png" }));
  }
  element.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: files }));
}"""
NONE_LEFT = "doesn’t take"  # noqa: RUF001


def _image(colour: str, size: tuple[int, int] = (320, 180)) -> str:
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def _drop(zone: Locator, *names: str) -> None:
    zone.evaluate(DROP, [[f"{name}.png", _image(name)] for name in names])


def _zones(page: Page) -> tuple[Locator, Locator, Locator]:
    return tuple(page.locator(f"[data-zone='{name}']") for name in ("reference", "last_frame", "references"))


_SET_LIMITS = """
from videos.models import VideoModel
VideoModel.objects.filter(name="sora-2-pro").update(takes_last_frame={last}, max_references={references})
"""


@pytest.fixture
def limited(studio: Studio) -> Iterator[None]:
    """Sora 2 Pro takes no last frame and no references, unlike the demo's models."""
    _set_limits(studio, last=False, references=0)
    yield
    _set_limits(studio, last=None, references=None)


def _set_limits(studio: Studio, **limits: object) -> None:
    done = studio.manage("shell", "-c", _SET_LIMITS.format(**limits))
    assert done.returncode == 0, done.stderr


def test_frames_and_references_are_dropped_kept_and_submitted(page: Page, studio: Studio):
    first, last, references = _zones(page)
    _drop(first, "red")
    _drop(last, "lime")
    _drop(references, "blue", "gold")
    expect(first.get_by_alt_text("Preview of the first frame")).to_be_visible()
    expect(last.get_by_alt_text("Preview of the last frame")).to_be_visible()
    expect(references.locator("li")).to_have_count(2)
    _drop(references, "teal")
    expect(references.locator("li")).to_have_count(3), "another choice adds to those before"
    references.get_by_role("button", name="Remove reference 2").click()
    expect(references.locator("li img")).to_have_count(2)
    expect(page.locator("#frames-notice")).to_be_hidden()

    page.get_by_role("textbox", name="Prompt").fill("From red to green")
    page.get_by_role("button", name="Generate").click()

    card = page.locator(".card").filter(has_text="From red to green")
    expect(card).to_be_visible(timeout=30_000)
    expect(references.locator("li")).to_have_count(2)  # for the next one, as images that are kept by now
    expect(references.locator("input[name='references']:checked")).to_have_count(2)
    card.get_by_role("link", name="From red to green", exact=True).click()
    page.locator("summary", has_text="Details").click()
    metadata = page.locator("#metadata")
    expect(metadata.get_by_alt_text("red")).to_have_count(0)
    expect(metadata.get_by_alt_text("lime")).to_be_visible()
    expect(metadata.get_by_alt_text("blue")).to_be_visible()
    expect(metadata.get_by_alt_text("teal")).to_be_visible()
    page.get_by_role("link", name="Make another", exact=True).click()
    expect(last.get_by_alt_text("Preview of the last frame")).to_be_visible()
    expect(references.locator("li")).to_have_count(2)


def test_a_model_that_takes_none_says_so_and_drops_nothing(limited: None, page: Page):
    first, last, references = _zones(page)
    _drop(first, "red")
    _drop(last, "lime")
    _drop(references, "blue", "gold")

    page.get_by_text("Sora 2 Pro").click()

    notice = page.locator("#frames-notice")
    expect(notice).to_contain_text(f"Sora 2 Pro {NONE_LEFT} a last frame.")
    expect(notice).to_contain_text(f"Sora 2 Pro {NONE_LEFT} references.")
    expect(last).to_be_visible()
    expect(references.locator("li")).to_have_count(2)

    last.get_by_role("button", name="Remove last frame").click()
    expect(last).to_be_hidden()
    page.get_by_text("Sora 2", exact=True).click()
    expect(notice).to_be_hidden()
    expect(last).to_be_visible()
    expect(references.locator("li")).to_have_count(2)


def test_what_the_server_refuses_stays_in_its_zone(page: Page, browser_errors: list[str]):
    first, last, references = _zones(page)
    _drop(references, "red", "lime", "blue", "gold")
    notice = page.locator("#frames-notice")
    expect(notice).to_contain_text("takes at most 3 references. Remove 1.")
    _drop(last, "teal")
    expect(notice).to_contain_text("A last frame needs a first frame.")
    page.get_by_role("textbox", name="Prompt").fill("Too much of it")

    page.get_by_role("button", name="Generate").click()

    expect(page.locator("#references-error")).to_contain_text(
        "takes at most 3 references; you gave 4.", timeout=30_000
    )
    expect(page.locator("#last-frame-error")).to_contain_text("needs a first frame")
    expect(references.locator("li")).to_have_count(4)
    references.get_by_role("button", name="Remove reference 4").click()
    _drop(first, "navy")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator(".card").filter(has_text="Too much of it")).to_be_visible(timeout=30_000)
    assert_only_status(browser_errors, 422)


def test_ones_own_images_go_where_their_dialog_was_opened(page: Page, studio: Studio):
    page.goto(f"{studio.url}/references/")
    _drop(page.locator("#main"), "purple")
    expect(page.locator(".reference-card").first).to_be_visible()
    page.goto(studio.url)
    first, last, references = _zones(page)
    for zone in (references, first, last):
        zone.get_by_role("link", name=re.compile("Your images")).click()
        page.get_by_role("dialog").get_by_role("link", name="purple").first.click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    expect(references.locator("li")).to_have_count(1)
    page.reload()
    expect(references.locator("li")).to_have_count(1)
    expect(last.get_by_alt_text("Preview of the last frame")).to_be_visible()
    references.get_by_role("button", name="Remove reference 1").press("Enter")
    expect(references.locator("li")).to_have_count(0)
    expect(page.locator("#id_input_references")).to_be_focused()
