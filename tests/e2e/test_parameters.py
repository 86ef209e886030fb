"""The composer's block “More” in a real browser: what the model takes, set, refused, kept and reset."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import assert_only_status
from tests.studio import Studio

pytestmark = pytest.mark.e2e
PROMPT = "A lantern on a jetty"

_DECLARE = """
from videos.models import VideoModel
VideoModel.objects.filter(name="sora-2-pro").update(parameters={declared})"""


@pytest.fixture
def other_model(studio: Studio) -> Iterator[None]:
    """The second model takes a smaller seed, and steps."""
    seed = {"name": "seed", "label": "Seed", "type": "integer", "minimum": 0, "maximum": 9}
    steps = {"name": "steps", "label": "Steps", "type": "integer", "default": 30}
    assert studio.manage("shell", "-c", _DECLARE.format(declared=[seed, steps])).returncode == 0
    yield
    studio.manage("shell", "-c", _DECLARE.format(declared=None))


def test_a_seed_is_set_refused_set_again_and_told(page: Page, browser_errors: list[str]):
    page.locator("#id_prompt").fill(PROMPT)
    page.get_by_text("More settings", exact=True).click()
    seed = page.get_by_label("Seed")
    seed.fill("seven")
    expect(page.get_by_text("1 set")).to_be_visible()
    page.get_by_role("button", name="Generate").click()

    expect(page.get_by_text("Seed must be a whole number between 0 and 2147483647.")).to_be_visible()
    assert_only_status(browser_errors, 422)
    assert find_violations(page) == []
    expect(seed).to_have_value("seven")
    seed.fill("7")
    page.get_by_label("Sound").select_option("Off")
    page.get_by_role("button", name="Generate").click()

    card = page.locator(".card--completed", has_text=PROMPT)
    expect(card).to_have_count(1, timeout=120_000)
    expect(seed).to_have_value("7")
    card.get_by_role("link", name=PROMPT, exact=True).click()
    page.locator("summary", has_text="Details").click()
    facts = page.locator("#metadata")
    expect(facts).to_contain_text("SoundOff")
    facts.get_by_role("link", name="Repeat with this seed").click()
    expect(page.get_by_label("Seed")).to_have_value("7")
    page.get_by_role("button", name="Reset to defaults").click()
    expect(page.get_by_label("Seed")).to_have_value("")
    expect(page.get_by_label("Seed")).to_be_focused()


@pytest.mark.usefixtures("other_model")
def test_only_what_the_chosen_model_takes_is_shown_and_sent(page: Page):
    page.reload()
    page.get_by_text("More settings", exact=True).click()
    page.get_by_label("Seed").locator("visible=true").fill("5")
    expect(page.get_by_label("Steps")).to_be_hidden()
    page.get_by_text("Sora 2 Pro", exact=True).click()

    expect(page.get_by_label("Steps")).to_have_attribute("placeholder", "Default: 30")
    expect(page.get_by_label("Sound")).to_be_hidden()
    expect(page.get_by_label("Seed").locator("visible=true")).to_have_value("5")
    sent = page.evaluate("[...new FormData(document.getElementById('composer')).keys()]")
    assert [name for name in sent if name.startswith("parameter-")] == ["parameter-seed", "parameter-steps"]
