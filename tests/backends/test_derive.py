"""Remix, edit, extend and characters: one request each as the protocol says, and never a second one."""

import io
import json
import re
from collections.abc import Callable

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Answer, Server, drop, hang, reply
from tests.simulator.conftest import StartSimulator
from videos.backends import (
    BackendError,
    Client,
    ClipFile,
    Job,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)

Serve = Callable[..., Server]
Connect = Callable[..., Client]

JOB = {"id": "video_2", "object": "video", "status": "queued", "remixed_from_video_id": "video_1"}
CONTENT = bytes(range(256)) * 4000


def clip(content: bytes = CONTENT) -> ClipFile:
    return ClipFile("video.mp4", io.BytesIO(content))


CALLS: dict[str, Callable[[Client], Job]] = {
    "remix": lambda client: client.remix("video_1", "snow", model="sora-2"),
    "edit": lambda client: client.edit("snow", "video_1", model="sora-2"),
    "edit a file": lambda client: client.edit("snow", clip(), model="sora-2"),
    "extend": lambda client: client.extend("snow", 8, "video_1", model="sora-2"),
    "extend a file": lambda client: client.extend("snow", 8, clip(), model="sora-2"),
}
BY_ID = [call for name, call in CALLS.items() if "file" not in name]


@pytest.mark.parametrize("body", ["multipart", "json"])
@pytest.mark.parametrize(
    ("call", "target", "sent"),
    [
        ("remix", "/v1/videos/video_1/remix", {"prompt": "snow"}),
        ("edit", "/v1/videos/edits", {"prompt": "snow", "video": {"id": "video_1"}}),
        (
            "extend",
            "/v1/videos/extensions",
            {"prompt": "snow", "seconds": "8", "video": {"id": "video_1"}},
        ),
    ],
)
def test_a_job_is_named_in_json(
    serve: Serve, connect: Connect, body: str, call: str, target: str, sent: dict[str, object]
) -> None:
    server = serve(reply(200, JOB))
    job = CALLS[call](connect(server, body=body))
    (request,) = server.requests
    assert (job.id, job.remixed_from_video_id) == ("video_2", "video_1")
    assert (request.method, request.target) == ("POST", target)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.body) == sent


@pytest.mark.parametrize(
    ("call", "target", "sent"),
    [
        ("edit a file", "/v1/videos/edits", {b"prompt": b"snow"}),
        ("extend a file", "/v1/videos/extensions", {b"prompt": b"snow", b"seconds": b"8"}),
    ],
)
def test_a_file_is_sent_in_a_form(
    serve: Serve, connect: Connect, call: str, target: str, sent: dict[bytes, bytes]
) -> None:
    server = serve(reply(200, JOB))
    CALLS[call](connect(server))
    (request,) = server.requests
    assert request.target == target
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert dict(re.findall(rb'name="(\w+)"\r\n\r\n(.*?)\r\n--', request.body, re.DOTALL)) == sent
    head = b'name="video"; filename="video.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
    assert head + CONTENT + b"\r\n--" in request.body


