from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from accounts.models import User
from tests.api.rest.conftest import CLIP, URL, read, refused
from tests.factories import VideoFactory
from videos.models import IN_FLIGHT, State, Video

pytestmark = pytest.mark.django_db


def url_of(video: Video) -> str:
    return f"{URL}/{video.public_id}/download"


def test_it_sends_the_film(program: Client, finished):
    video = finished(prompt="A paper boat")
    response = program.get(url_of(video))
    assert response.status_code == 200
    assert response["Content-Type"] == "video/mp4"
    assert response["Content-Disposition"] == 'attachment; filename="a-paper-boat.mp4"'
    assert response["ETag"] == f'"{video.sha256}"'
    assert "private" in response["Cache-Control"]
    assert {"Authorization", "Cookie"} <= {name.strip() for name in response["Vary"].split(",")}
    assert read(response) == CLIP


@pytest.mark.parametrize(
    ("output", "kind", "content"),
    [
        ("video", "video/mp4", CLIP),
        ("thumbnail", "image/webp", b"a poster"),
        ("spritesheet", "image/jpeg", b"a sheet"),
    ],
)
def test_it_sends_what_is_asked_for(program: Client, finished, output, kind, content):
    response = program.get(url_of(finished()), {"output_type": output})
    assert response["Content-Type"] == kind
    assert read(response) == content


def test_it_sends_a_range(program: Client, finished):
    response = program.get(url_of(finished()), headers={"Range": "bytes=100-199"})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes 100-199/{len(CLIP)}"
    assert read(response) == CLIP[100:200]


def test_a_range_past_the_end_is_refused(program: Client, finished):
    response = program.get(url_of(finished()), headers={"Range": "bytes=999999-"})
    refused(response, 416, code="range_not_satisfiable")
    assert response["Content-Range"] == f"bytes */{len(CLIP)}"


def test_it_sends_nothing_twice(program: Client, finished):
    video = finished()
    assert program.get(url_of(video), headers={"If-None-Match": f'"{video.sha256}"'}).status_code == 304


def test_head_tells_the_size_only(program: Client, finished):
    response = program.head(url_of(finished()))
    assert (response.status_code, response["Content-Length"]) == (200, str(len(CLIP)))
    assert response.content == b""


@pytest.mark.parametrize("state", sorted(IN_FLIGHT))
def test_it_is_too_early(program: Client, alice: User, state):
    refused(program.get(url_of(VideoFactory(owner=alice, state=state))), 409, code="not_finished")


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_there_will_be_none(program: Client, alice: User, state):
    refused(program.get(url_of(VideoFactory(owner=alice, state=state))), 410, code="no_file")


def test_a_file_that_is_lost_is_not_found(program: Client, finished):
    video = finished()
    Path(video.file.path).unlink()
    refused(program.get(url_of(video)), 404, code="no_file", param="output_type")


def test_a_picture_that_was_never_made_is_not_found(program: Client, finished):
    video = finished()
    Video.objects.update(poster="")
    refused(program.get(url_of(video), {"output_type": "thumbnail"}), 404, param="output_type")


def test_another_kind_is_refused(program: Client, finished):
    refused(program.get(url_of(finished()), {"output_type": "gif"}), 422, param="output_type")


def test_a_stranger_does_not_find_it(strangers: list[Client], finished):
    video = finished()
    for stranger in strangers[:1]:  # staff may look
        refused(stranger.get(url_of(video)), 404, param="id")


def test_the_original_and_its_copy_for_browsers_are_told_and_sent(program: Client, finished):
    video = finished(prompt="A boat", container="WebM", codec="VP9", browser_byte_count=4)
    video.browser_file.save("copy.mp4", ContentFile(b"copy"))

    body = program.get(f"{URL}/{video.public_id}").json()

    assert (body["container"], body["codec"]) == ("WebM", "VP9")
    copy = body["browser_copy"]
    assert (copy["url"], copy["bytes"]) == (f"http://testserver{url_of(video)}?output_type=browser", 4)
    response = program.get(copy["url"])
    assert response["Content-Disposition"] == 'attachment; filename="a-boat-browser.mp4"'
    assert read(response) == b"copy"
    assert read(program.get(body["urls"]["download"])) == CLIP


def test_without_a_copy_the_file_for_browsers_is_the_original(program: Client, finished):
    video = finished(container="MP4", codec="H.264")
    assert program.get(f"{URL}/{video.public_id}").json()["browser_copy"] is None
    assert read(program.get(url_of(video), {"output_type": "browser"})) == CLIP
