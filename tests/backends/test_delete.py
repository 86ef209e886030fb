from collections.abc import Callable

import pytest

from tests.backends.server import Answer, Server, drop, hang, reply
from videos.backends import BackendError, Client, RefusedError, UnavailableError

Serve = Callable[..., Server]
Connect = Callable[..., Client]


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, {"id": "video_1", "object": "video.deleted", "deleted": True}),
        reply(200, {"deleted": True}),
        reply(200, {"id": "video_1", "status": "deleted"}),
        reply(204, b""),
        reply(404, {"error": {"message": "no such job"}}),
        reply(410, b""),
    ],
)
def test_it_succeeds_when_the_job_is_gone(serve: Serve, connect: Connect, answer: Answer) -> None:
    server = serve(answer)
    connect(server).delete("video_1")
    assert [(request.method, request.target) for request in server.requests] == [
        ("DELETE", "/v1/videos/video_1")
    ]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (
            reply(400, {"error": {"message": "still running", "code": "not_finished"}}),
            RefusedError,
            "not_finished",
        ),
        (reply(409, b""), RefusedError, "conflict"),
        (reply(405, b""), RefusedError, "unsupported"),
        (reply(401, b""), RefusedError, "invalid_key"),
        (reply(302, b"", location="https://new.example/"), RefusedError, "redirected"),
        (reply(200, {"id": "video_1", "deleted": False}), RefusedError, "not_deleted"),
        (reply(200, b"<html>", content_type="text/html"), UnavailableError, "bad_reply"),
        (reply(429, b""), UnavailableError, "rate_limited"),
        (reply(500, b""), UnavailableError, "server_error"),
        (drop, UnavailableError, "dropped"),
    ],
)
def test_it_says_that_the_job_is_still_there(
    serve: Serve, connect: Connect, answer: Answer, kind: type[BackendError], code: str
) -> None:
    server = serve(answer)
    with pytest.raises(BackendError) as caught:
        connect(server).delete("video_1")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert [request.method for request in server.requests if request.method != "GET"] == ["DELETE"]


def test_it_does_not_wait_for_ever(serve: Serve, connect: Connect) -> None:
    with pytest.raises(UnavailableError) as caught:
        connect(serve(hang), timeout=0.2).delete("video_1")
    assert caught.value.code == "timeout"
