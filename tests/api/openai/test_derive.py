"""Remix, edits and extensions: of one's own videos, and of clips that are uploaded."""

from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from tests.api.openai.conftest import Made, files_below
from tests.factories import BackendFactory
from videos.capabilities import capabilities_for
from videos.models import Backend, Kind, State, Video, VideoModel
from videos.services import uploads
from videos.services.uploads import IMPORTED_PROMPT

JSON = "application/json"
EDITS, EXTENSIONS = "/v1/videos/edits", "/v1/videos/extensions"


def _upload(content: bytes) -> BytesIO:
    return SimpleUploadedFile("clip.mp4", content, "video/mp4")


def test_a_remix(client: Client, made: Made):
    source = made()

    reply = client.post(f"/v1/videos/{source.public_id}/remix", {"prompt": "In snow"}, content_type=JSON)

    body = reply.json()
    assert (reply.status_code, body["status"]) == (200, "queued")
    assert (body["remixed_from_video_id"], body["prompt"]) == (source.public_id, "In snow")
    video = Video.objects.get(kind=Kind.REMIX)
    assert (video.source, video.public_id) == (source, body["id"])


@pytest.mark.parametrize("form", [False, True])
def test_an_edit_of_ones_own(client: Client, made: Made, form: bool):
    source = made()
    if form:
        reply = client.post(EDITS, {"prompt": "At night", "video[id]": source.public_id})
    else:
        body = {"prompt": "At night", "video": {"id": source.public_id}}
        reply = client.post(EDITS, body, content_type=JSON)

    assert reply.status_code == 200, reply.content
    assert Video.objects.get(kind=Kind.EDIT).source == source


@pytest.mark.parametrize("form", [False, True])
def test_an_extension_of_ones_own(client: Client, made: Made, form: bool):
    source = made()
    if form:
        reply = client.post(EXTENSIONS, {"prompt": "On", "seconds": "8", "video[id]": source.public_id})
    else:
        body = {"prompt": "On", "seconds": "8", "video": {"id": source.public_id}}
        reply = client.post(EXTENSIONS, body, content_type=JSON)

    assert reply.status_code == 200, reply.content
    assert reply.json()["seconds"] == "12"
    video = Video.objects.get(kind=Kind.EXTEND)
    assert (video.source, video.seconds) == (source, 8)


def test_an_uploaded_clip_joins_the_library_and_is_edited(
    client: Client, alice: User, clip_bytes: bytes, media_root: Path
):
    reply = client.post(EDITS, {"prompt": "At night", "video": _upload(clip_bytes)})

    assert reply.status_code == 200, reply.content
    edit = Video.objects.get(kind=Kind.EDIT)
    source = edit.source
    assert source is not None
    assert (source.owner, source.state, source.prompt) == (alice, State.COMPLETED, IMPORTED_PROMPT)
    assert (source.size, source.seconds, source.price, source.backend_job_id) == ("320x180", 2, None, "")
    assert source.file.read() == clip_bytes
    source.file.close()
    assert source.scrub_frames > 0
    assert files_below(media_root) == ["poster.webp", "scrub.jpg", "video.mp4"]
    assert capabilities_for(source).edit
    listed = client.get("/v1/videos").json()["data"]
    assert [video["id"] for video in listed] == [edit.public_id, source.public_id]
    assert listed[1]["status"] == "completed"


def test_an_uploaded_clip_is_extended(client: Client, clip_bytes: bytes):
    reply = client.post(EXTENSIONS, {"prompt": "On", "seconds": "4", "video": _upload(clip_bytes)})

    assert reply.status_code == 200, reply.content
    assert reply.json()["seconds"] == "6"


def test_a_clip_that_came_from_here_is_the_video_it_was(client: Client, clip_bytes: bytes):
    client.post(EDITS, {"prompt": "At night", "video": _upload(clip_bytes)})

    client.post(EDITS, {"prompt": "At noon", "video": _upload(clip_bytes)})

    night, noon = Video.objects.filter(kind=Kind.EDIT)
    assert night.source == noon.source
    assert Video.objects.count() == 3


@pytest.mark.parametrize("fields", [{"can_edit": False}, {"can_edit": None}, {"enabled": False}])
def test_a_clip_that_came_from_here_goes_to_another_backend_where_its_own_cannot_edit(
    client: Client, clip_bytes: bytes, simulator: Backend, fields: dict[str, bool | None]
):
    client.post(EDITS, {"prompt": "At night", "video": _upload(clip_bytes)})
    other = BackendFactory(name="Other", can_edit=True, position=1)
    other.models.set(VideoModel.objects.filter(name="sora-2"))
    own = BackendFactory(name="Own")
    own.models.set(VideoModel.objects.all())
    Video.objects.filter(kind=Kind.CREATE).update(backend=own)
    Backend.objects.filter(pk=own.pk).update(**fields)

    reply = client.post(EDITS, {"prompt": "At noon", "video": _upload(clip_bytes)})

    assert reply.status_code == 200, reply.content
    night, noon = Video.objects.filter(kind=Kind.EDIT).order_by("pk")
    assert (noon.source, noon.backend) == (night.source, other)


