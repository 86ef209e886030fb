"""The page of one video in a real browser: its lineage, its neighbours, its note and its player."""

import re

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import USERNAME, sign_in
from tests.studio import Studio, wait_until

pytestmark = pytest.mark.e2e

PROMPT = "A bittern waits in the reeds"
FRAME_RATE = 4  # of the videos of these tests' simulator
REMIXED = "A bittern sleeps in the reeds"
# In the page, because on a busy machine two taps from here are too far apart.
DOUBLE_TAP = """(video, [clientX, clientY]) => {
    for (const type of ["pointerdown", "click", "pointerdown", "click"])
        video.dispatchEvent(new PointerEvent(type, {pointerType: "touch", bubbles: true, clientX, clientY}));
}"""
_REMIX = (
    "from videos.models import Video; from videos.services.derivations import remix_video;"
    "source = Video.objects.get(public_id='{}'); print(remix_video(source.owner, source, '{}').public_id)"
)


@pytest.fixture(scope="module")
def bitterns(studio: Studio) -> list[str]:
    """The paths of two finished videos and of a remix of the first that is still being made."""
    made = [
        studio.manage("generate_video", prompt, "--user", USERNAME, "--wait")
        for prompt in (PROMPT, "A bittern over the lake")
    ]
    made.append(studio.manage("shell", "-v", "0", "-c", _REMIX.format(made[0].stdout.strip(), REMIXED)))
    assert all(command.returncode == 0 for command in made), [command.stderr for command in made]
    return [f"/videos/{command.stdout.strip()}/" for command in made]


def test_lineage_note_and_neighbours(page: Page, studio: Studio, bitterns: list[str]):
    first, other, remix = bitterns
    page.goto(f"{studio.url}{remix}")
    room = page.locator("#media").bounding_box()
    note = page.get_by_role("textbox", name="Note")
    # Typed while polling replaces parts of the page: neither letters nor focus are lost.
    note.press_sequentially("Softer light, and a slower one", delay=150)
    expect(note).to_be_focused()
    expect(note).to_have_value("Softer light, and a slower one")
    expect(page.locator("#note-status")).to_have_text("Saved")
    expect(page.locator("#detail")).to_have_attribute("data-status", "completed", timeout=90_000)
    expect(page.locator("#player")).to_be_visible()
    assert page.locator("#media").bounding_box() == pytest.approx(room, abs=1), "nothing moves"
    expect(page.get_by_role("group", name="Playback")).to_be_visible()

    tree = page.get_by_role("region", name="Lineage")
    expect(tree.get_by_role("link")).to_have_count(2)
    expect(tree.locator("del")).to_have_text("waits")
    expect(tree.locator("ins")).to_have_text("sleeps")
    expect(tree.locator("[aria-current]")).to_contain_text("sleeps")

    page.goto(f"{studio.url}/library/?q=bittern&sort=oldest")
    page.get_by_role("link", name=PROMPT, exact=True).click()
    page.wait_for_url(f"**{first}?q=bittern&sort=oldest")
    expect(page.get_by_role("link", name="Previous")).to_have_count(0)
    page.keyboard.press("j")
    page.wait_for_url(f"**{other}?q=bittern&sort=oldest")
    page.keyboard.press("j")
    page.wait_for_url(f"**{remix}?q=bittern&sort=oldest")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("Softer light, and a slower one")
    page.keyboard.press("k")
    page.wait_for_url(f"**{other}?q=bittern&sort=oldest")
    page.get_by_role("link", name="Back to the library").click()
    page.wait_for_url("**/library/?q=bittern&sort=oldest")


def _current_time(page: Page) -> float:
    return float(page.locator("#player").evaluate("video => video.currentTime"))


def _open_player(page: Page, studio: Studio, path: str) -> None:
    page.goto(f"{studio.url}{path}")
    wait_until(lambda: page.locator("#player").evaluate("video => video.readyState >= 2"))


