"""A batch in a real browser: a failing row is mended, then it starts, pauses, ends and is taken along."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import assert_only_status
from tests.studio import Studio

pytestmark = pytest.mark.e2e


def test_a_batch_from_a_failing_row_to_its_zip(
    page: Page, studio: Studio, tmp_path: Path, browser_errors: list[str]
):
    file = tmp_path / "spots.csv"
    file.write_text("prompt;seconds;key\r\nA red balloon;4;one\r\nA blue balloon;5;two\r\n", encoding="utf-8")
    page.goto(f"{studio.url}/batches/new")
    assert find_violations(page) == []
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Check and price").click()

    expect(page.get_by_role("heading", name="1 fault. Nothing was created.")).to_be_visible()
    expect(page.locator(".batch-form__faults")).to_contain_text("row 3, column B (seconds):")
    assert find_violations(page) == []
    assert_only_status(browser_errors, 422)
    table = page.get_by_label("Table", exact=True)
    table.fill(table.input_value().replace(";5;", ";4;"))
    page.get_by_label("Name").fill("Balloons")
    page.get_by_role("button", name="Check and price").click()

    expect(page.get_by_role("heading", name="Balloons")).to_be_visible()
    expect(page.locator(".batch__table tbody tr")).to_have_count(2)
    assert find_violations(page) == []
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".batch-state")).to_have_text("Paused")
    assert find_violations(page) == []
    page.get_by_role("button", name="Resume").click()

    expect(page.locator(".batch-state")).to_have_text("Completed", timeout=90_000)
    expect(page.locator(".tile--done")).to_have_count(2)
    assert find_violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Videos, ZIP").click()
    names = sorted(zipfile.ZipFile(download.value.path()).namelist())
    assert names == ["a-blue-balloon.json", "a-blue-balloon.mp4", "a-red-balloon.json", "a-red-balloon.mp4"]
