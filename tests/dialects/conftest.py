from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module

import pytest

from tests.dialects.server import KEY, Dialect, RecordedRequest, storage
from tests.dialects.servers import NewAPI, SGLangCloud
from tests.dialects.studio import Studio
from tests.engine.conftest import sample_video as mp4  # noqa: F401  # the same real MP4
from tests.factories import BackendFactory
from videos.backends import Connection
from videos.engine import clients
from videos.models import Backend

Start = Callable[[type[Dialect]], Studio]
StartStorage = Callable[..., tuple[str, list[RecordedRequest]]]


@pytest.fixture(autouse=True)
def decode_once(remembered_decoder: None) -> None:
    """What a server says is what differs here; its file is always the same."""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def start_storage(stack: ExitStack) -> StartStorage:
    """Start a server that is not the backend, with one file; returns its address and its requests."""

    def start(content: bytes, status: int = 200) -> tuple[str, list[RecordedRequest]]:
        return stack.enter_context(storage(content, status))

    return start


@pytest.fixture
def start(
    stack: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
    db: None,
    mp4: bytes,  # noqa: F811
    start_storage: StartStorage,
) -> Start:
    """Start a server that speaks this dialect, and a studio whose only backend it is."""

    def start_server(dialect: type[Dialect]) -> Studio:
        if dialect.service == "gemini":
            import_module("google.genai.interactions")  # seconds, which the first request would not have
        server = stack.enter_context(dialect(mp4))
        if isinstance(server, NewAPI | SGLangCloud):
            server.address, _ = start_storage(mp4)
        plain = clients.connection_for

        def connection(backend: Backend) -> Connection:
            return replace(plain(backend), body=dialect.body)

        monkeypatch.setattr(clients, "connection_for", connection)
        monkeypatch.setenv("BACKEND_KEY_DIALECT", KEY)
        backend = BackendFactory(
            service=dialect.service, base_url=server.url, key_env="BACKEND_KEY_DIALECT", timeout=5
        )
        return Studio(server, backend)

    return start_server
