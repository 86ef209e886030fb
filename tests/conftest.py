"""The people in every test: alice owns, bob is a stranger, carol is staff."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import User
from tests import ledger, selection, storage_guard
from tests.factories import UserFactory
from tests.migrated_database import copy_sqlite, database_of_tests
from tests.remembered_decoder import RememberedDecoder
from tests.studio import NewDataDir
from videos.api import rate_limit
from videos.engine import fair_queue, heartbeat
from videos.media import sandbox


def pytest_collection(session: pytest.Session) -> None:
    """Look for no garbage while the tests are collected, and never again among what they leave: a million
    objects that stay.
    """
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--second-database", action="store_true", help="see tests/selection.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--second-database"):
        chosen = selection.for_second_database(items)
        config.hook.pytest_deselected(items=list(set(items).difference(chosen)))
        items[:] = chosen
    selection.slow_first(items)


@pytest.fixture(scope="session")
def shared_folder(pytestconfig: pytest.Config) -> Path:
    """A folder of all processes that run tests of this checkout, now and later."""
    assert pytestconfig.cache
    return pytestconfig.cache.mkdir("migrated")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
    shared_folder: Path,
) -> Iterator[None]:
    with django_db_blocker.unblock(), database_of_tests(shared_folder):
        ledger.allow_emptying()  # after it was copied: a studio's ledger keeps its triggers
        with django_db_blocker.block():
            yield


@pytest.fixture(scope="session")
def new_data_dir(django_db_setup: None, shared_folder: Path) -> NewDataDir:
    """Make a folder for a studio whose database is migrated already, which takes ten seconds of computing.

    It is SQLite's, also where the tests run on PostgreSQL.
    """

    def make(folder: Path) -> Path:
        folder.mkdir(mode=0o700)
        copy_sqlite(shared_folder, folder)
        return folder

    return make


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> Path:
    """Files of one test stay in that test's folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path
    return settings.MEDIA_ROOT


@pytest.fixture(scope="session")
def _storage_in_transactions() -> Iterator[list[str]]:
    with storage_guard.watched() as found:
        yield found


@pytest.fixture(autouse=True)
def no_storage_in_transactions(_storage_in_transactions: list[str]) -> Iterator[None]:
    """A test fails in which storage is asked for anything inside a transaction, also where the code under
    test takes the error for one of the storage.
    """
    _storage_in_transactions.clear()
    yield
    assert not _storage_in_transactions, "\n\n".join(_storage_in_transactions)


@pytest.fixture(autouse=True)
def unsynced_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a power cut would leave is not looked at, so nobody waits for the disk: 4 ms a file."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


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


@pytest.fixture(autouse=True)
def session_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page of a minute notes where its session is used: that must not be among queries counted."""
    monkeypatch.setattr("accounts.middleware._note_activity", lambda request: None)


@pytest.fixture(scope="session")
def _remembered_decoder() -> RememberedDecoder:
    return RememberedDecoder(sandbox.run)


@pytest.fixture
def remembered_decoder(_remembered_decoder: RememberedDecoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode each file once in this process, a quarter of a second each: see there when that will do."""
    monkeypatch.setattr(sandbox, "run", _remembered_decoder.run)


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
