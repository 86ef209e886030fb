"""What the tests of webhooks share: a receiver on a socket, webhooks that lead there, and a clock."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from contentgen.events import Event, EventKind, publish
from tests.backends.server import Answer, Server, reply
from tests.commands.conftest import ran as ran  # fixtures here too
from tests.commands.conftest import run as run
from webhooks import endpoints
from webhooks.models import Delivery, Endpoint

Publish = Callable[..., None]
Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A function that starts a receiver, which answers 200 if nothing else is said."""
    running: list[Server] = []

    def start(*answers: Answer) -> Server:
        server = Server(*(answers or (reply(),))).__enter__()
        running.append(server)
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def inside(settings) -> None:
    """Receivers may be on this machine, as those of the tests are."""
    settings.WEBHOOK_PRIVATE_ADDRESSES = True


@pytest.fixture
def hook(alice: User, inside: None) -> Callable[..., Endpoint]:
    """A function that makes a webhook: of alice, to a receiver, for all kinds, if nothing else is said."""

    def make(receiver: Server | str = "https://hooks.example.org/", **fields: object) -> Endpoint:
        url = receiver if isinstance(receiver, str) else receiver.url
        known = {"owner": alice, "url": url, "kinds": list(EventKind)}
        endpoint, _ = endpoints.create(**{**known, **fields})  # type: ignore[arg-type]
        return endpoint

    return make


@pytest.fixture
def happen(alice: User) -> Publish:
    """A function that publishes an event: of alice's, a video that is done, if nothing else is said."""

    def publish_event(
        kind: EventKind = EventKind.VIDEO_COMPLETED,
        user: User = alice,
        object_id: str = "video_1",
        **data: object,
    ) -> None:
        with transaction.atomic():
            publish(Event(kind, user.pk, object_id, data))

    return publish_event


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that moves the clock of the rows. That of signatures moves along."""
    real, ahead = timezone.now, timedelta()

    def now() -> datetime:
        return real() + ahead

    def pass_(**span: float) -> None:
        nonlocal ahead
        ahead += timedelta(**span)
        monkeypatch.setattr(timezone, "now", now)

    return pass_


def only() -> Delivery:
    """Return the one delivery that there is."""
    return Delivery.objects.select_related("endpoint", "message").get()
