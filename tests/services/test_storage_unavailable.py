"""Uploads while storage is read-only or full: a sentence where the file was chosen, and nothing kept."""

import errno
from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.api.openai.conftest import clip_bytes as clip_bytes  # a fixture here too
from tests.api.rest.conftest import client_of
from tests.views.page import GOOD, HTMX, picture, upload
from videos.api.openai import characters
from videos.models import Character, ReferenceImage, Video
from videos.services.storage_errors import MESSAGE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=[errno.EROFS, errno.ENOSPC, errno.EACCES])
def broken_storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, content: object) -> str:
        raise OSError(request.param, "It cannot be written to", name)

    monkeypatch.setattr(default_storage, "_save", refuse)
    monkeypatch.setattr(characters, "MAX_WAIT", 0.0)


@pytest.fixture(autouse=True)
def nothing_is_kept(broken_storage: None, db: None, hints: list):
    yield
    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()
    assert not Character.objects.exists()
    assert hints == []


def _clip(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("clip.mp4", content, "video/mp4")


def _with_image() -> dict[str, object]:
    return {"prompt": "A lake", "input_reference": upload(picture("WEBP"))}


def test_the_form_says_so_at_the_image(as_alice: Client):
    data = {**GOOD, "input_reference": upload(picture("WEBP"))}
    response = as_alice.post(reverse("videos:studio"), data, headers=HTMX)

    assert response.status_code == 422
    error = response.content.decode().partition('id="reference-error"')[2].partition("</p>")[0]
    assert MESSAGE in error


def test_the_references_say_so(as_alice: Client):
    response = as_alice.post(reverse("videos:references"), {"images": upload(picture("WEBP"))}, headers=HTMX)

    assert response.status_code == 422
    assert MESSAGE in response.content.decode()


def test_the_form_of_a_character_says_so(as_alice: Client, clip_bytes: bytes):
    data = {"name": "Ada", "video": _clip(clip_bytes)}
    response = as_alice.post(reverse("videos:characters"), data, headers=HTMX)

    assert response.status_code == 422
    assert MESSAGE in response.content.decode()


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        (
            "/api/v1/videos/generate",
            lambda clip_bytes: _with_image(),
        ),
        ("/v1/videos", lambda clip_bytes: _with_image()),
        ("/v1/videos/edits", lambda clip_bytes: {"prompt": "Make it blue", "video": _clip(clip_bytes)}),
        ("/v1/videos/characters", lambda clip_bytes: {"name": "Ada", "video": _clip(clip_bytes)}),
    ],
)
def test_the_apis_answer_503_in_their_shape(
    alice: User, clip_bytes: bytes, url: str, fields: Callable[[bytes], dict[str, object]]
):
    reply = client_of(alice).post(url, fields(clip_bytes))

    assert reply.status_code == 503, reply.content
    assert reply.json() == {
        "error": {"type": "server_error", "code": "storage_unavailable", "message": MESSAGE, "param": None}
    }
    assert int(reply["Retry-After"]) > 0
