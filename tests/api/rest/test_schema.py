"""Requests made up from both OpenAPI files: none may end in a 5xx, and each answer must be as described.

`SCHEMA_CASES` is how many for each operation; `make schema` asks for hundreds.
"""

import os
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi

from accounts import tokens
from accounts.models import User
from tests.factories import VideoFactory
from videos.api.openai import characters
from videos.models import Backend, State, Video

CASES = int(os.environ.get("SCHEMA_CASES", "8"))
CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]


class Program:
    """The studio, for a program that sends its token in every request."""

    def __init__(self) -> None:
        self.secret = ""
        self.studio = WSGIHandler()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        answer = self.studio({**environ, "HTTP_AUTHORIZATION": f"Bearer {self.secret}"}, start_response)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()


program = Program()
schema = schemathesis.openapi.from_wsgi("/api/openapi.json", program)
videos_api = schemathesis.openapi.from_wsgi("/v1/openapi.json", program)


@pytest.fixture
def connection_stays(db) -> Iterator[None]:
    """As Django's own test client has it: the end of a request does not end the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def let_in(alice: User, settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**9
    _, program.secret = tokens.issue(alice, "test")


@pytest.fixture
def an_id(alice: User, simulator: Backend, finished: Callable[..., Video]) -> Callable[[], str | None]:
    """Makes a video in each state in turn and returns its id; None every so often, for one made up."""
    states = cycle([State.COMPLETED, None, *State, "undecided"])

    def make() -> str | None:
        state = next(states)
        if state is None:
            return None
        if state == State.COMPLETED:
            return finished().public_id
        undecided = {"state": State.UNCERTAIN, "due_at": None}
        fields = undecided if state == "undecided" else {"state": state}
        video: Video = VideoFactory(owner=alice, backend=simulator, **fields)
        return video.public_id

    return make


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(characters, "MAX_WAIT", 0.0)  # no worker would hand the clip to a backend


many = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=CASES < 100,  # the same ones each time, unless there are many
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


ERROR_FIELDS = {"type", "code", "message", "param", "left", "renews_at", "price", "faults"}


def _check(case: schemathesis.Case, an_id: Callable[[], str | None]) -> None:
    if "video_id" in case.path_parameters and (public_id := an_id()):
        case.path_parameters["video_id"] = public_id
    response = case.call_and_validate(checks=CHECKS)
    assert response.status_code not in (401, 403, 429), response.text
    if response.status_code >= 400:
        error = set(response.json()["error"])
        assert {"type", "code", "message", "param"} <= error <= ERROR_FIELDS


@schema.parametrize()
@many
def test_each_answer_is_as_described(
    case: schemathesis.Case, connection_stays, let_in, an_id: Callable[[], str | None]
):
    _check(case, an_id)


@videos_api.parametrize()
@many
def test_each_answer_of_the_videos_api_is_as_described(
    case: schemathesis.Case, connection_stays, let_in, an_id: Callable[[], str | None]
):
    _check(case, an_id)
