"""A real browser plays a video from the store, within the policy of the pages."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from accounts.models import User
from contentgen.http_headers import content_security_policy
from contentgen.storage_address import ObjectStore
from tests.engine.fake import FakeBackend
from tests.engine.storing import video as video  # a fixture here too
from tests.sharing.conftest import address, finished_video
from videos.engine.store import store
from videos.models import ShareLink, Video
from videos.services.share_links import LinkOptions, create_link, revoke_links
from videos.views import shared

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


LONG = 12  # seconds of a video that a browser does not load as a whole before it is played
LIFE = 10  # seconds for which an address in the store works
ARE_ALL_LOADED = "video => video.buffered.length && video.buffered.end(0) >= video.duration - 1"
SEEK = """(video, to) => new Promise((resolve) => {
  video.addEventListener("seeked", () => resolve(video.currentTime), { once: true });
  video.currentTime = to;
})"""


@pytest.fixture
def link(
    transactional_db: None,
    studio_storage: Any,
    alice: User,
    tmp_path: Path,
    settings: Any,
    place: ObjectStore,
) -> ShareLink:
    """A link to a video of some megabytes, which is noise."""
    path, noise = tmp_path / "long.mp4", np.random.default_rng(1)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=8, options={"preset": "ultrafast", "qp": "8"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for _ in range(8 * LONG):
            picture = noise.integers(0, 255, (360, 640, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    assert path.stat().st_size > 8_000_000
    settings.STORAGE_URL = place
    settings.CONTENT_SECURITY_POLICY = content_security_policy(place.origins)
    video = finished_video(alice, duration=LONG, width=640, height=360)
    video.file.save("long.mp4", ContentFile(path.read_bytes()))
    return create_link(alice, video, LinkOptions(), days=1)


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("is_told", [True, False], ids=["before it asks", "by the error"])
def test_a_visitor_who_seeks_gets_a_new_address_until_the_link_ends(
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    link: ShareLink,
    live_server: Any,
    page: Page,
    is_told: bool,
):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs an event loop in this thread
    monkeypatch.setattr(shared, "_address_seconds", lambda video: LIFE)
    if not is_told:
        settings.STORAGE_URL = None  # then the page does not say for how long an address works
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(live_server.url + address(link))
    player = page.locator("video")
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    assert not player.evaluate(ARE_ALL_LOADED)  # else it would ask for nothing more
    own = live_server.url + address(link, "file")
    before = asked.count(own)

    page.wait_for_timeout(1000 * (LIFE + 1))
    assert player.evaluate(SEEK, LONG - 2) == pytest.approx(LONG - 2, abs=0.2)
    expect(page.locator(".player__problem")).to_be_hidden()
    assert asked.count(own) > before

    revoke_links(ShareLink.objects.all())
    player.evaluate("video => video.load()")
    expect(page.locator(".player__problem")).to_be_visible(timeout=60_000)
