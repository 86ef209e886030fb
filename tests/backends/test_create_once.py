"""Every driver sends one request for one create, whatever becomes of it: each may be paid for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Answer, Server, cut, drip, drop, hang, reply
from videos.backends import BackendError, Client, Connection, Job, RefusedError, UnavailableError
from videos.backends.errors import UnknownOutcomeError
from videos.backends.service_kinds import SERVICES

ACCEPTED = {"id": "job_1", "status": "queued", "polling_url": "/"}
VERSIONS = {"gemini": "v1beta", "together": "v2"}

every_service = pytest.mark.parametrize("service", SERVICES)
Connect = Callable[[Server, str], Client]


@pytest.fixture
def connect() -> Iterator[Connect]:
    with ExitStack() as stack:

        def open_client(server: Server, service: str) -> Client:
            url = server.url.removesuffix("v1") + VERSIONS.get(service, "v1")
            connection = Connection(url, KEY, timeout=1.0, connect_timeout=1.0, service=service)
            return stack.enter_context(Client(connection))

        yield open_client


def _create(client: Client) -> Job:
    return client.create(prompt="a cat", model="sora-2", seconds=4, size="1280x720")


UNKNOWN: dict[str, Answer] = {
    "dropped": drop,
    "never answered": hang,
    "answered byte by byte": drip,
    "half an answer": cut(reply(200, ACCEPTED)[:-5]),
    "half a header": cut(b"HTTP/1.1 200 O"),
    "no JSON": reply(200, b"<html>", content_type="text/html"),
    "half a JSON": reply(200, b'{"id": "job'),
    "no id": reply(200, {"status": "queued"}),
    "a list": reply(200, [ACCEPTED]),
    "408": reply(408),
    "409": reply(409),
    "500": reply(500, {"error": {"message": "broken"}}),
    "502": reply(502, b"<html>", content_type="text/html"),
    "503 with Retry-After": reply(503, retry_after="1"),
    "504": reply(504),
}


@every_service
@pytest.mark.parametrize("answer", UNKNOWN.values(), ids=UNKNOWN)
def test_a_lost_answer_is_one_request_and_nobody_knows(
    serve: Callable[..., Server], connect: Connect, service: str, answer: Answer
):
    server = serve(answer, reply(200, ACCEPTED))

    with pytest.raises(UnknownOutcomeError) as caught:
        _create(connect(server, service))

    assert server.posts == 1
    assert KEY not in f"{caught.value.message} {caught.value.detail}"


REFUSALS: dict[str, tuple[bytes, type[BackendError]]] = {
    "400": (reply(400, {"error": {"message": "no"}}), RefusedError),
    "422": (reply(422, {"error": {"message": "no"}}), RefusedError),
    "413": (reply(413), RefusedError),
    "301": (reply(301, location="/elsewhere"), RefusedError),
    "302": (reply(302, location="/elsewhere"), RefusedError),
    "307": (reply(307, location="/elsewhere"), RefusedError),
    "308": (reply(308, location="/elsewhere"), RefusedError),
    "429": (reply(429, {"error": {"message": "slow down"}}, retry_after="7"), UnavailableError),
    "402": (reply(402, {"error": {"message": "no credit"}}), UnavailableError),
}


@every_service
@pytest.mark.parametrize(("answer", "kind"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_one_request_and_known_to_be_none(
    serve: Callable[..., Server], connect: Connect, service: str, answer: bytes, kind: type[BackendError]
):
    server = serve(answer, reply(200, ACCEPTED))

    with pytest.raises(kind) as caught:
        _create(connect(server, service))

    assert server.posts == 1
    if isinstance(caught.value, UnavailableError) and caught.value.status == 429:
        assert caught.value.retry_after == 7


@every_service
def test_a_service_that_is_down_was_sent_nothing(connect: Connect, service: str):
    with Server(drop) as server:
        client = connect(server, service)

    with pytest.raises(UnavailableError) as caught:
        _create(client)

    assert caught.value.code == "unreachable"


@every_service
def test_a_create_never_rides_on_a_connection_that_may_be_closing(
    serve: Callable[..., Server], connect: Connect, service: str
):
    server = serve(reply(200, ACCEPTED))
    client = connect(server, service)

    assert [_create(client).id for _ in range(3)] == ["job_1"] * 3

    peers = [request.peer for request in server.requests if request.method == "POST"]
    assert all(one != other for one, other in pairwise(peers))


@every_service
def test_text_that_cannot_be_sent_is_refused_before_anything_is(
    serve: Callable[..., Server], connect: Connect, service: str
):
    server = serve(reply(200, ACCEPTED))

    with pytest.raises(RefusedError) as caught:
        connect(server, service).create(prompt="\ud800", model="sora-2", seconds=4, size="1280x720")

    assert caught.value.code == "bad_text"
    assert not server.requests


@every_service
def test_a_service_that_is_not_inside_is_sent_nothing_there(serve: Callable[..., Server], service: str):
    """A public service's name that suddenly stands for an address of this machine or network."""
    server = serve(reply(200, ACCEPTED))
    url = server.url.removesuffix("v1") + VERSIONS.get(service, "v1")
    connection = Connection(url, KEY, timeout=1.0, service=service, in_private_network=False)

    with Client(connection) as client, pytest.raises(UnavailableError) as caught:
        _create(client)

    assert caught.value.code == "unreachable"
    assert "inside a private network" in caught.value.detail
    assert server.requests == []


@every_service
def test_of_a_reply_without_an_end_only_so_much_is_read(serve: Callable[..., Server], service: str):
    server = serve(reply(200, {**ACCEPTED, "padding": "x" * 5000}))
    url = server.url.removesuffix("v1") + VERSIONS.get(service, "v1")
    connection = Connection(url, KEY, timeout=1.0, service=service, max_reply_bytes=1000)

    with Client(connection) as client, pytest.raises(UnknownOutcomeError) as caught:
        _create(client)

    assert server.posts == 1
    assert (caught.value.code, "the reply is larger than" in caught.value.detail) == ("bad_reply", True)