def test_anothers_clip_is_not_shared(client: Client, stranger: Client, clip_bytes: bytes):
    client.post(EDITS, {"prompt": "At night", "video": _upload(clip_bytes)})
    stranger.post(EDITS, {"prompt": "At noon", "video": _upload(clip_bytes)})

    night, noon = Video.objects.filter(kind=Kind.EDIT)
    assert night.source != noon.source


@pytest.mark.parametrize("content", [b"", b"no video", b"\0\0\0\x18ftypisom" + bytes(100)])
def test_a_file_that_is_no_clip(client: Client, content: bytes, media_root: Path):
    reply = client.post(EDITS, {"prompt": "At night", "video": _upload(content)})

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "video")
    assert not Video.objects.exists()
    assert files_below(media_root) == []


def test_a_clip_cut_short(client: Client, clip_bytes: bytes):
    reply = client.post(EDITS, {"prompt": "At night", "video": _upload(clip_bytes[: len(clip_bytes) // 2])})

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "video")
    assert not Video.objects.exists()


def test_a_clip_that_is_too_large(client: Client, clip_bytes: bytes, settings):
    settings.MAX_FILE_SIZE = len(clip_bytes) - 1

    reply = client.post(EDITS, {"prompt": "At night", "video": _upload(clip_bytes)})

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "video")
    assert not Video.objects.exists()


def test_a_clip_that_is_too_long(client: Client, clip_bytes: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "MAX_SECONDS", 1)

    assert client.post(EDITS, {"prompt": "At night", "video": _upload(clip_bytes)}).status_code == 400
    assert not Video.objects.exists()


def test_a_clip_nobody_can_edit(client: Client, clip_bytes: bytes, simulator: Backend):
    Backend.objects.update(can_edit=None)

    reply = client.post(EDITS, {"prompt": "At night", "video": _upload(clip_bytes)})

    assert "No model that is offered now can edit" in reply.json()["error"]["message"]
    assert not Video.objects.exists()


def test_nothing_stays_of_a_clip_when_the_rest_is_wrong(client: Client, clip_bytes: bytes, media_root: Path):
    blank = client.post(EDITS, {"prompt": " ", "video": _upload(clip_bytes)})
    odd = client.post(EXTENSIONS, {"prompt": "On", "seconds": "5", "video": _upload(clip_bytes)})

    assert (blank.status_code, blank.json()["error"]["param"]) == (400, "prompt")
    assert (odd.status_code, odd.json()["error"]["param"]) == (400, "seconds")
    assert not Video.objects.exists()
    assert files_below(media_root) == []


@pytest.mark.parametrize(
    ("path", "fields", "param"),
    [
        (EDITS, {"video": {"id": "SOURCE"}}, "prompt"),
        (EDITS, {"prompt": "A"}, "video"),
        (EDITS, {"prompt": "A", "video": "SOURCE"}, "video"),
        (EDITS, {"prompt": "A", "video": {"id": 1}}, "video"),
        (EDITS, {"prompt": "A", "video": {"id": "SOURCE"}, "seconds": []}, "seconds"),
        (EXTENSIONS, {"prompt": "A", "video": {"id": "SOURCE"}}, "seconds"),
        (EXTENSIONS, {"prompt": "A", "video": {"id": "SOURCE"}, "seconds": "5"}, "seconds"),
        ("/v1/videos/SOURCE/remix", {}, "prompt"),
        ("/v1/videos/SOURCE/remix", {"prompt": {}}, "prompt"),
    ],
)
def test_bad_values_name_their_field(client: Client, made: Made, path: str, fields: dict, param: str):
    source = made()
    if fields.get("video") == {"id": "SOURCE"}:
        fields = {**fields, "video": {"id": source.public_id}}

    reply = client.post(path.replace("SOURCE", source.public_id), fields, content_type=JSON)

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)
    assert Video.objects.count() == 1


def test_an_unfinished_source(client: Client, made: Made):
    running = made(state=State.IN_PROGRESS)

    reply = client.post(f"/v1/videos/{running.public_id}/remix", {"prompt": "A"}, content_type=JSON)

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "video")
    assert Video.objects.count() == 1


def test_anothers_source(stranger: Client, made: Made):
    source = made()
    theirs = {"prompt": "A", "video": {"id": source.public_id}}

    bodies = {
        EDITS: theirs,
        EXTENSIONS: {**theirs, "seconds": "4"},
        f"/v1/videos/{source.public_id}/remix": {"prompt": "A"},
    }
    for path, body in bodies.items():
        assert stranger.post(path, body, content_type=JSON).status_code == 404
    nul = {"prompt": "A", "video": {"id": "a\x00b"}}
    assert stranger.post(EDITS, nul, content_type=JSON).status_code == 404
    assert Video.objects.count() == 1


def test_ffmpeg_stays_out_of_the_web_process_until_somebody_brings_a_clip():
    import subprocess
    import sys

    script = (
        "import django; django.setup(); import contentgen.urls, videos.api.openai.urls, sys;"
        "sys.exit('av' in sys.modules)"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "contentgen.settings", "DATA_DIR": str(configured.DATA_DIR)}
    subprocess.run([sys.executable, "-c", script], env={**environment, "ENV_FILE": ""}, check=True)
