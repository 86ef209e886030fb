from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from tests.factories import ReferenceImageFactory, VideoFactory
from videos.media import poster
from videos.models import State, Video

pytestmark = pytest.mark.django_db
CLIP = bytes(range(256)) * 8
NAMES = ["file", "poster", "scrub", "reference"]


@pytest.fixture
def video(alice) -> Video:
    image = ReferenceImageFactory(owner=alice)
    image.file.save("reference.png", ContentFile(b"a picture"))
    video = VideoFactory(
        owner=alice,
        state=State.COMPLETED,
        prompt="A paper boat: “rainy” street\nat night, slowly, and then some more words",
        reference=image,
        sha256="cd" * 32,
    )
    video.file.save("video.mp4", ContentFile(CLIP), save=False)
    video.poster.save("poster.webp", ContentFile(b"a poster"), save=False)
    video.scrub_sheet.save("scrub.jpg", ContentFile(b"a sheet"), save=False)
    video.save()
    return video


def url_of(video: Video, name: str = "file") -> str:
    return reverse(f"videos:{name}", args=[video.public_id])


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_it_serves_the_whole_clip(as_alice, video):
    response = as_alice.get(url_of(video))
    assert response.status_code == 200
    assert response["Content-Type"] == "video/mp4"
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == f'"{video.sha256}"'
    assert "attachment" not in response.get("Content-Disposition", "")
    assert body(response) == CLIP


def test_it_serves_a_range(as_alice, video):
    response = as_alice.get(url_of(video), headers={"Range": "bytes=100-199"})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes 100-199/{len(CLIP)}"
    assert body(response) == CLIP[100:200]


def test_it_refuses_a_range_past_the_end(as_alice, video):
    assert as_alice.get(url_of(video), headers={"Range": "bytes=999999-"}).status_code == 416


def test_it_sends_nothing_twice(as_alice, video):
    assert as_alice.get(url_of(video), headers={"If-None-Match": f'"{video.sha256}"'}).status_code == 304


def test_a_download_has_a_readable_name(as_alice, video):
    response = as_alice.get(url_of(video), {"download": "1"})
    assert (
        response["Content-Disposition"]
        == 'attachment; filename="a-paper-boat-rainy-street-at-night-slowly.mp4"'
    )
    body(response)


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [("poster", poster.POSTER_TYPE, b"a poster"), ("scrub", poster.SCRUB_TYPE, b"a sheet")],
)
def test_it_serves_the_pictures(as_alice, video, name, kind, content):
    response = as_alice.get(url_of(video, name))
    assert response["Content-Type"] == kind
    assert body(response) == content


def test_it_serves_the_reference(as_alice, video):
    response = as_alice.get(url_of(video, "reference"))
    assert response["Content-Type"] == "image/png"
    assert body(response) == b"a picture"


@pytest.mark.parametrize("name", NAMES)
def test_it_refuses_a_stranger(as_bob, client, video, name):
    assert as_bob.get(url_of(video, name)).status_code == 404
    assert client.get(url_of(video, name)).url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", NAMES)
def test_there_is_nothing_of_a_video_not_finished(as_alice, alice, name):
    assert as_alice.get(url_of(VideoFactory(owner=alice, state=State.STORING), name)).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_there_is_nothing_of_a_deleted_video(as_alice, video, name):
    Video.objects.update(deleted_at=timezone.now())
    assert as_alice.get(url_of(video, name)).status_code == 404


def test_a_file_that_is_lost_is_not_there(as_alice, video):
    Path(video.file.path).unlink()
    assert as_alice.get(url_of(video)).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_it_is_only_read(as_alice, video, name):
    assert as_alice.post(url_of(video, name)).status_code == 405
