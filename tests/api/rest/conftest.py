"""What the tests of the APIs share: programs, each with a token, and pictures to send."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from accounts import tokens
from accounts.models import Scope, User
from tests.factories import VideoFactory
from videos.models import Backend, State, Video

URL = "/api/v1/videos"
CLIP = bytes(range(256)) * 8


def client_of(user: User, scope: Scope = Scope.WRITE) -> Client:
    """A program with a token of this person, and without anything that a browser would send."""
    _, secret = tokens.issue(user, "test", scope=scope)
    return Client(headers={"Authorization": f"Bearer {secret}"}, enforce_csrf_checks=True)


@pytest.fixture
def program(alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def reader(alice: User) -> Client:
    return client_of(alice, Scope.READ)


@pytest.fixture
def strangers(bob: User, carol: User) -> list[Client]:
    """Everybody who must not find alice's videos: another person, and staff."""
    return [client_of(bob), client_of(carol)]


@pytest.fixture
def simulator(db) -> Backend:
    return Backend.objects.for_environment()


@pytest.fixture
def finished(alice: User, simulator: Backend) -> Callable[..., Video]:
    """Makes completed videos of alice, with files."""

    def make(**fields: object) -> Video:
        fields = {"owner": alice, "backend": simulator, "sha256": "cd" * 32, **fields}
        video: Video = VideoFactory(state=State.COMPLETED, **fields)
        video.file.save("video.mp4", ContentFile(CLIP), save=False)
        video.poster.save("poster.webp", ContentFile(b"a poster"), save=False)
        video.scrub_sheet.save("scrub.jpg", ContentFile(b"a sheet"), save=False)
        video.save()
        return video

    return make


@pytest.fixture
def picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (640, 360), (40, 90, 160)).save(buffer, "PNG")
    return buffer.getvalue()


def read(response) -> bytes:
    """The whole body. A file is closed by that, and not by `close`, which would close the database too."""
    return b"".join(response)


def refused(response, status: int, *, code: str = "", param: str | None = None) -> str:
    """Assert that it is a refusal in the one shape, and return its sentence."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"type", "code", "message", "param"}
    if code:
        assert body["error"]["code"] == code
    assert body["error"]["param"] == param
    message: str = body["error"]["message"]
    assert message
    return message