class _Watched(io.BytesIO):
    """Remembers the largest read."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.most = max(self.most, len(piece))
        return piece


def test_a_large_file_is_read_piece_by_piece(serve: Serve, connect: Connect) -> None:
    server, file = serve(reply(200, JOB)), _Watched(bytes(20_000_000))
    connect(server).edit("snow", ClipFile("video.mp4", file), model="sora-2")
    assert int(server.requests[0].headers["content-length"]) > 20_000_000
    assert 0 < file.most <= 65_536


@pytest.mark.parametrize("call", ["edit a file", "extend a file"])
def test_a_server_without_forms_is_sent_no_file(serve: Serve, connect: Connect, call: str) -> None:
    server = serve(reply(200, JOB))
    with pytest.raises(RefusedError) as caught:
        CALLS[call](connect(server, body="json"))
    assert caught.value.code == "unsupported"
    assert server.requests == []


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (reply(401, {}), RefusedError, "invalid_key"),
        (reply(400, {"error": {"message": "no", "code": "sentinel_block"}}), RefusedError, "sentinel_block"),
        (reply(405, b""), RefusedError, "unsupported"),
        (reply(413, b""), RefusedError, "too_large"),
        (reply(307, b"", location="https://new.example/v1/videos"), RefusedError, "redirected"),
        (reply(429, b"", retry_after="7"), UnavailableError, "rate_limited"),
        (reply(409, b""), UnknownOutcomeError, "conflict"),
        (reply(500, b""), UnknownOutcomeError, "server_error"),
        (reply(200, {}), UnknownOutcomeError, "bad_reply"),
        (reply(200, b"<html>"), UnknownOutcomeError, "bad_reply"),
        (drop, UnknownOutcomeError, "dropped"),
    ],
)
def test_the_verdicts_are_those_of_a_create(
    serve: Serve,
    connect: Connect,
    call: Callable[[Client], Job],
    answer: Answer,
    kind: type[BackendError],
    code: str,
) -> None:
    server = serve(answer)
    with pytest.raises(BackendError) as caught:
        call(connect(server))
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert server.posts == 1


def test_no_answer_is_unknown(serve: Serve, connect: Connect) -> None:
    server = serve(hang)
    with pytest.raises(UnknownOutcomeError) as caught:
        connect(server, timeout=0.2).extend("snow", 4, "video_1", model="sora-2")
    assert (caught.value.code, server.posts) == ("timeout", 1)


SAYS_NO_SUCH_JOB = [
    reply(404, {"error": {"message": "Video with id 'video_1' not found.", "code": "not_found"}}),
    reply(404, b"<html>"),
    reply(410, b""),
    reply(400, {"error": {"message": "The video does not exist.", "param": "video", "code": None}}),
    reply(400, {"detail": "Video video_1 has expired"}),
    reply(422, {"error": {"message": "no", "code": "video_not_found"}}),
]


@pytest.mark.parametrize("call", BY_ID)
@pytest.mark.parametrize("answer", SAYS_NO_SUCH_JOB)
def test_it_sees_that_the_server_does_not_know_the_job(
    serve: Serve, connect: Connect, call: Callable[[Client], Job], answer: Answer
) -> None:
    server = serve(answer)
    with pytest.raises(RefusedError) as caught:
        call(connect(server))
    assert caught.value.code == "source_unknown"
    assert len(server.requests) == 1


@pytest.mark.parametrize("call", ["edit a file", "extend a file"])
def test_who_was_sent_the_file_misses_no_job(serve: Serve, connect: Connect, call: str) -> None:
    with pytest.raises(RefusedError) as caught:
        CALLS[call](connect(serve(SAYS_NO_SUCH_JOB[0])))
    assert caught.value.code == "not_served"


@pytest.mark.parametrize("call", BY_ID)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(400, {"id": "video_1", "status": "completed"}), RefusedError),
        (reply(200, {"id": "video_1", "status": "completed"}), UnknownOutcomeError),
    ],
)
def test_the_source_shown_in_a_reply_is_not_the_new_job(
    serve: Serve, connect: Connect, call: Callable[[Client], Job], answer: Answer, kind: type[BackendError]
) -> None:
    with pytest.raises(kind):
        call(connect(serve(answer)))


def test_a_job_in_an_error_is_the_new_job(serve: Serve, connect: Connect) -> None:
    server = serve(reply(500, {"id": "video_2", "status": "failed", "error": "out of memory"}))
    job = connect(server).remix("video_1", "snow", model="sora-2")
    assert (job.id, job.status) == ("video_2", "failed")


@pytest.mark.parametrize("job_id", ["", "..", "a\nb"])
def test_what_is_no_id_is_not_sent(serve: Serve, connect: Connect, job_id: str) -> None:
    server = serve(reply(200, JOB))
    with pytest.raises(RefusedError):
        connect(server).remix(job_id, "snow", model="sora-2")
    assert server.requests == []


def test_text_that_cannot_be_sent_is_not(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    for call in (
        lambda client: client.remix("video_1", "half \ud800", model="sora-2"),
        lambda client: client.edit("half \ud800", "video_1", model="sora-2"),
        lambda client: client.create_character("half \ud800", clip()),
    ):
        with pytest.raises(RefusedError) as caught:
            call(connect(server))
        assert caught.value.code == "bad_text"
    assert server.requests == []


def test_a_character_is_made_of_a_clip(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {"id": "char_1", "name": "Ada", "created_at": 1}))
    assert connect(server).create_character("Ada", clip()) == "char_1"
    (request,) = server.requests
    assert request.target == "/v1/videos/characters"
    assert b'name="name"\r\n\r\nAda\r\n' in request.body
    assert b'name="video"; filename="video.mp4"\r\nContent-Type: video/mp4\r\n\r\n' + CONTENT in request.body


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(200, {"name": "Ada"}), UnknownOutcomeError),
        (reply(200, {"id": ""}), UnknownOutcomeError),
        (reply(200, []), UnknownOutcomeError),
        (reply(500, b""), UnknownOutcomeError),
        (drop, UnknownOutcomeError),
        (reply(400, {"error": {"message": "no face"}}), RefusedError),
        (reply(429, b""), UnavailableError),
    ],
)
def test_a_character_that_was_not_made(
    serve: Serve, connect: Connect, answer: Answer, kind: type[BackendError]
) -> None:
    server = serve(answer)
    with pytest.raises(kind):
        connect(server).create_character("Ada", clip())
    assert len(server.requests) == 1


def test_a_server_without_forms_makes_no_character(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {"id": "char_1"}))
    with pytest.raises(RefusedError):
        connect(server, body="json").create_character("Ada", clip())
    assert server.requests == []


def test_a_create_with_characters_is_json_to_every_server(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    connect(server).create(
        prompt="Ada", model="sora-2", seconds=4, size="1280x720", characters=["char_1", "char_2"]
    )
    (request,) = server.requests
    assert json.loads(request.body) == {
        "prompt": "Ada",
        "model": "sora-2",
        "seconds": "4",
        "size": "1280x720",
        "characters": [{"id": "char_1"}, {"id": "char_2"}],
    }


def test_the_simulator_takes_all_of_it(start_simulator: StartSimulator, connect: Connect) -> None:
    simulator = start_simulator()
    client = connect(f"{simulator.url}/v1", timeout=20)
    source = client.create(prompt="sea", model="sora-2", seconds=4, size="1280x720").id
    video = simulator.content(source)
    character = client.create_character("Ada", clip(video))
    jobs = [
        client.remix(source, "snow", model="sora-2"),
        client.edit("night", source, model="sora-2"),
        client.edit("night", clip(video), model="sora-2"),
        client.extend("on", 4, source, model="sora-2"),
        client.extend("on", 4, clip(video), model="sora-2"),
        client.create(prompt="a", model="sora-2", seconds=4, size="1280x720", characters=[character]),
    ]
    assert [job.seconds for job in jobs] == [4, 4, 4, 8, 8, 4]
    assert [job.remixed_from_video_id for job in jobs] == [source, None, None, None, None, None]
    kinds = ["create", "remix", "edit", "edit", "extend", "extend", "create"]
    assert [entry["kind"] for entry in simulator.ledger()] == kinds
    with pytest.raises(RefusedError) as caught:
        client.extend("on", 4, "video_unknown", model="sora-2")
    assert caught.value.code == "source_unknown"
