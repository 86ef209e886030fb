import asyncio
import threading
from collections.abc import Callable
from socket import socket
from time import monotonic

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Answer, Request, Server, cut, drip, drop, hang, reply
from videos.backends import (
    BackendError,
    Client,
    Connection,
    Job,
    RefusedError,
    UnavailableError,
)
from videos.backends.drivers.videos_api import VideosApiDriver

Serve = Callable[..., Server]
Connect = Callable[..., Client]

JOB = {"id": "video_1", "object": "video", "status": "in_progress", "progress": 40}


def error_of(client: Client) -> BackendError:
    with pytest.raises(BackendError) as caught:
        client.retrieve("video_1")
    return caught.value


def test_it_reads_the_job(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB, retry_after="3"))
    job = connect(server).retrieve("video_1")
    assert (job.id, job.status, job.progress, job.poll_after) == ("video_1", "in_progress", 40, 3.0)
    assert [(request.method, request.target) for request in server.requests] == [
        ("GET", "/v1/videos/video_1")
    ]


def test_it_keeps_the_id_it_asked_for(serve: Serve, connect: Connect) -> None:
    assert connect(serve(reply(200, JOB | {"id": "other"}))).retrieve("video_1").id == "video_1"


@pytest.mark.parametrize(
    ("job_id", "target"),
    [
        ("video_YWJjZA==", "/v1/videos/video_YWJjZA=="),
        ("../../admin", "/v1/videos/..%2F..%2Fadmin"),
        ("a?b=c#d", "/v1/videos/a%3Fb=c%23d"),
        ("%2e%2e", "/v1/videos/%252e%252e"),
        ("ü b", "/v1/videos/%C3%BC%20b"),
        ("x" * 512, "/v1/videos/" + "x" * 512),
    ],
)
def test_it_keeps_an_id_within_its_place_in_the_path(
    serve: Serve, connect: Connect, job_id: str, target: str
) -> None:
    server = serve(reply(200, JOB))
    connect(server).retrieve(job_id)
    assert [request.target for request in server.requests] == [target]


@pytest.mark.parametrize("job_id", ["", " ", ".", "..", "a\nb", "a\x00", "\ud800"])
def test_it_does_not_ask_for_what_cannot_be_an_id(serve: Serve, connect: Connect, job_id: str) -> None:
    server = serve(reply(200, JOB))
    with pytest.raises(RefusedError) as caught:
        connect(server).retrieve(job_id)
    assert caught.value.code == "not_found"
    assert server.requests == []


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
def test_it_takes_a_job_in_an_error_for_an_answer(serve: Serve, connect: Connect, status: int) -> None:
    body = {"id": "video_1", "status": "failed", "error": {"code": 400, "message": "out of memory"}}
    job = connect(serve(reply(status, body))).retrieve("video_1")
    assert (job.status, job.error_code, job.error_message) == ("failed", "400", "out of memory")


FAILURES: list[tuple[str, Answer, type[BackendError], str]] = [
    ("gone", reply(404, {"error": {"message": "no such job", "code": "missing"}}), RefusedError, "not_found"),
    ("bad key", reply(401, b""), RefusedError, "invalid_key"),
    ("forbidden", reply(403, b""), RefusedError, "invalid_key"),
    ("nonsense", reply(400, {"detail": "bad id"}), RefusedError, "bad_request"),
    (
        "an error that looks like a job",
        reply(400, {"id": "req_1", "status": "error"}),
        RefusedError,
        "bad_request",
    ),
    ("a job without an id", reply(400, {"status": "failed"}), RefusedError, "bad_request"),
    ("moved nowhere", reply(302, b""), RefusedError, "redirected"),
    ("to a file", reply(302, b"", location="file:///etc/passwd"), RefusedError, "bad_redirect"),
    ("in circles", reply(302, b"", location="/v1/videos/video_1"), UnavailableError, "bad_redirect"),
    ("busy", reply(429, b"", retry_after="9"), UnavailableError, "rate_limited"),
    ("slow", reply(408, b""), UnavailableError, "timeout"),
    ("server error", reply(500, b""), UnavailableError, "server_error"),
    ("bad gateway", reply(502, b"<html>", content_type="text/html"), UnavailableError, "server_error"),
    ("a page", reply(200, b"<html>hi</html>", content_type="text/html"), UnavailableError, "bad_reply"),
    ("no id", reply(200, {"status": "completed"}), UnavailableError, "bad_reply"),
    ("dropped", drop, UnavailableError, "dropped"),
    ("cut short", cut(reply(200, JOB)[:-5]), UnavailableError, "dropped"),
]


