"""Somebody leaves, hands their work over, and what was done is found in the audit log."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PASSWORD, USERNAME, sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e

_PEOPLE = f"""
from tests.factories import UserFactory, VideoFactory
from videos.models import Backend, State
mia = UserFactory(username="mia", password={PASSWORD!r})
leo = UserFactory(username="leo", password={PASSWORD!r})
backend = Backend.objects.for_environment()
VideoFactory(owner=leo, backend=backend, state=State.CANCELED, prompt="A heron lifts off at dawn")"""
_ITS_DAY_HAS_COME = """
from django.utils import timezone
from accounts import deletion
from accounts.models import AccountDeletion
AccountDeletion.objects.update(due_at=timezone.now())
print(deletion.carry_out_due())"""


def _run(studio: Studio, code: str) -> str:
    done = studio.manage("shell", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _ask_to_leave(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/account/data/")
    page.get_by_role("link", name="Delete my account…").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Hand it over").check()
    page.get_by_label("Username of who is to get it").fill("mia")
    page.get_by_label("Your own username, to confirm").fill("leo")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", name="Your account will be deleted on")).to_be_visible()
    expect(page.get_by_text("mia has been asked")).to_be_visible()


def test_work_is_handed_over_and_the_log_tells(studio: Studio, browser: Browser):
    _run(studio, _PEOPLE)
    with browser.new_context() as leaving, browser.new_context() as staying:
        leo, mia = leaving.new_page(), staying.new_page()
        sign_in(leo, studio, "leo", new_session=True)
        _ask_to_leave(leo, studio)

        sign_in(mia, studio, "mia", new_session=True)
        mia.goto(f"{studio.url}/accounts/profile/")
        mia.get_by_role("link", name="Accept or decline").click()
        mia.get_by_role("button", name="Accept the work of leo").click()
        expect(mia.get_by_text("You accepted on")).to_be_visible()

        assert _run(studio, _ITS_DAY_HAS_COME) == "1"

        mia.goto(f"{studio.url}/library/")
        expect(mia.locator(".card")).to_contain_text("A heron lifts off at dawn")
        leo.goto(f"{studio.url}/library/")
        expect(leo).to_have_url(f"{studio.url}/accounts/login/?next=/library/")

    with browser.new_context() as context:
        owner = context.new_page()
        sign_in(owner, studio, USERNAME)
        owner.goto(f"{studio.url}/admin/audit/entry/")
        owner.get_by_label("Person").fill("leo")
        owner.get_by_role("button", name="Search").click()
        rows = owner.locator("#result_list tbody")
        expect(rows).to_contain_text("Deletion scheduled")
        owner.get_by_label("Person").fill("")
        owner.get_by_label("Action").select_option("Handed over")
        owner.get_by_role("button", name="Search").click()
        expect(rows.locator("tr")).to_have_count(1)
        expect(rows).to_contain_text("From leo to mia.")
        with owner.expect_download() as download:
            owner.get_by_role("link", name="Export as CSV").click()
        assert "From leo to mia." in download.value.path().read_text()
