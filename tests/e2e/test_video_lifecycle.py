"""From the prompt to the downloaded file and its deletion, in a real browser, with real workers."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import av
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import SLOW_JOB_SECONDS, assert_only_status, sign_in
from tests.studio import Studio, wait_until

pytestmark = pytest.mark.e2e

DONE_TIMEOUT = 90_000  # milliseconds


def _photo(width: int, height: int) -> bytes:
    """Return a JPEG, green on the left half and red on the right."""
    image = Image.new("RGB", (width, height), (200, 30, 30))
    image.paste((30, 160, 60), (0, 0, width // 2, height))
    buffer = BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def _generate(page: Page, prompt: str) -> Locator:
    page.get_by_role("textbox", name="Prompt").fill(prompt)
    page.get_by_role("button", name="Generate").click()
    return page.locator(".card").filter(has_text=prompt)


def _watch_progress(page: Page, card: Locator) -> list[int]:
    """Return every percentage that the card shows until it is done."""
    figure, seen = card.locator(".video-status__value"), [-1]
    while card.get_attribute("data-status") in ("queued", "in_progress"):
        text = figure.inner_text(timeout=1000) if figure.count() else ""
        if (match := re.fullmatch(r"(\d+)%", text.replace("\n", ""))) and int(match[1]) != seen[-1]:
            seen.append(int(match[1]))
        page.wait_for_timeout(200)
    return seen[1:]


def test_a_video_from_a_photo_is_generated_played_downloaded_and_deleted(
    page: Page, studio: Studio, tmp_path: Path, set_job_duration: Callable[[float], None]
):
    set_job_duration(SLOW_JOB_SECONDS)
    prompt = "Two colours drift slowly apart"
    page.set_input_files(
        "input[name=input_reference]",
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": _photo(1000, 800)},
    )
    page.get_by_text("9:16").click()
    frame = page.locator("#reference .reference__frame").bounding_box()
    assert frame is not None
    assert abs(frame["width"] / frame["height"] - 720 / 1280) < 0.01, "the preview has the video's shape"
    page.get_by_text("Pad", exact=True).click()
    expect(page.locator("#reference .reference__backdrop")).to_be_visible()

    card = _generate(page, prompt)
    expect(card).to_be_visible()
    seen = _watch_progress(page, card)
    assert seen == sorted(seen), "progress never goes back"
    assert any(0 < percent < 100 for percent in seen)

    expect(card).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    card.get_by_role("link", name=prompt, exact=True).click()
    _play_and_seek(page)
    video = _download(page, tmp_path)
    _check_frames(video)
    _delete(page, studio, prompt)


def _play_and_seek(page: Page) -> None:
    player = page.locator("video")
    player.evaluate("video => video.play()")
    # Polled from here: the content security policy forbids what `wait_for_function` does.
    wait_until(lambda: player.evaluate("video => video.currentTime > 0.3"))
    player.evaluate("video => { video.pause(); video.currentTime = 3 }")
    is_at_3_seconds = "video => video.currentTime === 3 && !video.seeking && video.readyState >= 2"
    wait_until(lambda: player.evaluate(is_at_3_seconds))
    shape = player.evaluate("video => [video.videoWidth, video.videoHeight, Math.round(video.duration)]")
    assert shape == [720, 1280, 4]


def _download(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    path = folder / "video.mp4"
    download.value.save_as(path)
    assert download.value.suggested_filename.endswith(".mp4")
    return path


def _check_frames(video: Path) -> None:
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        seconds = float(container.duration) / av.time_base
    assert frames[0].shape == (1280, 720, 3)
    assert abs(seconds - 4) < 0.1
    left, right = frames[0][600, 60], frames[0][600, 660]
    assert left[1] > left[0] + 40, "the photo's green left half is where the video begins"
    assert right[0] > right[1] + 40
    # The photo is padded: it is 576 pixels high, with a darkened copy of it above and below.
    for row in (150, 1130):
        assert 0.3 < frames[0][row, 660, 0] / right[0] < 0.7


def _delete(page: Page, studio: Studio, prompt: str) -> None:
    address, file = page.url, page.locator("video").get_attribute("src")
    page.get_by_role("button", name="Move to trash").click()
    page.wait_for_url(re.compile(r"/library/$"))
    expect(page.locator(".card").filter(has_text=prompt)).to_have_count(0)
    assert page.request.get(address).ok, "its owner can still see it in the trash"
    page.goto(address)
    page.get_by_role("link", name="Delete permanently").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    page.wait_for_url(re.compile(r"/trash/$"))
    expect(page.locator(".card").filter(has_text=prompt)).to_have_count(0)
    for url in (address, f"{studio.url}{file}"):
        assert page.request.get(url).status == 404


def test_bad_input_is_reported_at_the_field_and_creates_nothing(page: Page, browser_errors: list[str]):
    before = page.locator(".card").count()
    page.get_by_role("textbox", name="Prompt").fill("A lake")
    page.set_input_files(
        "input[name=input_reference]",
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"this is only text"},
    )

    page.get_by_role("button", name="Generate").click()

    expect(page.locator("#reference-error")).to_be_visible()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("A lake")
    assert page.locator(".card").count() == before
    assert_only_status(browser_errors, 422)


def test_it_works_without_javascript(browser: Browser, studio: Studio):
    prompt = "A lighthouse without any script"
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, studio)
        card = _generate(page, prompt)
        expect(card).to_be_visible()
        for _ in range(90):
            if card.get_attribute("data-status") == "completed":
                break
            page.wait_for_timeout(1000)
            page.goto(studio.url)
        card.get_by_role("link", name=prompt, exact=True).click()
        assert page.request.get(f"{page.url}video.mp4").ok
        page.get_by_role("button", name="Move to trash").click()
        expect(page.locator(".card").filter(has_text=prompt)).to_have_count(0)
        page.get_by_role("link", name="Trash", exact=True).click()
        page.get_by_role("link", name=f"Permanently delete “{prompt}”").click()
        page.get_by_role("button", name="Delete permanently").click()
        expect(page.locator(".card").filter(has_text=prompt)).to_have_count(0)
