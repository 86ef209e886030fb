"""A real browser plays a video from the store, within the policy of the pages."""

import os
import shutil
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import sync_playwright

from contentgen.http_headers import content_security_policy
from contentgen.storage_address import ObjectStore
from tests.engine.fake import FakeBackend
from tests.engine.storing import video as video  # a fixture here too
from videos.engine.store import store
from videos.models import Video

LENGTH = """() => new Promise((resolve, reject) => {
  const video = document.querySelector("video");
  video.onerror = () => reject(video.error.message);
  if (video.readyState > 0) resolve(video.duration);
  video.onloadedmetadata = () => resolve(video.duration);
  video.load();
})"""


@pytest.fixture
def chromium() -> str:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        reason = "Chromium is not installed (Debian: apt install chromium)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return path


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("is_allowed", [True, False], ids=["the store", "elsewhere"])
def test_a_browser_plays_a_video_from_the_store_alone(
    transactional_db: None,
    studio_storage: Any,
    settings: Any,
    place: ObjectStore,
    video: Video,
    fake: FakeBackend,
    sample_video: bytes,
    client: Client,
    live_server: Any,
    chromium: str,
    is_allowed: bool,
):
    fake.content = [sample_video]
    store(video.pk)
    settings.CONTENT_SECURITY_POLICY = content_security_policy(place.origins if is_allowed else [])
    client.force_login(video.owner)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    address = live_server.url + reverse("videos:detail", args=[video.public_id])

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([session])
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        if is_allowed:
            assert page.evaluate(LENGTH) == pytest.approx(1.0, abs=0.1)
            page.get_by_label("More controls").click()
            with page.expect_download() as saved:  # though a page may not read pictures of the store
                page.get_by_role("button", name="Save this frame").click()
            assert saved.value.suggested_filename.endswith("-0.000s.png")
        else:
            with pytest.raises(Exception, match=r"MEDIA_ELEMENT_ERROR|DEMUXER|Format|src"):
                page.evaluate(LENGTH)
        browser.close()
    assert any(url.startswith(f"{place.endpoint}/{place.bucket}/") for url in asked) or not is_allowed
