import json
import re
import socket
import threading
from collections.abc import Callable
from email.utils import formatdate
from time import monotonic, time

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Answer, Server, cut, drip, drop, hang, reply
from videos.backends import (
    BackendError,
    Client,
    Connection,
    ReferenceFile,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)

Serve = Callable[..., Server]
Connect = Callable[..., Client]

JOB = {"id": "video_1", "object": "video", "status": "queued", "progress": 0, "seconds": "4"}
FIELDS = {"prompt": "a cat", "model": "sora-2", "seconds": 4, "size": "1280x720"}
GONE = "https://new.example/v1/videos"


def error_of(client: Client) -> BackendError:
    with pytest.raises(BackendError) as caught:
        client.create(**FIELDS)
    return caught.value


def test_it_sends_one_multipart_request_and_returns_the_job(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB, openai_poll_after_ms="2500"))
    job = connect(server).create(**FIELDS)
    (request,) = server.requests
    assert (job.id, job.status, job.poll_after) == ("video_1", "queued", 2.5)
    assert (request.method, request.target) == ("POST", "/v1/videos")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["x-litellm-num-retries"] == "0"
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    fields = dict(re.findall(rb'name="(\w+)"\r\n\r\n(.*?)\r\n--', request.body, re.DOTALL))
    assert fields == {b"prompt": b"a cat", b"model": b"sora-2", b"seconds": b"4", b"size": b"1280x720"}


