"""Joining, a forgotten password, second factors and single sign-on, as people meet them."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import PASSWORD, READY, USERNAME, assert_only_status
from tests.studio import NewDataDir, Studio, free_port, wait_until

pytestmark = pytest.mark.e2e
NEW = "a new long phrase"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(f"http://localhost:{port}/.well-known/openid-configuration"))
        yield f"http://localhost:{port}"
    finally:
        running.terminate()
        running.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2) as reply:  # noqa: S310  # our own provider
            return reply.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mails")


@pytest.fixture(scope="module")
def joining(
    new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory, mails: Path, provider: str
) -> Iterator[Studio]:
    """A studio with mail in a folder and a provider, under a name that passkeys take."""
    folder = new_data_dir(tmp_path_factory.mktemp("joining") / "data")
    studio = Studio(
        folder,
        free_port(),
        folder / "log",
        OWNER_USERNAME=USERNAME,
        OWNER_PASSWORD=PASSWORD,
        EMAIL_FILE_PATH=str(mails),
        OIDC_ISSUER=provider,
        OIDC_CLIENT_ID="studio",
        OIDC_CLIENT_SECRET="s3cret",
        OIDC_NAME="Work account",
        OIDC_SIGNUP="everyone",
    )
    studio.url = f"http://localhost:{studio.port}"
    try:
        studio.wait_for(READY)
        yield studio
    finally:
        assert studio.stop(signal.SIGINT) == 0
    assert "Traceback" not in studio.log.read_text()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A page of somebody who is not signed in."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


def _sign_in(page: Page, studio: Studio, name: str, password: str) -> None:
    page.goto(f"{studio.url}/accounts/login/")
    page.get_by_label("Username or email").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _sign_out(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")


def _mailed_link(mails: Path, to: str) -> str:
    """Wait for the message to this address, and return the link in it."""

    def find() -> list[str]:
        texts = [path.read_text() for path in sorted(mails.iterdir())]
        return [link for text in texts if f"To: {to}" in text for link in re.findall(r"^http\S+", text, re.M)]

    wait_until(lambda: bool(find()))
    return find()[-1]


def _make_person(studio: Studio, name: str, **fields: str) -> None:
    more = ", ".join(f"{field}={value!r}" for field, value in fields.items())
    code = f"from tests.factories import *; UserFactory(username={name!r}, password={PASSWORD!r}, {more})"
    made = studio.manage("shell", "-v", "0", "-c", code)
    assert made.returncode == 0, made.stderr


def _expect_account(page: Page, name: str) -> None:
    menu = page.locator("summary[aria-label^='Account']")
    expect(menu).to_have_attribute("aria-label", f"Account: {name}")


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_from_an_invitation_to_the_first_video(joining: Studio, mails: Path, browser: Browser, visitor: Page):
    with browser.new_context() as context:
        owner = context.new_page()
        _sign_in(owner, joining, USERNAME, PASSWORD)
        owner.goto(f"{joining.url}/accounts/invitations/")
        owner.get_by_label("Email (optional)").fill("dora@example.org")
        owner.get_by_role("button", name="Make invitation").click()
        expect(owner.get_by_role("heading", name="Invitation made for dora@example.org")).to_be_visible()

    visitor.goto(_mailed_link(mails, "dora@example.org"))
    visitor.get_by_label("Username").fill("dora")
    visitor.get_by_label("Password", exact=True).fill(NEW)
    visitor.get_by_label("Password confirmation").fill(NEW)
    visitor.get_by_role("button", name="Create account").click()
    visitor.wait_for_url(f"{joining.url}/")
    visitor.locator("textarea[name=prompt]").fill("A paper boat on a rainy street")
    visitor.get_by_role("button", name=re.compile("Generate")).click()
    expect(visitor.locator(".card")).to_have_count(1)
    expect(visitor.locator(".card")).to_contain_text("A paper boat")

    _sign_out(visitor, joining)
    _sign_in(visitor, joining, "dora@example.org", NEW)
    visitor.wait_for_url(f"{joining.url}/")


def test_a_forgotten_password(joining: Studio, mails: Path, visitor: Page):
    _make_person(joining, "frida", email="frida@example.org")
    visitor.goto(f"{joining.url}/accounts/login/")
    visitor.get_by_role("link", name="Forgot your password?").click()
    visitor.get_by_label("Email").fill("frida@example.org")
    visitor.get_by_role("button", name="Send link").click()
    expect(visitor.get_by_role("heading", name="Check your mail")).to_be_visible()

    visitor.goto(_mailed_link(mails, "frida@example.org"))
    visitor.get_by_label("New password", exact=True).fill(NEW)
    visitor.get_by_label("New password (again)").fill(NEW)
    visitor.get_by_role("button", name="Set password").click()
    expect(visitor.get_by_role("heading", name="Your password is changed")).to_be_visible()
    _sign_in(visitor, joining, "frida", NEW)
    visitor.wait_for_url(f"{joining.url}/")


def test_an_authenticator_app(joining: Studio, visitor: Page):
    _make_person(joining, "tom")
    _sign_in(visitor, joining, "tom", PASSWORD)
    visitor.wait_for_url(f"{joining.url}/")
    visitor.goto(f"{joining.url}/accounts/sign-in/")
    visitor.get_by_role("link", name="Add authenticator app").click()
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Confirm").click()
    secret = visitor.locator(".totp-key").inner_text()
    visitor.get_by_label("Authenticator code").fill("000000")
    visitor.get_by_role("button", name="Add app").click()
    expect(visitor.get_by_role("alert")).to_contain_text("Incorrect code")
    secret = visitor.locator(".totp-key").inner_text()
    visitor.get_by_label("Authenticator code").fill(_code(secret))
    visitor.get_by_role("button", name="Add app").click()
    expect(visitor.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery_code = visitor.locator(".codes code").first.inner_text()

    _sign_out(visitor, joining)
    _sign_in(visitor, joining, "tom", PASSWORD)
    expect(visitor.get_by_role("heading", name="One more step")).to_be_visible()
    visitor.get_by_label("Code").fill(recovery_code)
    visitor.get_by_role("button", name="Sign in").click()
    visitor.wait_for_url(f"{joining.url}/")


@pytest.fixture
def authenticator(visitor: Page) -> None:
    """A device that asks nobody and always agrees."""
    devices = visitor.context.new_cdp_session(visitor)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_passkey(joining: Studio, visitor: Page, authenticator: None, is_alone: bool):
    name = f"paula-{is_alone}".lower()
    _make_person(joining, name)
    _sign_in(visitor, joining, name, PASSWORD)
    visitor.wait_for_url(f"{joining.url}/")
    visitor.goto(f"{joining.url}/accounts/passkeys/add/")
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Confirm").click()
    if is_alone:
        visitor.get_by_label("Also sign in with it alone").check()
    visitor.get_by_role("button", name="Add passkey").click()
    expect(visitor.get_by_role("heading", name="Recovery codes")).to_be_visible()

    _sign_out(visitor, joining)
    if is_alone:
        visitor.get_by_role("button", name="Sign in with a passkey").click()
    else:
        _sign_in(visitor, joining, name, PASSWORD)
        visitor.get_by_role("button", name="Use a passkey").click()
    visitor.wait_for_url(f"{joining.url}/")
    expect(visitor.locator("summary[aria-label^='Account']")).to_have_attribute(
        "aria-label", f"Account: {name}"
    )


def test_single_sign_on(joining: Studio, provider: str, visitor: Page, browser_errors: list[str]):
    claims = b'{"email": "olga@example.org", "email_verified": true, "preferred_username": "olga"}'
    headers = {"Content-Type": "application/json"}
    urlopen(Request(f"{provider}/users/olga", claims, headers, method="PUT")).close()  # noqa: S310
    visitor.goto(f"{joining.url}/library/")
    visitor.get_by_role("button", name="Continue with Work account").click()
    visitor.get_by_placeholder("sub").fill("olga")
    browser_errors.clear()  # those of the provider's own page, which asks the internet for its looks
    visitor.get_by_role("button", name="Authorize").click()
    visitor.wait_for_url(f"{joining.url}/library/")
    _expect_account(visitor, "olga")
    assert_only_status(browser_errors, 404)  # the provider's page has no icon


def test_a_viewer_sees_no_form(joining: Studio, visitor: Page, browser_errors: list[str]):
    _make_person(joining, "vera", role="viewer")
    _sign_in(visitor, joining, "vera", PASSWORD)
    visitor.wait_for_url(f"{joining.url}/")
    expect(visitor.get_by_text("Your role is viewer")).to_be_visible()
    expect(visitor.locator("textarea[name=prompt]")).to_have_count(0)
    assert visitor.goto(f"{joining.url}/team/").status == 403
    assert_only_status(browser_errors, 403)


def test_everything_works_without_scripts(joining: Studio, browser: Browser):
    context: BrowserContext
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        _sign_in(page, joining, USERNAME, PASSWORD)
        page.wait_for_url(f"{joining.url}/")
        page.goto(f"{joining.url}/accounts/passkeys/add/")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("Passkeys need JavaScript.")).to_be_visible()
        page.goto(f"{joining.url}/accounts/profile/")
        page.get_by_label("Theme").select_option("dark")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
