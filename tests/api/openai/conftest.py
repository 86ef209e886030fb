"""Shared by the tests of the Videos API: programs with tokens of alice, and of bob, a stranger."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from accounts import tokens
from accounts.models import Scope, User
from tests.factories import VideoFactory
from tests.media.conftest import write_video
from videos.api.openai import characters
from videos.models import Backend, State, Video

Made = Callable[..., Video]


def program(user: User, scope: Scope = Scope.WRITE) -> Client:
    """A client that sends nothing but a token, and is held to CSRF checks as everyone is."""
    _, secret = tokens.issue(user, "script", scope=scope)
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs beside unit tests, so there is nothing to wait for."""
    monkeypatch.setattr(characters, "MAX_WAIT", 0.0)


@pytest.fixture
def simulator(db) -> Backend:
    """The backend that can do everything, and that `make run` brings along."""
    return Backend.objects.for_environment()


@pytest.fixture
def client(alice: User, simulator: Backend) -> Client:
    return program(alice)


@pytest.fixture
def stranger(bob: User) -> Client:
    return program(bob)


@pytest.fixture
def anyone(db) -> Client:
    return Client()


@pytest.fixture
def made(alice: User, simulator: Backend) -> Made:
    """Make a video of alice's at the simulator, completed unless told otherwise."""

    def make(**fields: object) -> Video:
        return VideoFactory(**{"owner": alice, "backend": simulator, "state": State.COMPLETED, **fields})

    return make


@pytest.fixture
def stored(made: Made) -> Video:
    """A completed video whose files are really there."""
    files = {"file": b"the whole video", "poster": b"the poster", "scrub_sheet": b"the sheet"}
    names = {name: default_storage.save(f"test/{name}", ContentFile(data)) for name, data in files.items()}
    return made(**names, sha256="ab" * 32)


@pytest.fixture(scope="session")
def clip_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real clip of two seconds, 320x180."""
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


def png(width: int = 64, height: int = 36) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(buffer, "PNG")
    return buffer.getvalue()


def files_below(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())