def test_the_player_has_shortcuts_unless_they_are_switched_off(
    page: Page, studio: Studio, bitterns: list[str]
):
    _open_player(page, studio, bitterns[0])
    video = page.locator("#player")
    page.keyboard.press("ArrowRight")
    assert _current_time(page) == pytest.approx(1, abs=0.01)
    page.keyboard.press("Home")
    assert _current_time(page) == 0
    page.keyboard.press("Space")
    wait_until(lambda: _current_time(page) > 0.2)
    page.keyboard.press("Space")
    assert video.evaluate("video => video.paused")
    page.keyboard.press("m")
    assert video.evaluate("video => video.muted")
    page.get_by_role("textbox", name="Note").press("m")
    assert video.evaluate("video => video.muted"), "a letter of a note is a letter"
    page.locator("main").focus()
    page.keyboard.press("?")
    page.get_by_role("switch", name="Single-key shortcuts").click()
    page.keyboard.press("Escape")
    before = _current_time(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    assert (_current_time(page), video.evaluate("video => video.muted")) == (before, True)
    # They are the player's own where it has the focus.
    page.get_by_role("slider", name="Position").press("Home")
    page.keyboard.press("ArrowRight")
    wait_until(lambda: _current_time(page) == pytest.approx(1, abs=0.01))


def test_it_steps_through_frames_and_saves_the_one_in_view(page: Page, studio: Studio, bitterns: list[str]):
    _open_player(page, studio, bitterns[0])
    frame = 1 / FRAME_RATE
    page.get_by_role("button", name="Forward one frame").click()
    expect(page.locator("[data-frame]")).to_have_text(f"Frame 2 of {4 * FRAME_RATE}")
    assert _current_time(page) == pytest.approx(frame, abs=0.005)
    page.keyboard.press(".")
    wait_until(lambda: _current_time(page) == pytest.approx(2 * frame, abs=0.005))
    page.keyboard.press(",")
    wait_until(lambda: _current_time(page) == pytest.approx(frame, abs=0.005))

    page.get_by_label("More controls").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save this frame").click()
    assert saved.value.suggested_filename == "a-bittern-waits-in-the-reeds-0.251s.png"
    with Image.open(saved.value.path()) as picture:
        size, drawn = picture.size, picture.convert("L").getextrema()
    assert list(size) == page.locator("#player").evaluate("video => [video.videoWidth, video.videoHeight]")
    assert drawn != (0, 0)


def test_the_bar_shows_what_it_would_seek_to(page: Page, studio: Studio, bitterns: list[str]):
    _open_player(page, studio, bitterns[0])
    slider, preview = page.get_by_role("slider", name="Position"), page.locator(".player__preview")
    box = slider.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    expect(preview.locator(".player__moment")).to_have_text(re.compile(r"0:0(1\.9|2\.0)\d"))
    page.mouse.move(middle[0] + 1, middle[1])
    picture = preview.locator(".player__tile")
    assert "scrub.jpg" in picture.evaluate("tile => tile.style.backgroundImage")
    page.mouse.click(*middle)
    wait_until(lambda: _current_time(page) == pytest.approx(2, abs=0.05))
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"0:0(1\.9|2\.0)\d of 0:04\.00"))
    page.mouse.move(0, 0)
    expect(preview).to_be_hidden()
    slider.press("ArrowRight")
    expect(preview.locator(".player__moment")).to_have_text(re.compile(r"0:0(2\.9|3\.0)\d"))


def test_it_remembers_sound_speed_and_loop(page: Page, studio: Studio, bitterns: list[str]):
    _open_player(page, studio, bitterns[0])
    page.keyboard.press(">")
    page.keyboard.press("l")
    page.get_by_role("slider", name="Volume").fill("40")
    page.get_by_role("button", name="Mute").click()
    page.goto(f"{studio.url}{bitterns[1]}")
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    kept = "video => [video.volume, video.muted, video.playbackRate, video.loop]"
    assert page.locator("#player").evaluate(kept) == [0.4, True, 1.25, True]
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/library/")


def test_fingers_show_the_controls_and_skip(browser: Browser, studio: Studio, bitterns: list[str]):
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as phone:
        page = phone.new_page()
        sign_in(page, studio)
        _open_player(page, studio, bitterns[0])
        root, video = page.locator("[data-player]"), page.locator("#player")
        box, slider = video.bounding_box(), page.get_by_role("slider", name="Position").bounding_box()
        assert box
        assert slider
        assert (box["width"], slider["height"] >= 44) == (390, True)
        video.evaluate("video => { video.loop = true; return video.play() }")
        upper = box["y"] + box["height"] / 4
        expect(root).to_have_attribute("data-idle", "")
        page.touchscreen.tap(box["x"] + box["width"] / 2, upper)
        expect(root).not_to_have_attribute("data-idle", "")
        assert not video.evaluate("video => video.paused")
        video.evaluate("video => { video.pause(); video.currentTime = 1 }")
        video.evaluate(DOUBLE_TAP, [box["x"] + box["width"] - 20, upper])
        wait_until(lambda: _current_time(page) == pytest.approx(2, abs=0.01))


def test_a_player_with_its_controls_open_violates_no_rule(page: Page, studio: Studio, bitterns: list[str]):
    _open_player(page, studio, bitterns[0])
    page.get_by_label("More controls").click()
    page.locator("summary", has_text="Details").click()
    expect(page.locator("[data-frame-rate]")).to_have_text(f"Frame rate{FRAME_RATE} fps")
    assert find_violations(page, [("dark", 1280), ("light", 390)]) == []


def test_without_scripts_the_browsers_own_controls_stay(
    browser: Browser, page: Page, studio: Studio, bitterns: list[str]
):
    with browser.new_context(java_script_enabled=False) as context:
        context.add_cookies(page.context.cookies())  # type: ignore[arg-type]  # the same keys
        plain = context.new_page()
        plain.goto(f"{studio.url}{bitterns[0]}")
        expect(plain.locator("#player")).to_have_attribute("controls", "")
        expect(plain.get_by_role("group", name="Playback")).to_be_hidden()
