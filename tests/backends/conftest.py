from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Literal

import pytest

from tests.backends.server import Answer, Server
from tests.simulator.conftest import start_simulator as start_simulator  # a fixture here too
from videos.backends import Client, Connection

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(stack: ExitStack) -> Callable[..., Server]:
    """Start a server that gives these answers; it stops when the test is over."""

    def start(*answers: Answer) -> Server:
        return stack.enter_context(Server(*answers))

    return start


@pytest.fixture
def connect(stack: ExitStack) -> Callable[..., Client]:
    """Open a client for a server (or a base URL), which waits longer than a busy machine stalls."""

    def open_client(
        server: Server | str,
        *,
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        body: Literal["multipart", "json"] = "multipart",
    ) -> Client:
        url = server if isinstance(server, str) else server.url
        connection = Connection(url, KEY, timeout=timeout, connect_timeout=connect_timeout, body=body)
        return stack.enter_context(Client(connection))

    return open_client
