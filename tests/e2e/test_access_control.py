"""Users cannot see or fetch others' videos: neither pages nor fragments nor files."""

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import USERNAME, sign_in
from tests.studio import Studio

pytestmark = pytest.mark.e2e


def test_another_users_video_is_not_found(page: Page, browser: Browser, studio: Studio):
    made = studio.manage("generate_video", "A secret garden", "--user", USERNAME, "--wait")
    assert made.returncode == 0, made.stderr
    public_id = made.stdout.strip()
    paths = ["", "video.mp4", "poster.webp", "trash", "remix", "edit", "extend", "character"]
    assert all(page.request.get(f"{studio.url}/videos/{public_id}/{path}").ok for path in paths)
    shell = "from tests.factories import *; UserFactory(username='bob')"
    assert studio.manage("shell", "-c", shell).returncode == 0

    with browser.new_context() as context:
        stranger = context.new_page()
        sign_in(stranger, studio, "bob", "correct horse battery")
        for path in paths:
            assert stranger.request.get(f"{studio.url}/videos/{public_id}/{path}").status == 404
        poll = stranger.request.get(f"{studio.url}/cards?card={public_id}.0")
        assert "A secret garden" not in poll.text()
        stranger.goto(f"{studio.url}/library/")
        assert stranger.locator(".card").count() == 0
