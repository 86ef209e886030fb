"""Keyboard use, live updates without disturbance, and recovery from errors, in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import sign_in
from tests.studio import Studio, wait_until

pytestmark = pytest.mark.e2e

DONE_TIMEOUT = 90_000  # milliseconds


def _write_and_generate(page: Page, prompt: str):
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    page.keyboard.type(prompt)
    page.keyboard.press("Control+Enter")
    card = page.locator(".card").filter(has_text=prompt)
    expect(card).to_be_visible(timeout=15_000)
    expect(page.get_by_role("textbox", name="Prompt")).to_be_focused()
    return card


def _layout_box(page: Page, selector: str) -> list[int]:
    """Return left, top, width and height in the layout, in one call, so that no swap happens in between."""
    measure = "(e => [e.offsetLeft, e.offsetTop, e.offsetWidth, e.offsetHeight])"
    return page.evaluate(f"{measure}(document.querySelector({selector!r}))")


def test_a_video_is_generated_and_played_by_keyboard(context: BrowserContext, studio: Studio):
    page = context.new_page()
    page.goto(studio.url)
    page.get_by_label("Username").focus()
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type("a long enough password")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{studio.url}/")

    prompt = "A balloon over a yellow field"
    card = _write_and_generate(page, prompt)
    assert page.title().startswith("(1) Studio")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(prompt)
    expect(card).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    expect(page.locator("#announcer")).to_have_text(f"“{prompt}” is ready.")
    assert page.title().startswith("Studio")

    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Prompt").evaluate("field => field.blur()")
    page.keyboard.press("ArrowRight")
    link = card.get_by_role("link", name=prompt, exact=True)
    expect(link).to_be_focused()
    page.keyboard.press("Space")
    video = card.locator("video")
    wait_until(lambda: video.evaluate("video => video.currentTime > 0.1"))
    expect(link).to_be_focused()
    page.keyboard.press("Space")
    assert video.evaluate("video => video.paused")
    page.keyboard.press("Enter")
    page.wait_for_url("**/videos/video_*/")
    page.go_back()
    page.wait_for_url(f"{studio.url}/")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_shortcuts_navigate_between_pages(page: Page, studio: Studio):
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url(f"{studio.url}/library/")
    page.keyboard.press("n")
    page.wait_for_url(f"{studio.url}/")
    expect(page.get_by_role("textbox", name="Prompt")).to_be_focused()


def test_shortcuts_are_inactive_in_text_fields_and_when_switched_off(page: Page):
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.focus()
    page.keyboard.type("n?/ gl")
    expect(prompt).to_have_value("n?/ gl")
    expect(page.get_by_role("dialog")).to_have_count(0)

    opener = page.get_by_role("button", name="Keyboard shortcuts").first
    opener.click()
    switch = page.get_by_role("switch", name="Single-key shortcuts in this browser")
    expect(switch).to_be_checked()
    switch.click()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("?")
    page.reload()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_shortcuts_act_on_the_focused_card(page: Page, studio: Studio):
    card = _write_and_generate(page, "A red door")
    expect(card).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    page.goto(f"{studio.url}/library/")
    card = page.locator(".card").first
    star, box = card.locator("[data-favourite]"), card.locator("[data-select]")
    for key in ("f", "x", "Delete"):
        page.keyboard.press(key)
    expect(star).to_have_attribute("aria-pressed", "false")
    expect(box).not_to_be_checked()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+x")
    expect(box).not_to_be_checked()
    page.keyboard.press("f")
    expect(star).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("x")
    expect(box).to_be_checked()
    page.keyboard.press("Delete")
    expect(page.locator("#toasts")).to_contain_text("1 video moved to the trash.")
    expect(page.get_by_role("heading", name="A red door")).to_have_count(0)
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="A red door")).to_have_count(1)


def test_what_a_replaced_poller_is_answered_is_no_error(page: Page):
    held: list[Route] = []
    page.evaluate("""() => {
        window.pollers = [];
        document.addEventListener("htmx:configRequest", ({ target, detail }) => {
            if (target.id === "poller") detail.headers.Poller = pollers.push(target) - 1;
        });
    }""")
    page.route("**/cards?**", lambda route: route.continue_() if held else held.append(route))
    card = _write_and_generate(page, "A stork on one leg")
    wait_until(lambda: page.evaluate("true") and bool(held))  # Playwright hands routes over while it is asked
    _write_and_generate(page, "A stork on both legs")  # brings a poller of its own
    expect(card).not_to_have_attribute("data-status", "queued", timeout=DONE_TIMEOUT)  # so there is an answer

    page.evaluate(f"""() => {{
        const poller = pollers[{held[0].request.headers["poller"]}];
        window.answered = new Promise((done) => poller.addEventListener("htmx:afterRequest", () => done()));
    }}""")
    held[0].continue_()
    page.evaluate("answered")


def test_a_changing_card_keeps_layout_and_focus(page: Page):
    older = _write_and_generate(page, "An older card beside it").get_attribute("id")
    card = _write_and_generate(page, "A snail on a green leaf")
    selector = f"#{card.get_attribute('id')}"
    page.get_by_role("button", name="Cancel “A snail on a green leaf”").focus()
    expect(card).not_to_have_class(re.compile("card--waiting"))  # a row while it waits
    before = [_layout_box(page, selector), _layout_box(page, f"#{older}")]

    expect(card).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)

    assert [_layout_box(page, selector), _layout_box(page, f"#{older}")] == before
    expect(card.get_by_role("link", name="A snail on a green leaf", exact=True)).to_be_focused()


def test_a_playing_video_is_not_interrupted_by_a_new_one(page: Page):
    first = _write_and_generate(page, "A slow river")
    expect(first).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    first.get_by_role("link", name="Play “A slow river”").click()
    video = first.locator("video")
    video.evaluate("video => { window.video = video; video.onpause = () => (video.dataset.stopped = '1') }")

    second = _write_and_generate(page, "A fast river")
    expect(second).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)

    assert video.evaluate("video => video === window.video && !video.paused && !video.dataset.stopped")


def test_a_lost_connection_is_reported_and_polling_resumes(page: Page, browser_errors: list[str]):
    card = _write_and_generate(page, "A bridge in the fog")
    alert = page.get_by_role("alert")
    page.route("**/cards?*", lambda route: route.abort())
    page.route("**/health", lambda route: route.abort())
    expect(alert).to_contain_text("reach the studio")
    expect(page.get_by_role("button", name="Try now")).to_be_visible()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.wait_for_timeout(4500)
    assert not [url for url in requested if "/cards" in url], "the poller waits until the studio answers"

    page.unroute("**/cards?*")
    page.unroute("**/health")
    page.get_by_role("button", name="Try now").click()

    expect(alert).to_be_hidden()
    expect(page.get_by_text("back online.")).to_be_visible()
    expect(card).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    _assert_only_network_errors(browser_errors)


def test_what_was_asked_before_the_connection_was_lost_does_not_say_that_it_is_back(
    page: Page, browser_errors: list[str]
):
    held: list[Route] = []
    page.route("**/history/", lambda route: held.append(route))
    page.route("**/health", lambda route: route.fulfill(status=503))
    page.evaluate("void htmx.ajax('GET', '/history/', {target: '#main', swap: 'none'})")
    wait_until(lambda: page.evaluate("1") and held)
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.get_by_role("alert")).to_contain_text("reach the studio")
    with page.expect_response("**/history/"):
        held[0].fulfill(status=200, body="")
    page.wait_for_timeout(100)
    expect(page.get_by_text("back online.")).to_have_count(0)
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute("**/health")
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("back online.")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.get_by_text("back online.")).to_have_count(0)
    _assert_only_network_errors(browser_errors)


def test_an_error_is_reported_and_the_prompt_kept(page: Page, browser_errors: list[str]):
    def fail(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=500, body="no")
        else:
            route.continue_()

    page.route("**/", fail)
    page.keyboard.press("n")
    page.keyboard.type("A prompt worth keeping")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("error 500")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("A prompt worth keeping")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    _assert_only_network_errors(browser_errors)


def test_an_expired_session_keeps_the_prompt(page: Page, studio: Studio):
    page.keyboard.press("n")
    page.keyboard.type("A prompt in the middle of")
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("alert")).to_contain_text("been signed out")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("A prompt in the middle of")
    page.get_by_role("link", name="Sign in").click()
    _submit_sign_in_form(page)

    page.wait_for_url(f"{studio.url}/")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("A prompt in the middle of")


def _submit_sign_in_form(page: Page) -> None:
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("a long enough password")
    page.keyboard.press("Enter")


def test_an_open_page_works_after_signing_in_elsewhere(page: Page, studio: Studio):
    page.context.clear_cookies(name="sessionid")
    sign_in(page.context.new_page(), studio, new_session=True)
    _write_and_generate(page, "Written before, sent after")


def test_notification_permission_is_requested_only_by_the_switch(context: BrowserContext, studio: Studio):
    context.add_init_script("""
        window.asked = 0;
        window.shown = [];
        window.Notification = class extends EventTarget {
            static permission = "default";
            static async requestPermission() {
                window.asked += 1;
                return (Notification.permission = "granted");
            }
            constructor(title, options) {
                super();
                window.shown.push(`${title}: ${options.body}`);
            }
        };
        document.hasFocus = () => false;
    """)
    page = context.new_page()
    sign_in(page, studio)
    card = _write_and_generate(page, "Nobody asked for this one")
    expect(card).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    page.wait_for_timeout(300)
    assert page.evaluate("[asked, shown.length]") == [0, 0]

    page.get_by_label("Account: ").click()
    switch = page.get_by_role("switch", name="Browser notifications")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()
    page.keyboard.press("Escape")
    page.locator("main").focus()
    card = _write_and_generate(page, "This one I wait for")
    expect(card).to_have_attribute("data-status", "completed", timeout=DONE_TIMEOUT)
    # Several that are ready shortly after one another are told as one, the latest by name.
    wait_until(lambda: any("This one I wait for" in text for text in page.evaluate("shown")))
    assert page.evaluate("[asked, shown.length]") == [1, 1]


def test_a_focused_toast_stays_and_can_be_undone(page: Page):
    undone: list[str] = []

    def undo(route: Route) -> None:
        undone.append(route.request.method)
        route.fulfill(status=204)

    page.route("**/undo-it", undo)
    page.clock.install()
    event = "new CustomEvent('toast', {detail: {text: 'It is in the trash.', undo: '/undo-it'}})"
    page.evaluate(f"document.dispatchEvent({event})")
    toast = page.get_by_role("status").get_by_text("It is in the trash.")
    page.clock.run_for(9000)
    expect(toast).to_be_visible()
    page.get_by_role("button", name="Undo").focus()
    page.clock.run_for(60_000)
    expect(toast).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Enter")
    expect(toast).to_be_hidden()
    assert undone == ["POST"]

    page.evaluate("document.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Saved.'}}))")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.clock.run_for(7000)
    expect(page.get_by_text("Saved.")).to_be_hidden()


_ANSWER = """<article id="card-video_gone" hx-swap-oob="true"></article>
<div id="poller" hidden data-told hx-swap-oob="true"></div>"""


def test_an_answer_about_a_card_that_has_left_the_page_is_no_error(page: Page):
    """The fixture `browser_errors` would have found HTMX's."""
    page.route("**/cards*", lambda route: route.fulfill(body=_ANSWER, content_type="text/html"))
    page.evaluate("htmx.ajax('GET', '/cards', {source: '#poller', swap: 'none'})")
    expect(page.locator("#poller[data-told]")).to_be_attached()
    expect(page.locator("#card-video_gone")).to_have_count(0)


def _assert_only_network_errors(browser_errors: list[str]) -> None:
    """Assert that there are no errors but the browser's and htmx's own about failed requests; clear them."""
    expected = ("Failed to load resource", "Response Status Error", "htmx:", "[object HTML")
    assert [text for text in browser_errors if not any(part in text for part in expected)] == []
    browser_errors.clear()