def test_it_uploads_the_reference_with_name_and_type(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    image = bytes(range(256)) * 100
    connect(server).create(**FIELDS, reference=ReferenceFile("cat.png", image, "image/png"))
    (request,) = server.requests
    head = b'name="input_reference"; filename="cat.png"\r\nContent-Type: image/png\r\n\r\n'
    assert head + image + b"\r\n--" in request.body


def test_further_images_are_files_of_the_form_or_objects_of_the_json(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    first, last, *others = (ReferenceFile(f"{n}.png", b"%d" % n, "image/png") for n in range(4))
    images = {"reference": first, "last_frame": last, "references": others}

    connect(server).create(**FIELDS, **images)
    connect(server).create(**FIELDS, **images, characters=["char_1"])  # as JSON

    form, json_body = (request.body for request in server.requests)
    named = re.findall(rb'name="(\w+)"; filename="(\d)\.png"\r\nContent-Type: image/png\r\n\r\n(\d)', form)
    assert named == [
        (b"input_reference", b"0", b"0"),
        (b"last_frame", b"1", b"1"),
        (b"input_references", b"2", b"2"),
        (b"input_references", b"3", b"3"),
    ]
    sent = json.loads(json_body)
    assert sent["last_frame"] == {"image_url": last.data_url}
    assert sent["input_references"] == [{"image_url": each.data_url} for each in others]


def test_a_server_that_would_leave_them_out_is_sent_nothing(serve: Serve, connect: Connect) -> None:
    """NVIDIA Dynamo says at first that it cannot read the types; it knows none of these fields."""
    server = serve(reply(422, b'{"message": "invalid type: string, expected i32"}'))
    image = ReferenceFile("a.png", b"a", "image/png")
    client = connect(server, body="json")

    with pytest.raises(RefusedError, match="no image but a first frame"):
        client.create(**FIELDS, reference=image, last_frame=image)

    assert len(server.requests) == 1


def test_the_attempts_key_is_sent_in_every_shape_of_a_request(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    client = connect(server)
    client.create(**FIELDS, idempotency_key="k1")
    client.create(**FIELDS, characters=["char_1"], idempotency_key="k2")  # as JSON
    client.remix("video_0", "a dog", model="sora-2", idempotency_key="k3")
    client.edit("a dog", "video_0", model="sora-2", idempotency_key="k4")
    client.extend("a dog", 4, "video_0", model="sora-2", idempotency_key="k5")
    client.create(**FIELDS)

    assert [request.headers.get("idempotency-key") for request in server.requests] == [
        *("k1", "k2", "k3", "k4", "k5"),
        None,
    ]
    assert server.requests[0].headers["content-type"].startswith("multipart/form-data; boundary=")


STATUSES: list[tuple[str, Answer, type[BackendError], str]] = [
    ("bad key", reply(401, {"error": {"message": "no", "code": "x"}}), RefusedError, "invalid_key"),
    ("forbidden", reply(403, {}), RefusedError, "invalid_key"),
    (
        "LiteLLM without a database of keys",
        reply(400, {"error": {"message": "No connected db.", "type": "no_db_connection", "code": "400"}}),
        RefusedError,
        "invalid_key",
    ),
    (
        "blocked",
        reply(400, {"error": {"message": "no", "code": "sentinel_block"}}),
        RefusedError,
        "sentinel_block",
    ),
    ("int code", reply(400, {"error": {"message": "no", "code": 400}}), RefusedError, "bad_request"),
    ("no such model", reply(404, {"detail": "unknown model"}), RefusedError, "not_served"),
    ("wrong base URL", reply(405, b"<html>"), RefusedError, "unsupported"),
    ("too large", reply(413, b""), RefusedError, "too_large"),
    ("wrong type", reply(415, b""), RefusedError, "unsupported_media"),
    ("invalid", reply(422, {"detail": [{"msg": "bad size", "loc": ["size"]}]}), RefusedError, "bad_request"),
    ("teapot", reply(418, b""), RefusedError, "http_418"),
    ("moved", reply(301, b"", location=GONE), RefusedError, "redirected"),
    ("found", reply(302, b"", location=GONE), RefusedError, "redirected"),
    ("temporarily", reply(307, b"", location=GONE), RefusedError, "redirected"),
    ("permanently", reply(308, b"", location=GONE), RefusedError, "redirected"),
    ("busy", reply(429, b""), UnavailableError, "rate_limited"),
    ("see other", reply(303, b"", location=GONE), UnknownOutcomeError, "bad_reply"),
    ("moved nowhere", reply(302, b""), UnknownOutcomeError, "bad_reply"),
    ("request timeout", reply(408, b""), UnknownOutcomeError, "timeout"),
    ("conflict", reply(409, b""), UnknownOutcomeError, "conflict"),
    ("server error", reply(500, {"error": {"message": "oops"}}), UnknownOutcomeError, "server_error"),
    ("bad gateway", reply(502, b"<html>", content_type="text/html"), UnknownOutcomeError, "server_error"),
    ("unavailable", reply(503, b"", retry_after="5"), UnknownOutcomeError, "server_error"),
    ("no id", reply(200, {}), UnknownOutcomeError, "bad_reply"),
    ("empty id", reply(200, {"id": "", "status": "queued"}), UnknownOutcomeError, "bad_reply"),
    ("a number as id", reply(200, {"id": 7}), UnknownOutcomeError, "bad_reply"),
    ("a list", reply(200, {"object": "list", "data": []}), UnknownOutcomeError, "bad_reply"),
    ("a page", reply(200, b"<html>hi</html>", content_type="text/html"), UnknownOutcomeError, "bad_reply"),
    ("half of JSON", reply(200, b'{"id": "video_1", "sta'), UnknownOutcomeError, "bad_reply"),
    ("deep JSON", reply(200, b"[" * 100_000), UnknownOutcomeError, "bad_reply"),
    ("garbage instead of HTTP", cut(b"\x00\x01garbage\r\n\r\n"), UnknownOutcomeError, "dropped"),
    ("dropped", drop, UnknownOutcomeError, "dropped"),
    ("dropped in the head", cut(b"HTTP/1.1 200 OK\r\nContent-"), UnknownOutcomeError, "dropped"),
    ("dropped in the body", cut(reply(200, JOB)[:-5]), UnknownOutcomeError, "dropped"),
    ("broken gzip", reply(200, b"not gzip", content_encoding="gzip"), UnknownOutcomeError, "bad_reply"),
]


@pytest.mark.parametrize(
    ("answer", "kind", "code"), [row[1:] for row in STATUSES], ids=[row[0] for row in STATUSES]
)
def test_it_sends_exactly_one_request_and_says_what_became_of_it(
    serve: Serve, connect: Connect, answer: Answer, kind: type[BackendError], code: str
) -> None:
    server = serve(answer)
    error = error_of(connect(server))
    assert (type(error), error.code) == (kind, code)
    assert server.posts == 1
    reads = {request.method for request in server.requests[1:]}
    assert reads <= ({"GET"} if code == "invalid_key" else set()), "only the key is looked into"


def test_it_names_the_address_that_belongs_in_the_settings(serve: Serve, connect: Connect) -> None:
    error = error_of(connect(serve(reply(301, b"", location=GONE))))
    assert GONE in error.message
    assert error.status == 301


def test_it_passes_on_the_servers_sentence(serve: Serve, connect: Connect) -> None:
    error = error_of(connect(serve(reply(400, {"error": {"message": "Unknown size."}}))))
    assert "Unknown size." in error.message
    assert error.status == 400
    assert '{"error"' in error.detail


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (lambda: "7", 7, 7),
        (lambda: "0.5", 0.5, 0.5),
        (lambda: formatdate(time() + 100, usegmt=True), 90, 100),
        (lambda: formatdate(time() - 100, usegmt=True), 0, 0),
    ],
    ids=["whole", "fraction", "date ahead", "date past"],
)
def test_it_hands_on_how_long_to_wait(
    serve: Serve, connect: Connect, value: Callable[[], str], low: float, high: float
) -> None:
    error = error_of(connect(serve(reply(429, b"", retry_after=value()))))
    assert isinstance(error, UnavailableError)
    assert error.retry_after is not None
    assert low <= error.retry_after <= high


def test_it_never_repeats_the_api_key(serve: Serve, connect: Connect) -> None:
    padding = "x" * 495  # so that a cut at 500 characters would leave half of the key
    for status in (400, 401, 429, 500):
        answer = reply(status, {"error": {"message": f"{padding}{KEY} is wrong", "code": f"bad-{KEY}"}})
        error = error_of(connect(serve(answer)))
        told = error.message + error.code + error.detail + repr(error)
        assert KEY[:6] not in told


def test_it_limits_the_detail(serve: Serve, connect: Connect) -> None:
    assert len(error_of(connect(serve(reply(400, b"y" * 100_000)))).detail) == 2000


def test_it_takes_no_answer_for_unknown(serve: Serve, connect: Connect) -> None:
    server = serve(hang)
    error = error_of(connect(server, timeout=0.2))
    assert (type(error), error.code) == (UnknownOutcomeError, "timeout")
    assert server.posts == 1


def test_it_is_over_by_the_deadline_however_slowly_the_reply_drips(serve: Serve, connect: Connect) -> None:
    server = serve(drip)
    client = connect(server, timeout=0.2, connect_timeout=0.2)
    started = monotonic()
    error = error_of(client)
    assert (type(error), error.code) == (UnknownOutcomeError, "timeout")
    assert monotonic() - started < 5
    assert server.posts == 1


def test_it_knows_that_a_closed_port_got_nothing(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = error_of(connect(f"http://127.0.0.1:{port}/v1"))
    assert (type(error), error.code) == (UnavailableError, "unreachable")


def test_it_knows_that_an_unknown_host_got_nothing(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    error = error_of(connect("http://no-such-host.invalid/v1"))
    assert (type(error), error.code) == (UnavailableError, "unreachable")
    assert "Name or service not known" in error.detail


def test_it_knows_that_a_connection_never_made_carried_nothing(connect: Connect) -> None:
    with socket.socket() as listener, socket.socket() as filler:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)  # one connection fills the backlog; the next one waits for ever
        filler.connect(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        error = error_of(connect(url, connect_timeout=0.3))
    assert (type(error), error.code) == (UnavailableError, "unreachable")
    assert "ConnectTimeout" in error.detail


def test_it_knows_that_nothing_left_before_tls_was_up(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []

        def answer_in_plain_text() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer_in_plain_text)
        thread.start()
        error = error_of(connect(f"https://127.0.0.1:{listener.getsockname()[1]}/v1"))
        thread.join()
    assert (type(error), error.code) == (UnavailableError, "unreachable")
    assert heard[0][:1] == b"\x16"
    assert b"a cat" not in heard[0]


def test_it_never_reuses_a_connection_for_a_paid_request(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    client = connect(server)
    client.create(**FIELDS)
    client.create(**FIELDS)
    assert len({request.peer for request in server.requests}) == 2


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8000/v1", "ftp://host/v1", "http://", "http://host:port/v1", "http://host:99999/v1"],
)
def test_it_refuses_to_start_with_a_wrong_address(url: str) -> None:
    with pytest.raises(UnavailableError) as caught:
        Client(Connection(url, KEY))
    assert caught.value.code == "bad_base_url"


@pytest.mark.parametrize("key", ["sk-\u00fc", "sk\nX-Other: 1"])
def test_it_refuses_to_start_with_a_key_that_cannot_be_sent(key: str) -> None:
    with pytest.raises(RefusedError) as caught:
        Client(Connection("http://127.0.0.1:1/v1", key))
    assert caught.value.code == "invalid_key"


def test_it_refuses_text_that_cannot_be_sent(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    with pytest.raises(RefusedError) as caught:
        connect(server).create(**FIELDS | {"prompt": "half a pair \ud800"})
    assert caught.value.code == "bad_text"
    assert server.requests == []


def test_it_works_without_a_key(serve: Serve) -> None:
    server = serve(reply(200, JOB))
    with Client(Connection(server.url, "")) as client:
        assert client.create(**FIELDS).id == "video_1"


def test_the_connection_does_not_show_its_key() -> None:
    assert KEY not in repr(Connection("http://127.0.0.1/v1", KEY))


IMAGE = ReferenceFile("cat.png", b"pixels", "image/png")
PIXELS = "data:image/png;base64,cGl4ZWxz"
UNREADABLE = {"message": 'seconds: invalid type: string "4", expected i32', "code": 400}


def test_it_sends_json_where_the_server_reads_nothing_else(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, JOB))
    connect(server, body="json").create(**FIELDS, reference=IMAGE)
    (request,) = server.requests
    assert request.headers["content-type"] == "application/json"
    fields = {"prompt": "a cat", "model": "sora-2", "seconds": "4", "size": "1280x720"}
    assert json.loads(request.body) == fields | {"input_reference": {"image_url": PIXELS}}


@pytest.mark.parametrize("status", [400, 422])
def test_it_asks_again_in_plain_types_when_the_server_could_not_read_the_others(
    serve: Serve, connect: Connect, status: int
) -> None:
    server = serve(reply(status, UNREADABLE), reply(200, JOB))
    assert connect(server, body="json").create(**FIELDS, reference=IMAGE).id == "video_1"
    first, second = [json.loads(request.body) for request in server.requests]
    assert first["seconds"] == "4"
    assert second == {
        "prompt": "a cat",
        "model": "sora-2",
        "seconds": 4,
        "size": "1280x720",
        "response_format": "b64_json",
        "input_reference": PIXELS,
    }


@pytest.mark.parametrize(
    "answer",
    [
        reply(400, {"error": {"message": "no cats"}}),
        reply(500, UNREADABLE),
        reply(408, UNREADABLE),
        reply(200, UNREADABLE),
        drop,
    ],
)
def test_it_asks_only_once_where_the_first_may_have_been_accepted(
    serve: Serve, connect: Connect, answer: Answer
) -> None:
    server = serve(answer)
    error_of(connect(server, body="json"))
    assert len(server.requests) == 1


def test_it_never_asks_a_third_time(serve: Serve, connect: Connect) -> None:
    server = serve(reply(422, UNREADABLE))
    error = error_of(connect(server, body="json"))
    assert (type(error), error.code, len(server.requests)) == (RefusedError, "bad_request", 2)
