"""Improve in a real browser: the offer, what replaces what, and a server that is away."""

import json
import re
from io import BytesIO
from urllib.request import Request, urlopen

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import assert_only_status
from tests.studio import Studio

pytestmark = pytest.mark.e2e
MINE = "A paper boat on a rainy street"


def _inject(simulator: str, **rule: object) -> None:
    body = json.dumps({"rules": [{"on": "chat", "times": 1, **rule}]}).encode()
    address = f"{simulator.removesuffix('/v1')}/_simulator/faults"
    urlopen(Request(address, body, {"Content-Type": "application/json"})).close()  # noqa: S310


def test_a_prompt_is_improved_and_brought_back(page: Page, simulator: str, browser_errors: list[str]):
    prompt = page.get_by_role("textbox", name="Prompt")
    improve = page.get_by_role("button", name="Improve")
    offer = page.locator("[data-offer]")
    prompt.fill(MINE)
    improve.click()
    expect(offer.locator("ins").first).to_be_visible()
    expect(prompt).to_have_value(MINE)
    page.get_by_role("button", name="Use this").click()
    expect(prompt).not_to_have_value(MINE)
    assert prompt.input_value().startswith(MINE)
    page.get_by_role("button", name="Undo").click()
    expect(prompt).to_have_value(MINE)

    prompt.press("Control+i")
    page.get_by_role("button", name="Keep mine").click()
    expect(offer).to_have_count(0)
    expect(prompt).to_have_value(MINE)

    # What is written while an answer is on its way is worth more than the answer.
    _inject(simulator, kind="drip", seconds=1.5)
    improve.click()
    prompt.press("End")
    prompt.press_sequentially("!")
    expect(page.get_by_text("You wrote on meanwhile")).to_be_visible()
    expect(prompt).to_have_value(f"{MINE}!")
    expect(offer).to_have_count(0)

    _inject(simulator, kind="error_before")
    improve.click()
    expect(page.get_by_text("has an error (HTTP 500)")).to_be_visible()
    expect(prompt).to_have_value(f"{MINE}!")
    assert_only_status(browser_errors, 422)


def test_an_image_is_described_from_the_references_once(page: Page, studio: Studio):
    picture = BytesIO()
    Image.new("RGB", (640, 360), "teal").save(picture, "PNG")
    page.get_by_role("textbox", name="Prompt").fill(MINE)
    page.goto(f"{studio.url}/references/")
    with page.expect_response(re.compile("/references/$")):
        page.set_input_files(
            "#id_images", {"name": "lagoon.png", "mimeType": "image/png", "buffer": picture.getvalue()}
        )
    asked: list[str] = []
    page.on("request", lambda request: "/prompts/" in request.url and asked.append(request.url))
    page.locator(".card", has=page.locator("[value='lagoon']")).get_by_role("link", name="Describe").click()

    prompt, offer = page.get_by_role("textbox", name="Prompt"), page.locator("[data-offer]")
    expect(offer).to_be_visible()
    expect(page.get_by_alt_text("Preview of the first frame")).to_be_visible()
    expect(prompt).to_have_value(MINE)
    page.get_by_role("button", name="Use this").click()
    expect(prompt).not_to_have_value(MINE)
    page.get_by_role("button", name="Undo").click()
    expect(prompt).to_have_value(MINE)

    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_alt_text("Preview of the first frame")).to_be_visible()
    assert len(asked) == 1, "nobody asked again"

    _press_earlier(page, seconds=61)  # and the connection failed
    page.reload()
    page.wait_for_load_state("networkidle")
    assert len(asked) == 1, "it is not asked for so much later"
    _press_earlier(page, seconds=5)
    page.reload()
    expect(offer).to_be_visible()
    assert len(asked) == 2


def _press_earlier(page: Page, *, seconds: int) -> None:
    """Leave what "Describe" beside the image in the form leaves."""
    image = page.locator("#id_reference").input_value()
    page.evaluate(
        "([image, ms]) => sessionStorage.setItem('contentgen.describe', `${image} ${Date.now() - ms}`)",
        [image, seconds * 1000],
    )
