"""/v1/videos/characters."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.api.openai.conftest import Made, files_below
from videos.api.openai import characters
from videos.models import Backend, Character, State, Video

URL = "/v1/videos/characters"


def _post(client: Client, clip_bytes: bytes, name: str = "Ada", **headers: str):
    clip = SimpleUploadedFile("clip.mp4", clip_bytes, "video/mp4")
    return client.post(URL, {"name": name, "video": clip}, headers=headers)


def test_made_of_a_clip(client: Client, alice: User, simulator: Backend, clip_bytes: bytes):
    reply = _post(client, clip_bytes)

    character = Character.objects.get()
    assert (character.owner, character.backend, character.name) == (alice, simulator, "Ada")
    assert character.file.read() == clip_bytes
    character.file.close()
    shown = {"id": character.public_id, "object": "character", "name": "Ada"}
    shown["created_at"] = int(character.created_at.timestamp())
    assert reply.json() == shown
    assert client.get(f"{URL}/{character.public_id}").json() == shown


def test_made_of_a_video_of_ones_own(client: Client, stored: Video):
    reply = client.post(
        URL, {"name": "Ada", "video": {"id": stored.public_id}}, content_type="application/json"
    )

    assert reply.status_code == 200, reply.content
    with Character.objects.get().file.open("rb") as file:
        assert file.read() == b"the whole video"


def test_it_waits_for_the_worker(client: Client, clip_bytes: bytes, monkeypatch: pytest.MonkeyPatch):
    def work(_: float) -> None:
        Character.objects.update(backend_character_id="c1", due_at=None)

    monkeypatch.setattr(characters, "MAX_WAIT", 60.0)
    monkeypatch.setattr(characters.time, "sleep", work)

    assert _post(client, clip_bytes).status_code == 200
    assert Character.objects.get().is_ready


def test_one_that_the_backend_refuses(client: Client, clip_bytes: bytes, monkeypatch: pytest.MonkeyPatch):
    def refuse(_: float) -> None:
        Character.objects.update(error_message="No face is in it.", due_at=None)

    monkeypatch.setattr(characters, "MAX_WAIT", 60.0)
    monkeypatch.setattr(characters.time, "sleep", refuse)

    reply = _post(client, clip_bytes)

    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "No face is in it."


def test_a_retry_makes_no_second_one(client: Client, stranger: Client, clip_bytes: bytes):
    first = _post(client, clip_bytes).json()

    again = _post(client, clip_bytes, **{"X-Stainless-Retry-Count": "1"}).json()
    assert (again["id"], Character.objects.count()) == (first["id"], 1)
    _post(client, clip_bytes, "Bea", **{"X-Stainless-Retry-Count": "1"})
    _post(client, clip_bytes + b"\0", **{"X-Stainless-Retry-Count": "1"})
    _post(client, clip_bytes)
    _post(stranger, clip_bytes, **{"X-Stainless-Retry-Count": "1"})
    assert Character.objects.count() == 5


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"video": "CLIP"}, "name"),
        ({"name": " ", "video": "CLIP"}, "name"),
        ({"name": "A" * 81, "video": "CLIP"}, "name"),
        ({"name": "Ada"}, "video"),
        ({"name": "Ada", "video": "text"}, "video"),
        ({"name": "Ada", "video": "NONSENSE"}, "video"),
    ],
)
def test_bad_values_name_their_field(
    client: Client, clip_bytes: bytes, fields: dict, param: str, media_root: Path
):
    uploads = {
        "CLIP": SimpleUploadedFile("a.mp4", clip_bytes),
        "NONSENSE": SimpleUploadedFile("a.mp4", b"nonsense"),
    }
    fields = {name: uploads.get(value, value) for name, value in fields.items()}

    reply = client.post(URL, fields)

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)
    assert not Character.objects.exists()
    assert files_below(media_root) == []


def test_without_a_backend_that_has_them(client: Client, clip_bytes: bytes):
    Backend.objects.update(can_characters=False)

    reply = _post(client, clip_bytes)

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unsupported")
    assert not Character.objects.exists()


def test_an_unfinished_video(client: Client, made: Made):
    running = made(state=State.IN_PROGRESS)

    reply = client.post(URL, {"name": "Ada", "video[id]": running.public_id})

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "video")


def test_strangers(client: Client, stranger: Client, anyone: Client, stored: Video, clip_bytes: bytes):
    public_id = _post(client, clip_bytes).json()["id"]

    assert stranger.get(f"{URL}/{public_id}").status_code == 404
    assert anyone.get(f"{URL}/{public_id}").status_code == 401
    assert stranger.post(URL, {"name": "Ada", "video[id]": stored.public_id}).status_code == 404
    assert anyone.post(URL, {"name": "Ada"}).status_code == 401
    assert Character.objects.count() == 1


def test_one_that_is_not_there(client: Client, alice: User, simulator: Backend):
    gone = Character.objects.create(owner=alice, backend=simulator, name="Ada", deleted_at=timezone.now())

    for public_id in (gone.public_id, "char_nobody", "a%00b"):
        assert client.get(f"{URL}/{public_id}").status_code == 404
