"""Whether the account is refused is concluded from free reads, and only from those that look at the key."""

import asyncio
from collections.abc import Callable
from socket import socket

import httpx2
import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Request, Server, hang, reply
from videos.backends import Connection, key_check
from videos.backends.key_check import KeyCheck, check_key

Serve = Callable[..., Server]

OPEN = reply(200, {"data": []})
NO_JOB = reply(404, {"error": {"message": "no such job"}})
UNAUTHORIZED = reply(401, {"error": {"message": "Incorrect API key."}})
FORBIDDEN = reply(403, {"error": {"message": "Missing scope."}})
PAGE = reply(403, b"<html><title>Blocked</title>", content_type="text/html")
NO_DATABASE = reply(400, {"error": {"message": "No connected db.", "type": "no_db_connection"}})
DOWN = reply(502, b"")
PUBLIC_MODELS = [UNAUTHORIZED, UNAUTHORIZED, OPEN]

# What the job, the list and the models are answered with, with the key and without.
SERVERS: list[tuple[str, list[bytes], list[bytes], KeyCheck]] = [
    ("a good key", [NO_JOB, OPEN, OPEN], [UNAUTHORIZED] * 3, "accepted"),
    ("a bad key", [UNAUTHORIZED] * 3, [UNAUTHORIZED] * 3, "refused"),
    ("a bad key, models in public", PUBLIC_MODELS, PUBLIC_MODELS, "refused"),
    ("a key that may not list", [NO_JOB, FORBIDDEN, FORBIDDEN], [UNAUTHORIZED] * 3, "accepted"),
    ("a key that may do nothing", [FORBIDDEN] * 3, [UNAUTHORIZED] * 3, "refused"),
    ("no models at all", [NO_JOB, OPEN, NO_JOB], [UNAUTHORIZED, UNAUTHORIZED, NO_JOB], "accepted"),
    ("open to anybody", [NO_JOB, OPEN, OPEN], [NO_JOB, OPEN, OPEN], "unknown"),
    ("open to anybody but for the list", [NO_JOB, FORBIDDEN, OPEN], [NO_JOB, FORBIDDEN, OPEN], "unknown"),
    ("LiteLLM without a database", [NO_DATABASE] * 3, [UNAUTHORIZED] * 3, "refused"),
    ("a firewall", [PAGE] * 3, [PAGE] * 3, "blocked"),
    ("down", [DOWN] * 3, [DOWN] * 3, "unknown"),
]  # fmt: skip


def _check(server: Server, timeout: float = 2.0) -> KeyCheck:
    async def check() -> KeyCheck:
        async with httpx2.AsyncClient(timeout=timeout) as http:
            return await check_key(Connection(server.url, KEY), http)

    return asyncio.run(check())


@pytest.mark.parametrize(
    ("with_key", "without", "conclusion"), [row[1:] for row in SERVERS], ids=[row[0] for row in SERVERS]
)
def test_it_concludes_no_more_than_the_answers_show(
    serve: Serve, with_key: list[bytes], without: list[bytes], conclusion: KeyCheck
):
    def by_key(_: Server, connection: socket, request: Request) -> None:
        answers = with_key if request.headers.get("authorization") == f"Bearer {KEY}" else without
        place = 2 if request.target == "/v1/models" else 1 if "?" in request.target else 0
        connection.sendall(answers[place])

    server = serve(by_key)

    assert _check(server) == conclusion
    assert {request.method for request in server.requests} == {"GET"}
    assert len(server.requests) <= 6


def test_a_server_that_hangs_says_nothing_and_is_not_waited_for(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(key_check, "CHECK_TIMEOUT", 0.2)

    assert _check(serve(hang), timeout=30.0) == "unknown"
