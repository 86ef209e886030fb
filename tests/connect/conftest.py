"""What the tests of the Connect page share: fakes that are served, and people at the page."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from tests.connect.steps import Connecting
from tests.dialects.hosted import HostedDialect, OpenRouter
from tests.dialects.server import KEY
from tests.factories import UserFactory
from tests.simulator.conftest import start_simulator as start_simulator  # a fixture here too
from videos.models import Backend

Serve = Callable[[type[HostedDialect]], HostedDialect]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda dialect: stack.enter_context(dialect(b""))


@pytest.fixture
def connecting(as_carol: Client) -> Connecting:
    return Connecting(as_carol)


@pytest.fixture
def member(db) -> User:
    """Staff whom a superuser has let connect backends."""
    user = UserFactory(username="dora", is_staff=True)
    user.user_permissions.set([Permission.objects.get(codename="connect_backend")])
    return user


@pytest.fixture
def backend(connecting: Connecting, serve: Serve) -> Backend:
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    connecting.save("google/veo-3.1", "runway/gen-4.5")
    return Backend.objects.get(name="Cloud")
