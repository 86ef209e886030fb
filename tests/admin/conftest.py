"""What the tests of the admin share: posting an action as the admin's own list does, and members of staff."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

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


def answer(client: Client, page: Any, **fields: str) -> Any:
    """Press the button of a confirmation page."""
    context = page.context
    data = {"action": context["action"].name, "index": "0", "pks": context["pks"], "confirmed": "yes"}
    data["_selected_action"] = str(context["first_pk"])
    data["shown_price"] = context["question"].shown_price
    return client.post("/admin/videos/video/", {**data, **fields})


def messages_of(response: Any) -> list[str]:
    """Return the messages that the admin shows after an action."""
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