@pytest.mark.parametrize(
    ("answer", "kind", "code"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES]
)
def test_it_says_whether_to_ask_again(
    serve: Serve, connect: Connect, answer: Answer, kind: type[BackendError], code: str
) -> None:
    server = serve(answer)
    error = error_of(connect(server))
    assert (type(error), error.code) == (kind, code)
    assert server.posts == 0


def test_it_shows_the_operator_what_came_instead(serve: Serve, connect: Connect) -> None:
    error = error_of(connect(serve(reply(200, f"<html>hi {KEY}</html>".encode(), content_type="text/html"))))
    assert "<html>hi [api key]</html>" in error.detail
    assert error.status == 200


def test_it_hands_on_how_long_to_wait(serve: Serve, connect: Connect) -> None:
    error = error_of(connect(serve(reply(503, b"", retry_after="9"))))
    assert isinstance(error, UnavailableError)
    assert error.retry_after == 9.0


@pytest.mark.parametrize("answer", [hang, drip])
def test_it_is_over_by_the_deadline(serve: Serve, connect: Connect, answer: Answer) -> None:
    client = connect(serve(answer), timeout=0.2, connect_timeout=0.2)
    started = monotonic()
    error = error_of(client)
    assert (type(error), error.code) == (UnavailableError, "timeout")
    assert monotonic() - started < 5


def test_it_reuses_its_connection(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    client = connect(server)
    for _ in range(3):
        client.retrieve("video_1")
    assert len(server.requests) == 3
    assert len({request.peer for request in server.requests}) == 1


def test_it_keeps_no_cookie(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB, Set_Cookie="a=ü"), reply(200, JOB, Set_Cookie="b=c"), reply(200, JOB))
    client = connect(server)
    for _ in range(3):
        assert client.retrieve("video_1").id == "video_1"
    assert not any("cookie" in request.headers for request in server.requests)


def test_it_answers_for_each_of_many(serve: Serve, connect: Connect) -> None:
    def by_id(_: Server, connection: socket, request: Request) -> None:
        job_id = request.target.rsplit("/", 1)[1]
        body = reply(404, b"") if job_id == "gone" else reply(200, JOB | {"id": job_id, "progress": 7})
        connection.sendall(body)

    server = serve(by_id)
    answers = connect(server).retrieve_many(["a", "gone", "b", "a", ".."], concurrency=2)
    assert list(answers) == ["a", "gone", "b", ".."]
    assert [type(answer) for answer in answers.values()] == [Job, RefusedError, Job, RefusedError]
    assert len(server.requests) == 3


def test_one_that_is_silent_does_not_hold_up_the_others(serve: Serve, connect: Connect) -> None:
    others = threading.Event()

    def silent_until_the_others_are_done(server: Server, connection: socket, request: Request) -> None:
        if request.target.endswith("/silent"):
            others.wait(5)
        elif len(server.requests) == 6:
            others.set()
        connection.sendall(reply(200, JOB))

    server = serve(silent_until_the_others_are_done)
    ids = ["silent", "a", "b", "c", "d", "e"]
    answers = connect(server, timeout=30).retrieve_many(ids, concurrency=2)
    assert others.is_set()
    assert {type(answer) for answer in answers.values()} == {Job}


def test_one_that_never_answers_is_given_up(serve: Serve, connect: Connect) -> None:
    def all_but_one(server: Server, connection: socket, request: Request) -> None:
        if request.target.endswith("/silent"):
            hang(server, connection, request)
        else:
            connection.sendall(reply(200, JOB))

    answers = connect(serve(all_but_one), timeout=0.3).retrieve_many(["silent", "a", "b"], concurrency=1)
    silent = answers["silent"]
    assert isinstance(silent, UnavailableError)
    assert silent.code == "timeout"
    assert isinstance(answers["a"], Job)
    assert isinstance(answers["b"], Job)


def test_it_never_asks_more_at_once_than_it_may(serve: Serve, connect: Connect) -> None:
    lock, together, most = threading.Lock(), [0], [0]

    def count(server: Server, connection: socket, _: Request) -> None:
        with lock:
            together[0] += 1
            most[0] = max(most[0], together[0])
        server.over.wait(0.01)
        with lock:
            together[0] -= 1
        connection.sendall(reply(200, JOB))

    connect(serve(count)).retrieve_many([f"v{number}" for number in range(20)], concurrency=3)
    assert 1 < most[0] <= 3


def test_it_works_inside_an_event_loop(serve: Serve) -> None:
    server = serve(reply(200, JOB))

    async def ask() -> dict[str, Job | BackendError]:
        async with VideosApiDriver(Connection(server.url, KEY)) as client:
            return await client.retrieve_many(["video_1"], concurrency=1)

    assert isinstance(asyncio.run(ask())["video_1"], Job)
