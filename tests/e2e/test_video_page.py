"""The page of one video in a real browser: its lineage, its neighbours, its note and its player."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import USERNAME
from tests.studio import Studio, wait_until

pytestmark = pytest.mark.e2e

PROMPT = "A bittern waits in the reeds"
REMIXED = "A bittern sleeps in the reeds"
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
    note = page.get_by_role("textbox", name="Note")
    # Typed while polling replaces parts of the page: neither letters nor focus are lost.
    note.press_sequentially("Softer light, and a slower one", delay=150)
    expect(note).to_be_focused()
    expect(note).to_have_value("Softer light, and a slower one")
    expect(page.locator("#note-status")).to_have_text("Saved")
    expect(page.locator("#detail")).to_have_attribute("data-status", "completed", timeout=90_000)
    expect(page.locator("#player")).to_be_visible()

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


def test_the_player_has_shortcuts_unless_they_are_switched_off(
    page: Page, studio: Studio, bitterns: list[str]
):
    page.goto(f"{studio.url}{bitterns[0]}")
    video = page.locator("#player")
    wait_until(lambda: video.evaluate("video => video.readyState >= 1"))

    def current_time() -> float:
        return float(video.evaluate("video => video.currentTime"))

    page.keyboard.press("ArrowRight")
    assert current_time() == pytest.approx(1, abs=0.01)
    page.keyboard.press("Shift+ArrowRight")
    assert current_time() == pytest.approx(1 + 1 / 24, abs=0.01)
    page.keyboard.press("Home")
    assert current_time() == 0
    page.keyboard.press("Space")
    wait_until(lambda: current_time() > 0.2)
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
    before = current_time()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    assert (current_time(), video.evaluate("video => video.muted")) == (before, True)
