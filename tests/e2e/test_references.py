"""Reference images in a real browser: uploaded, picked, reused, and previewed as they will be cropped."""

import base64
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.studio import Studio
from videos.media.reference import fit_reference, open_reference

pytestmark = pytest.mark.e2e

# Dispatches a paste or drop of a file on an element, which Playwright cannot simulate.
DISPATCH_FILE = """(element, {kind, data}) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "image.png", { type: "image/png" }));
  const about = { bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files };
  const event = kind === "paste" ? new ClipboardEvent(kind, about) : new DragEvent(kind, about);
  if (element.dispatchEvent(event)) throw new Error("the file was not accepted");
}"""


def _photo(*colours: str, size: tuple[int, int] = (1200, 500)) -> bytes:
    """Return a PNG with vertical bands of colour and a white stripe at its bottom, so that crops differ."""
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    width = size[0] / len(colours)
    for number, colour in enumerate(colours):
        draw.rectangle((number * width, 0, (number + 1) * width, size[1]), fill=colour)
    draw.rectangle((0, size[1] * 0.8, size[0], size[1]), fill="white")
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _dispatch_file(page: Page, selector: str, kind: str, content: bytes) -> None:
    data = base64.b64encode(content).decode()
    page.locator(selector).evaluate(DISPATCH_FILE, {"kind": kind, "data": data})


def _open_references(page: Page) -> None:
    page.get_by_role("link", name="References").click()
    page.wait_for_url("**/references/")  # with its script, which takes files


def _pixels(content: bytes, size: tuple[int, int]) -> np.ndarray:
    with Image.open(BytesIO(content)) as image:
        return np.asarray(image.convert("RGB").resize(size, Image.Resampling.BOX)).astype(int)


def _assert_preview_matches(page: Page, photo: bytes, size: str, how: str) -> None:
    preview = page.locator("#reference .reference__image")
    expect(page.locator("#reference .reference__preview")).to_be_visible()
    preview.evaluate("image => image.decode()")
    expected = fit_reference(open_reference(photo, max_bytes=10**7).content, size, how=how).content
    covering = "document.querySelectorAll('#reference :is(.reference__remove, .reference__dropzone span)')"
    page.evaluate(f"{covering}.forEach((each) => {{ each.style.visibility = 'hidden' }})")
    shown = page.locator("#reference .reference__frame").screenshot()
    # In so small a preview edges fall between pixels, so a few pixels may differ.
    difference = np.abs(_pixels(shown, (24, 24)) - _pixels(expected, (24, 24))).max(axis=2)
    assert (difference > 40).mean() < 0.1, f"{size} {how}: {difference}"
    page.evaluate(f"{covering}.forEach((each) => {{ each.style.visibility = '' }})")


def test_a_dropped_or_pasted_file_is_previewed_as_it_will_be_cropped(page: Page):
    photo = _photo("red", "lime", "blue", "yellow")
    _dispatch_file(page, "#composer", "drop", photo)
    _assert_preview_matches(page, photo, "1280x720", "crop")
    page.get_by_text("9:16").click()
    _assert_preview_matches(page, photo, "720x1280", "crop")
    page.get_by_text("Pad", exact=True).click()
    _assert_preview_matches(page, photo, "720x1280", "pad")
    page.get_by_role("button", name="Remove first frame").click()
    expect(page.locator("#reference .reference__preview")).to_be_hidden()

    other = _photo("black", "orange", size=(600, 900))
    _dispatch_file(page, "body", "paste", other)
    _assert_preview_matches(page, other, "720x1280", "pad")


def test_a_picture_of_too_many_pixels_is_scaled_down_before_it_is_uploaded(page: Page, studio: Studio):
    """Of 48 megapixels and turned by its EXIF data, as a phone takes them."""
    image = Image.new("RGB", (8000, 6000), "blue")
    image.paste("red", (0, 0, 4000, 6000))  # on the left, which a turn to the right puts on top
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    _open_references(page)

    photo = {"name": "Harbour.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}
    page.locator("#id_images").set_input_files(photo)

    note = "Harbour.jpg was scaled down from 6000 × 8000 to 3072 × 4096 pixels."  # noqa: RUF001
    expect(page.locator("#upload-note")).to_have_text(note, timeout=30_000)
    card = page.get_by_role("article", name="Harbour")
    expect(card).to_contain_text("3072×4096", timeout=30_000)  # noqa: RUF001
    address = card.locator("img").get_attribute("src")
    with Image.open(BytesIO(page.request.get(f"{studio.url}{address}").body())) as kept:
        top, bottom = (kept.convert("RGB").getpixel((kept.width // 2, y)) for y in (10, kept.height - 10))
    assert top[0] > 200 > 50 > top[2]
    assert bottom[2] > 200 > 50 > bottom[0]


def test_an_image_is_saved_picked_and_reused_by_another_video(page: Page, studio: Studio):
    _open_references(page)
    _dispatch_file(page, "#main", "drop", _photo("teal", "pink", size=(900, 300)))
    name = page.locator(".reference-card", has_text="900\u00d7300").get_by_role("textbox")
    name.fill("Two halves")
    name.press("Enter")
    expect(page.get_by_role("article", name="Two halves")).to_be_visible()

    page.get_by_role("link", name="Studio", exact=True).click()
    page.get_by_role("link", name="Your images", exact=True).click()
    page.get_by_role("dialog").get_by_role("link", name="Two halves").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_text("Pad", exact=True).click()
    page.reload()
    expect(page.locator("#reference-note")).to_have_text("Two halves")
    preview = page.get_by_alt_text("Preview of the first frame")
    expect(preview).to_be_visible()

    page.get_by_role("textbox", name="Prompt").fill("Two halves become one")
    page.get_by_role("button", name="Generate").click()
    card = page.locator(".card").filter(has_text="Two halves become one")
    expect(card).to_contain_text("from image")
    expect(preview).to_be_visible()
    card.get_by_role("link", name="Two halves become one", exact=True).click()
    page.locator("summary", has_text="Details").click()
    expect(page.get_by_alt_text("Reference image")).to_be_visible()
    page.get_by_role("link", name="Make another", exact=True).click()
    expect(preview).to_be_visible()
    expect(page.get_by_role("radio", name="Pad")).to_be_checked()

    page.goto(f"{studio.url}/references/")
    kept = page.get_by_role("article", name="Two halves")
    expect(kept.get_by_role("link", name="1 video", exact=True)).to_be_visible()
    kept.get_by_role("link", name="Delete Two halves").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("article", name="Two halves")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text(re.compile("deleted"))
