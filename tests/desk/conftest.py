"""What the tests of the desk share: posting an action as the admin's own list does, and members of staff."""

from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import User
from tests.factories import UserFactory
from tests.simulator.conftest import start_simulator as start_simulator  # a fixture here too
from videos.models import Video

LIST = "admin:videos_video_changelist"


def act(client: Client, action: str, videos: Iterable[Video], **more: str) -> Any:
    """Choose `action` for `videos` in the list."""
    pks = [str(video.pk) for video in videos]
    data = {"action": action, "index": "0", "_selected_action": pks, **more}
    return client.post(reverse(LIST), data)


def said(response: Any) -> list[str]:
    """What the admin tells after an action."""
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def staff(db) -> Callable[..., Client]:
    """A signed-in member of staff with exactly the named permissions on videos."""

    def sign_in(*codenames: str) -> Client:
        user: User = UserFactory(is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (640, 360), (40, 90, 160)).save(buffer, "PNG")
    return buffer.getvalue()


class Ran:
    """What a command wrote."""

    def __init__(self) -> None:
        self.stdout, self.stderr = StringIO(), StringIO()

    @property
    def out(self) -> str:
        return self.stdout.getvalue()

    @property
    def err(self) -> str:
        return self.stderr.getvalue()


@pytest.fixture
def ran() -> Ran:
    return Ran()


@pytest.fixture
def run(ran: Ran) -> Callable[..., Ran]:
    """Run a management command, keeping what it wrote in `ran` also when it fails."""

    def call(*args: Any, **options: Any) -> Ran:
        call_command(*args, stdout=ran.stdout, stderr=ran.stderr, **options)
        return ran

    return call


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let each given step happen in one pause of a command that waits. A pause too many fails the test."""

    def plan(*steps: Callable[[], object]) -> None:
        left = list(steps)

        def sleep(seconds: float) -> None:
            assert left, "it waits for longer than the test planned"
            left.pop(0)()

        monkeypatch.setattr("videos.management.following.sleep", sleep)

    return plan
