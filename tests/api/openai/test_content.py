"""GET /v1/videos/{id}/content."""

import pytest
from django.test import Client

from tests.api.openai.conftest import Made
from videos.models import State, Video


def _url(video: Video) -> str:
    return f"/v1/videos/{video.public_id}/content"


@pytest.mark.parametrize(
    ("variant", "content", "kind"),
    [
        (None, b"the whole video", "video/mp4"),
        ("video", b"the whole video", "video/mp4"),
        ("thumbnail", b"the poster", "image/webp"),
        ("spritesheet", b"the sheet", "image/jpeg"),
    ],
)
def test_each_variant(client: Client, stored: Video, variant: str | None, content: bytes, kind: str):
    reply = client.get(_url(stored), {"variant": variant} if variant else {})

    assert (reply.status_code, reply["Content-Type"]) == (200, kind)
    assert reply.getvalue() == content
    assert "private" in reply["Cache-Control"]
    assert "Authorization" in reply["Vary"]


def test_a_part_of_it(client: Client, stored: Video):
    reply = client.get(_url(stored), headers={"Range": "bytes=4-8"})

    assert (reply.status_code, reply["Content-Range"], reply.getvalue()) == (206, "bytes 4-8/15", b"whole")
    assert client.get(_url(stored), headers={"Range": "bytes=99-"}).status_code == 416


def test_the_head_alone(client: Client, stored: Video):
    reply = client.head(_url(stored))

    assert (reply.status_code, reply["Content-Length"], reply.content) == (200, "15", b"")


@pytest.mark.parametrize(
    "state", [State.QUEUED, State.IN_PROGRESS, State.STORING, State.FAILED, State.CANCELED]
)
def test_too_early(client: Client, made: Made, state: State):
    reply = client.get(_url(made(state=state)))

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "video_not_ready")


def test_files_that_are_not_there(client: Client, made: Made):
    lost, bare = made(), made(file="")

    assert client.get(_url(lost)).status_code == 404
    assert client.get(_url(bare)).status_code == 404
    assert client.get(_url(lost), {"variant": "thumbnail"}).json()["error"]["param"] == "variant"


def test_an_unknown_variant(client: Client, stored: Video):
    reply = client.get(_url(stored), {"variant": "0"})

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "variant")


def test_strangers_get_nothing(stranger: Client, anyone: Client, stored: Video):
    assert stranger.get(_url(stored)).status_code == 404
    assert anyone.get(_url(stored)).status_code == 401
