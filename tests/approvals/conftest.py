"""A studio in which what costs more than $0.30 waits for Mary, who is a manager."""

from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import Role, User
from contentgen.events import Event, event_published
from tests.billing.conftest import paid  # noqa: F401  # a fixture
from tests.billing.money import dollars
from tests.factories import UserFactory
from videos.models import ApprovalRequest, Backend
from videos.services.approvals import create_or_ask
from videos.services.generation_requests import GenerationRequest
from videos.services.paid_requests import NewVideos

BODY = {"prompt": "A paper boat", "model": "sora-2", "seconds": 4, "size": "1280x720"}  # costs $0.40


@pytest.fixture(autouse=True)
def _limit(paid: Backend, settings) -> None:  # noqa: F811
    settings.APPROVE_PRICE_ABOVE = dollars("0.30")


@pytest.fixture
def mary(db) -> User:
    return UserFactory(username="mary", role=Role.MANAGER)


@pytest.fixture
def as_mary(mary: User) -> Client:
    client = Client()
    client.force_login(mary)
    return client


@pytest.fixture
def told(db) -> Iterator[list[Event]]:
    """The events that were published."""
    heard: list[Event] = []

    def listen(sender, event: Event, **kwargs) -> None:
        heard.append(event)

    event_published.connect(listen)
    yield heard
    event_published.disconnect(listen)


def ask(owner: User, prompt: str = "A paper boat", *, seconds: int = 4) -> ApprovalRequest:
    made = create_or_ask(owner, NewVideos([GenerationRequest(prompt, "sora-2", seconds, "1280x720")]))
    assert isinstance(made, ApprovalRequest)
    return made
