"""Who asks for a file gets an address of the store, for some minutes, and only who may have the file."""

import logging
from urllib.parse import parse_qs, urlsplit

import openai
import pytest
import requests
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from contentgen.http_headers import content_security_policy
from contentgen.log_filters import SignedAddressFilter
from contentgen.object_storage import ObjectStorage
from contentgen.storage_address import ObjectStore, origins
from contentgen.storage_interface import Served
from tests.sharing.conftest import CLIP, address, body, finished_video
from videos.models import ShareLink, Video
from videos.services.share_links import LinkOptions, create_link, revoke_links

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(studio_storage: ObjectStorage, alice: User) -> Video:
    return finished_video(alice)


def _page(video: Video, name: str = "file") -> str:
    return reverse(f"videos:{name}", args=[video.public_id])


def _signed(response, seconds: int = 600) -> dict[str, str]:
    """Return what an answer's address says, after a look at the rest of it: for how long it works, too."""
    assert response.status_code == 302
    query = {name: values[0] for name, values in parse_qs(urlsplit(response.url).query).items()}
    assert query["X-Amz-Expires"] == str(seconds)
    assert query["X-Amz-Signature"]
    return query


def test_a_player_gets_ranges_from_the_store(as_alice: Client, video: Video, place: ObjectStore):
    response = as_alice.get(_page(video))

    query = _signed(response)
    assert query["response-content-type"] == "video/mp4"
    assert query["response-content-disposition"].startswith("inline; filename=")
    assert response["Cache-Control"] == "private, max-age=300"  # no longer than the address works
    part = requests.get(response.url, headers={"Range": "bytes=100-199"}, timeout=10)
    assert (part.status_code, part.content) == (206, CLIP[100:200])
    assert part.headers["Content-Type"] == "video/mp4"
    # The bucket itself is closed.
    assert requests.get(response.url.partition("?")[0], timeout=10).status_code == 403


def test_a_download_has_its_name(as_alice: Client, video: Video):
    query = _signed(as_alice.get(_page(video), {"download": "1"}))
    assert query["response-content-disposition"] == (
        'attachment; filename="a-secret-launch-on-a-rainy-street.mp4"'
    )


def test_head_is_answered_here(as_alice: Client, video: Video):
    response = as_alice.head(_page(video))
    assert (response.status_code, response["Content-Length"]) == (200, str(len(CLIP)))


def test_a_picture_comes_from_the_store_too(as_alice: Client, video: Video):
    response = as_alice.get(_page(video, "poster"))
    assert _signed(response)["response-content-type"] == "image/webp"
    assert requests.get(response.url, timeout=10).content == b"a poster"


def test_a_page_reads_a_frame_from_the_studio(as_alice: Client, client: Client, video: Video, alice: User):
    response = as_alice.get(_page(video), {"relayed": "1"}, headers={"Range": "bytes=100-199"})
    assert (response.status_code, body(response)) == (206, CLIP[100:200])
    closed, opened = (
        create_link(alice, video, LinkOptions(allows_download=on), days=1) for on in (False, True)
    )
    assert client.get(address(closed, "file"), {"relayed": "1"}).status_code == 302
    assert body(client.get(address(opened, "file"), {"relayed": "1"})) == CLIP


def test_nobody_else_gets_an_address(as_bob: Client, client: Client, video: Video):
    assert as_bob.get(_page(video)).status_code == 404
    assert "X-Amz" not in client.get(_page(video)).url


def test_a_video_in_the_trash_gets_no_new_address(as_alice: Client, video: Video):
    Video.objects.update(deleted_at=timezone.now())
    assert as_alice.get(_page(video)).status_code == 404


def test_a_share_link_asks_each_time_and_ends_with_its_revocation(visitor: Client, share, video: Video):
    link = share()
    Video.objects.update(duration=5.3)

    response = visitor.get(address(link, "file"))

    # A minute, and the time of watching it twice.
    assert _signed(response, seconds=60 + 12)["response-cache-control"] == "private, no-cache"
    assert response["Cache-Control"] == "private, no-store"
    assert b'data-address-seconds="72"' in visitor.get(address(link)).content
    for picture in ("poster", "scrub"):
        _signed(visitor.get(address(link, picture)), seconds=60)
    revoke_links(ShareLink.objects.all())
    refused = visitor.get(address(link, "file"))
    assert refused.status_code == 410
    assert "Location" not in refused


def test_no_address_works_for_longer_than_the_setting_says(
    visitor: Client, share, video: Video, studio_storage: ObjectStorage, settings
):
    link = share()
    Video.objects.update(duration=3600)
    assert settings.STORAGE_URL_SECONDS == 600
    _signed(visitor.get(address(link, "file")), seconds=600)

    served = Served("video/mp4", seconds=6000)
    assert "X-Amz-Expires=600&" in studio_storage.signed_url("a.mp4", served)


def test_openais_sdk_follows(alice: User, video: Video, live_server):
    _, secret = tokens.issue(alice, "script")
    with openai.OpenAI(api_key=secret, base_url=f"{live_server.url}/v1") as sdk, pytest.warns():
        assert sdk.videos.download_content(video.public_id).read() == CLIP


@pytest.mark.parametrize("how", ["setting", "another origin"])
def test_a_program_that_does_not_follow_gets_the_bytes(
    as_alice: Client, as_bob: Client, video: Video, settings, how: str
):
    path = f"/api/v1/videos/{video.public_id}/download"
    assert as_alice.get(path).status_code == 302
    assert as_bob.get(path).status_code == 404
    settings.API_REDIRECTS = how != "setting"
    headers = {"Range": "bytes=10-19", **({} if how == "setting" else {"Origin": "https://tools.example"})}

    response = as_alice.get(path, headers=headers)

    assert response.status_code == 206
    assert body(response) == CLIP[10:20]


def test_the_policy_of_the_pages_allows_the_store_and_nothing_else():
    store = ObjectStore("bucket", endpoint="https://s3.example.org", addressing="path")
    directives = content_security_policy(origins(store, None))["DIRECTIVES"]
    assert directives["media-src"] == ["'self'", "blob:", "https://s3.example.org"]
    assert directives["img-src"] == ["'self'", "data:", "blob:", "https://s3.example.org"]
    assert directives["default-src"] == ["'self'"]
    amazon = ObjectStore("bucket", region="eu-central-1")
    assert amazon.origins == [
        "https://bucket.s3.eu-central-1.amazonaws.com",
        "https://bucket.s3.amazonaws.com",
    ]


def test_no_signed_address_is_logged(caplog: pytest.LogCaptureFixture, video: Video):
    caplog.handler.addFilter(SignedAddressFilter())
    url = video.file.url
    caplog.records.clear()
    logging.getLogger("studio").warning("It failed: %s and %s", url, "?a=b")

    assert "X-Amz-…" in caplog.text
    assert parse_qs(urlsplit(url).query)["X-Amz-Signature"][0] not in caplog.text
    assert "?a=b" in caplog.text


def test_nginx_sends_a_local_file(as_alice: Client, as_bob: Client, alice: User, settings):
    settings.X_ACCEL_REDIRECT = "/stored/"
    video = finished_video(alice)
    video.file.save("odd name é.mp4", ContentFile(CLIP))

    response = as_alice.get(_page(video))

    assert response["X-Accel-Redirect"] == "/stored/odd_name_%C3%A9.mp4"
    assert response["Content-Type"] == "video/mp4"
    assert response["Content-Disposition"].startswith("inline;")
    assert response.content == b""
    assert as_bob.get(_page(video)).status_code == 404
