"""Budgets and approvals as people meet them, on a backend that is paid."""

import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import PASSWORD, READY, USERNAME, assert_only_status
from tests.studio import NewDataDir, Studio, free_port

pytestmark = pytest.mark.e2e

# A video of 4 seconds costs $0.40; nothing is priced but what this backend makes.
_CREATE_BACKEND = """
from tests.factories import BackendFactory, UserFactory
from videos.models import VideoModel
VideoModel.objects.all().delete()
model = VideoModel.objects.create(
    name="sora-2", label="Sora 2", sizes=["1280x720"], seconds=[4, 8], price_per_second={{"*": "0.10"}}
)
model.backends.add(BackendFactory(name="Paid", base_url="{simulator}"))
UserFactory(username="bob", password="{password}")
UserFactory(username="mary", password="{password}", role="manager")"""

# A day passes: what was spent was spent yesterday. The database lets nobody else change that.
_NEXT_DAY = """
from datetime import timedelta
from importlib import import_module
from django.db import connection
from django.db.models import F, QuerySet
from billing.models import LedgerLine
append_only = import_module("billing.migrations.0002_append_only")
with connection.schema_editor() as editor:
    append_only.remove(None, editor)
QuerySet(LedgerLine).update(counts_at=F("counts_at") - timedelta(days=1))
with connection.schema_editor() as editor:
    append_only.add(None, editor)"""


@contextmanager
def _running(folder: Path, **settings: str) -> Iterator[Studio]:
    owner = {"OWNER_USERNAME": USERNAME, "OWNER_PASSWORD": PASSWORD}
    log = folder / f"log-{secrets.token_hex(4)}"
    studio = Studio(folder, free_port(), log, **owner, **settings)
    try:
        studio.wait_for(READY)
        yield studio
    finally:
        assert studio.stop(signal.SIGINT) == 0
    assert "Traceback" not in studio.log.read_text()


def _manage(studio: Studio, *arguments: str) -> str:
    done = studio.manage(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _create_backend(studio: Studio, simulator: str) -> None:
    code = _CREATE_BACKEND.format(simulator=simulator, password=PASSWORD)
    _manage(studio, "shell", "-v", "0", "-c", code)


@contextmanager
def _signed_in(browser: Browser, studio: Studio, name: str) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{studio.url}/accounts/login/")
        page.get_by_label("Username or email").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{studio.url}/")
        yield page


def _generate(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Generate").click()


def test_a_budget_is_hit_and_renewed(
    browser: Browser,
    simulator: str,
    new_data_dir: NewDataDir,
    tmp_path: Path,
    browser_errors: list[str],
):
    with _running(new_data_dir(tmp_path / "data"), SIMULATOR_URL=simulator) as studio:
        _create_backend(studio, simulator)
        with _signed_in(browser, studio, "mary") as manager:
            manager.goto(f"{studio.url}/budgets/")
            manager.get_by_label("Whose").select_option(label="bob")
            manager.get_by_label("Per", exact=True).select_option("day")
            manager.get_by_label("Amount").fill("0.50")
            manager.get_by_role("button", name="Set budget").click()
            expect(manager.get_by_text("Budget set. bob: $0.50 today.")).to_be_visible()
            assert find_violations(manager) == []
        with _signed_in(browser, studio, "bob") as page:
            _generate(page, "A boat in the morning")
            expect(page.locator(".card")).to_have_count(1)
            _generate(page, "A boat at noon")
            refusal = "This costs $0.40. Your budget of $0.50 today has $0.10 left. It renews on"
            expect(page.get_by_text(refusal)).to_be_visible()
            assert_only_status(browser_errors, 422)
            page.goto(f"{studio.url}/spend/?by=person")
            expect(page.get_by_text("$0.40 used or reserved, $0.10 left.")).to_be_visible()
            assert find_violations(page) == []

            _manage(studio, "shell", "-v", "0", "-c", _NEXT_DAY)
            page.goto(studio.url)
            _generate(page, "A boat on the next day")
            expect(page.locator(".card")).to_have_count(2)


def test_an_approval_is_asked_for_given_and_declined(
    browser: Browser, simulator: str, new_data_dir: NewDataDir, tmp_path: Path
):
    folder = new_data_dir(tmp_path / "data")
    with _running(folder, SIMULATOR_URL=simulator, APPROVE_PRICE_ABOVE="0.30") as studio:
        _create_backend(studio, simulator)
        with _signed_in(browser, studio, "bob") as page, _signed_in(browser, studio, "mary") as manager:
            _generate(page, "A boat that is approved")
            waiting = page.locator(".waiting-request")
            expect(waiting).to_have_count(1)
            expect(page.get_by_text("This costs $0.40")).to_be_visible()
            _generate(page, "A boat that is declined")
            expect(waiting).to_have_count(2)
            expect(page.locator(".card")).to_have_count(0)
            assert find_violations(page) == []

            _open_request(manager, studio, "A boat that is approved")
            assert find_violations(manager) == []
            manager.get_by_role("button", name="Approve $0.40").click()
            expect(manager.get_by_text("Approved. It is being made.")).to_be_visible()
            assert find_violations(manager) == []
            _open_request(manager, studio, "A boat that is declined")
            manager.get_by_label("Note to bob").fill("One boat is enough.")
            manager.get_by_role("button", name="Decline").click()
            expect(manager.get_by_text("Declined.", exact=True)).to_be_visible()

            page.goto(studio.url)
            expect(page.locator(".card")).to_have_count(1)
            expect(waiting).to_have_count(0)
            page.goto(f"{studio.url}/approvals/")
            expect(page.get_by_text("One boat is enough.")).to_be_visible()
            assert find_violations(page) == []


def _open_request(page: Page, studio: Studio, prompt: str) -> None:
    page.goto(f"{studio.url}/approvals/")
    page.get_by_role("link", name=prompt, exact=True).click()
    expect(page.get_by_role("button", name="Decline")).to_be_visible()
