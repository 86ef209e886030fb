from collections.abc import Callable

import pytest

from tests.backends.server import Server, reply
from tests.backends.test_create import FIELDS, GONE, error_of
from videos.backends import Client

Serve = Callable[..., Server]
Connect = Callable[..., Client]


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
def test_it_takes_a_job_in_an_error_for_the_job(serve: Serve, connect: Connect, status: int) -> None:
    body = {"id": "video_1", "status": "failed", "error": {"code": 400, "message": "out of memory"}}
    server = serve(reply(status, body))
    job = connect(server).create(**FIELDS)
    assert (job.id, job.status, job.error_code) == ("video_1", "failed", "400")
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "code"), [(401, "invalid_key"), (429, "rate_limited")])
def test_it_believes_no_job_in_a_refusal_of_the_one_who_asks(
    serve: Serve, connect: Connect, status: int, code: str
) -> None:
    error = error_of(connect(serve(reply(status, {"id": "req_1", "status": "failed"}))))
    assert (error.status, error.code) == (status, code)


@pytest.mark.parametrize(
    "place",
    [
        {"b64_json": "ZnJhbWVz"},
        {"data": [{"b64_json": "ZnJhbWVz"}]},
        {"data": [{"url": "data:video/mp4;base64,ZnJhbWVz"}, {"b64_json": "bW9yZQ=="}]},
        {"url": "data:video/mp4;base64,ZnJhbWVz"},
        {"b64_json": "ZnJh\nbWVz"},
    ],
)
@pytest.mark.parametrize("status", [{}, {"status": "completed"}])
def test_it_takes_the_video_out_of_the_reply(
    serve: Serve, connect: Connect, place: dict[str, object], status: dict[str, str]
) -> None:
    job = connect(serve(reply(200, {"id": "video_1"} | place | status))).create(**FIELDS)
    assert (job.status, job.content, job.url) == ("completed", b"frames", None)
    assert "frames" not in repr(job)


@pytest.mark.parametrize("place", [{"url": GONE}, {"data": [{"url": GONE}]}])
def test_it_takes_the_videos_address_out_of_the_reply(
    serve: Serve, connect: Connect, place: dict[str, object]
) -> None:
    job = connect(serve(reply(200, {"id": "video_1", "status": "completed"} | place))).create(**FIELDS)
    assert (job.status, job.content, job.url) == ("completed", b"", GONE)


@pytest.mark.parametrize(
    "place",
    [
        {"b64_json": "Z"},
        {"b64_json": 5},
        {"b64_json": "ü"},
        {"url": "file:///tmp/video.mp4"},
        {"data": {}},
        {"data": [[]]},
    ],
)
def test_it_takes_nothing_else_for_a_video(serve: Serve, connect: Connect, place: dict[str, object]) -> None:
    job = connect(serve(reply(200, {"id": "video_1"} | place))).create(**FIELDS)
    assert (job.status, job.content, job.url) == ("in_progress", b"", None)
