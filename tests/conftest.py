"""The people in every test: alice owns, bob is a stranger, carol is staff."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches
from django.test import Client

from accounts.models import User
from tests import ledger
from tests.factories import UserFactory
from videos.api import rate_limit
from videos.engine import fair_queue, heartbeat


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        ledger.allow_emptying()


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> Path:
    """Files of one test stay in that test's folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def hints(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Messages to workers are collected instead of sent; the tests call the engine themselves."""
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr("videos.engine.enqueue.send", lambda task, pk: sent.append((task, pk)))
    return sent


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids recur from test to test, so nothing of the last test may be cached; nor may a queue be cached for
    a second, which is long for a test.
    """
    monkeypatch.setattr(fair_queue, "MAX_AGE", 0)
    monkeypatch.setattr(rate_limit, "_counter", rate_limit.RequestCounter())
    for each in caches.all(initialized_only=True):
        each.clear()


@pytest.fixture(autouse=True)
def just_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests run no workers, so no page of theirs is to say that nothing is being processed."""
    monkeypatch.setattr(heartbeat, "_started_at", float("inf"))


@pytest.fixture
def alice(db) -> User:
    return UserFactory(username="alice")


@pytest.fixture
def bob(db) -> User:
    return UserFactory(username="bob")


@pytest.fixture
def carol(db) -> User:
    return UserFactory(username="carol", is_staff=True, is_superuser=True)


def _signed_in(user: User) -> Iterator[Client]:
    client = Client()
    client.force_login(user)
    yield client


@pytest.fixture
def as_alice(alice: User) -> Iterator[Client]:
    yield from _signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Iterator[Client]:
    yield from _signed_in(bob)


@pytest.fixture
def as_carol(carol: User) -> Iterator[Client]:
    yield from _signed_in(carol)
