import tracemalloc
from collections.abc import Callable
from socket import socket

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Answer, Request, Server, cut, drop, hang, reply
from videos.backends import BackendError, Client, RefusedError, UnavailableError

Serve = Callable[..., Server]
Connect = Callable[..., Client]

VIDEO = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 2000


def video(content: bytes = VIDEO) -> bytes:
    return reply(200, content, content_type="video/mp4")


def error_on_entering(client: Client) -> BackendError:
    with pytest.raises(BackendError) as caught, client.download("video_1"):
        pytest.fail("handed out a file")
    return caught.value


def test_it_hands_out_the_whole_file(serve: Serve, connect: Connect) -> None:
    server = serve(video())
    with connect(server).download("video_1") as chunks:
        assert b"".join(chunks) == VIDEO
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/v1/videos/video_1/content")
    assert request.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/json", "text/html"])
def test_it_believes_the_bytes_and_not_the_content_type(
    serve: Serve, connect: Connect, content_type: str
) -> None:
    with connect(serve(reply(200, VIDEO, content_type=content_type))).download("video_1") as chunks:
        assert b"".join(chunks) == VIDEO


def test_it_reads_a_head_that_comes_in_pieces(serve: Serve, connect: Connect) -> None:
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in VIDEO[:40])
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(serve(head + pieces + b"0\r\n\r\n")).download("video_1") as chunks:
        assert b"".join(chunks) == VIDEO[:40]


@pytest.mark.parametrize(
    "head",
    [b"\0\0\0\x14ftypqt  ", b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81", b"RIFF\x24\0\0\0AVI LIST"],
    ids=["QuickTime", "WebM", "AVI"],
)
def test_it_takes_a_video_in_any_known_container(serve: Serve, connect: Connect, head: bytes) -> None:
    content = head + bytes(2000)
    with connect(serve(reply(200, content, content_type="video/mp4"))).download("video_1") as chunks:
        assert b"".join(chunks) == content


NO_VIDEO: list[tuple[str, Answer, type[BackendError], str]] = [
    (
        "JSON",
        reply(200, {"error": {"message": "no"}}, content_type="video/mp4"),
        UnavailableError,
        "not_a_video",
    ),
    ("nothing", reply(200, b"", content_type="video/mp4"), UnavailableError, "not_a_video"),
    ("seven bytes", reply(200, VIDEO[:7], content_type="video/mp4"), UnavailableError, "not_a_video"),
    ("a WAV", reply(200, b"RIFF\x24\0\0\0WAVE", content_type="video/mp4"), UnavailableError, "not_a_video"),
    ("not yet", reply(202, {"status": "in_progress"}), UnavailableError, "not_a_video"),
    ("400", reply(400, {"detail": "not done"}), UnavailableError, "content_not_ready"),
    ("404", reply(404, b""), UnavailableError, "content_not_ready"),
    ("409", reply(409, b""), UnavailableError, "content_not_ready"),
    ("500", reply(500, b""), UnavailableError, "content_not_ready"),
    ("503", reply(503, b""), UnavailableError, "content_not_ready"),
    ("429", reply(429, b""), UnavailableError, "rate_limited"),
    ("401", reply(401, b""), RefusedError, "unauthorized"),
    ("403", reply(403, b""), RefusedError, "forbidden"),
    ("410", reply(410, b""), RefusedError, "gone"),
    ("dropped", drop, UnavailableError, "truncated"),
    ("cut in the head", cut(video()[:-len(VIDEO) + 4]), UnavailableError, "truncated"),
    ("to ftp", reply(302, b"", location="ftp://127.0.0.1/x.mp4"), RefusedError, "bad_redirect"),
    ("to a file", reply(302, b"", location="file:///etc/passwd"), RefusedError, "bad_redirect"),
    ("to no port", reply(302, b"", location="http://127.0.0.1:99999/x"), RefusedError, "bad_redirect"),
    ("to a websocket", reply(302, b"", location="ws://127.0.0.1:1/x"), RefusedError, "bad_redirect"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "kind", "code"), [row[1:] for row in NO_VIDEO], ids=[row[0] for row in NO_VIDEO]
)
def test_it_hands_out_nothing_when_there_is_no_video(
    serve: Serve, connect: Connect, answer: Answer, kind: type[BackendError], code: str
) -> None:
    server = serve(answer)
    error = error_on_entering(connect(server))
    assert (type(error), error.code) == (kind, code)
    content, *more = [(request.method, request.target) for request in server.requests]
    assert content == ("GET", "/v1/videos/video_1/content")
    assert more in ([], [("GET", "/v1/videos/video_1")]), "at most it asks whether the file is elsewhere"


def test_it_shows_the_operator_what_came_instead(serve: Serve, connect: Connect) -> None:
    body = {"error": {"message": f"upstream said no to {KEY}"}}
    error = error_on_entering(connect(serve(reply(200, body, content_type="video/mp4"))))
    assert "upstream said no to [api key]" in error.detail
    assert "video/mp4" in error.detail


def test_it_shows_all_of_what_comes_in_pieces(serve: Serve, connect: Connect) -> None:
    def in_pieces(server: Server, connection: socket, _: Request) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{'error': ")
        server.over.wait(0.05)
        connection.sendall(b"'upstream no'}")

    error = error_on_entering(connect(serve(in_pieces)))
    assert "{'error': 'upstream no'}" in error.detail


def test_it_does_not_wait_for_ever_for_the_first_byte(serve: Serve, connect: Connect) -> None:
    error = error_on_entering(connect(serve(hang), timeout=0.2))
    assert (type(error), error.code) == (UnavailableError, "timeout")


def test_it_says_that_the_file_was_cut_short(serve: Serve, connect: Connect) -> None:
    client = connect(serve(cut(video()[:-1])))
    with client.download("video_1") as chunks, pytest.raises(UnavailableError) as caught:
        list(chunks)
    assert caught.value.code == "truncated"


def test_it_says_that_the_rest_never_came(serve: Serve, connect: Connect) -> None:
    def half_then_silence(server: Server, connection: socket, request: Request) -> None:
        connection.sendall(video()[: len(VIDEO) // 2])
        hang(server, connection, request)

    with (
        connect(serve(half_then_silence), timeout=0.2).download("video_1") as chunks,
        pytest.raises(UnavailableError) as caught,
    ):
        list(chunks)
    assert caught.value.code == "timeout"


def test_it_follows_a_redirect_and_keeps_the_key_to_itself(serve: Serve, connect: Connect) -> None:
    storage = serve(video())
    backend = serve(reply(302, b"", location=storage.url + "/signed?sig=1"))
    with connect(backend).download("video_1") as chunks:
        assert b"".join(chunks) == VIDEO
    assert backend.requests[0].headers["authorization"] == f"Bearer {KEY}"
    (request,) = storage.requests
    assert "authorization" not in request.headers
    assert KEY not in repr(request)


def test_it_does_not_blame_the_key_for_an_expired_link(serve: Serve, connect: Connect) -> None:
    storage = serve(reply(403, b"<Error><Code>AccessDenied</Code></Error>", content_type="application/xml"))
    error = error_on_entering(connect(serve(reply(302, b"", location=storage.url + "/signed"))))
    assert (type(error), error.code) == (UnavailableError, "content_not_ready")


def test_it_lets_the_caller_stop_halfway(serve: Serve, connect: Connect) -> None:
    server = serve(video(VIDEO * 20), reply(200, {"id": "video_1", "status": "completed"}))
    client = connect(server)
    with client.download("video_1") as chunks:
        assert next(chunks).startswith(VIDEO[:12])
    assert client.retrieve("video_1").status == "completed"


def test_it_holds_a_small_part_of_the_file_at_a_time(serve: Serve, connect: Connect) -> None:
    size = 30_000_000
    block = VIDEO[:12] + bytes(1_000_000 - 12)

    def send_much(_: Server, connection: socket, __: Request) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(block)):
            connection.sendall(block)

    client = connect(serve(send_much))
    tracemalloc.start()
    try:
        with client.download("video_1") as chunks:
            sizes = [len(chunk) for chunk in chunks]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(sizes) == size
    assert max(sizes) <= 65_536
    assert peak < size / 5


def job_with(url: str) -> bytes:
    return reply(200, {"id": "video_1", "status": "completed", "url": url})


def test_it_goes_to_the_address_in_the_job_and_keeps_the_key_to_itself(
    serve: Serve, connect: Connect
) -> None:
    storage = serve(video())
    url = storage.url + "/signed?sig=1"
    backend = serve(reply(400, {"detail": "uploaded to cloud storage"}), job_with(url))
    with connect(backend).download("video_1") as chunks:
        assert b"".join(chunks) == VIDEO
    (request,) = storage.requests
    assert (request.target, request.headers["accept-encoding"]) == ("/v1/signed?sig=1", "identity")
    assert KEY not in repr(request)


def test_it_goes_straight_to_the_address_it_is_given(serve: Serve, connect: Connect) -> None:
    storage, backend = serve(video()), serve(reply(404, b""))
    with connect(backend).download("video_1", storage.url) as chunks:
        assert b"".join(chunks) == VIDEO
    assert KEY not in repr(storage.requests)
    assert backend.requests == []


def test_it_shows_its_key_to_the_backend_itself(serve: Serve, connect: Connect) -> None:
    backend = serve(video())
    with connect(backend).download("video_1", backend.url + "/files/a.mp4?x=1") as chunks:
        assert b"".join(chunks) == VIDEO
    (request,) = backend.requests
    assert (request.target, request.headers["authorization"]) == ("/v1/files/a.mp4?x=1", f"Bearer {KEY}")


def test_it_loses_its_key_when_the_backend_sends_it_on(serve: Serve, connect: Connect) -> None:
    storage = serve(video())
    backend = serve(reply(302, b"", location=storage.url))
    with connect(backend).download("video_1", backend.url + "/files/a.mp4") as chunks:
        assert b"".join(chunks) == VIDEO
    assert KEY not in repr(storage.requests)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (reply(403, b"<Error>expired</Error>"), UnavailableError, "content_not_ready"),
        (reply(404, b""), UnavailableError, "content_not_ready"),
        (reply(500, b""), UnavailableError, "content_not_ready"),
        (reply(429, b"", retry_after="9"), UnavailableError, "rate_limited"),
        (reply(302, b"", location="file:///etc/passwd"), RefusedError, "bad_redirect"),
        (reply(302, b"", location="/again"), UnavailableError, "bad_redirect"),
        (reply(302, b""), UnavailableError, "content_not_ready"),
        (reply(200, b"<html>sign in</html>", content_type="video/mp4"), UnavailableError, "not_a_video"),
        (drop, UnavailableError, "truncated"),
        (hang, UnavailableError, "timeout"),
    ],
)
def test_it_says_why_there_is_no_video_at_the_address(
    serve: Serve, connect: Connect, answer: Answer, kind: type[BackendError], code: str
) -> None:
    storage, backend = serve(answer), serve(reply(404, b""))
    client = connect(backend, timeout=0.3)
    with pytest.raises(BackendError) as caught, client.download("video_1", storage.url):
        pytest.fail("handed out a file")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(storage.requests) <= 6
    assert KEY not in repr(storage.requests)


@pytest.mark.parametrize("url", ["http://[::1", "http://", "http://127.0.0.1:99999/", "ftp://127.0.0.1/"])
def test_it_goes_to_no_address_that_is_none(serve: Serve, connect: Connect, url: str) -> None:
    client = connect(serve(reply(404, b"")))
    with pytest.raises(BackendError) as caught, client.download("video_1", url):
        pytest.fail("handed out a file")
    assert (type(caught.value), caught.value.code) == (RefusedError, "bad_redirect")


def test_a_picture_is_asked_for_as_the_thumbnail(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, b"RIFF a picture", content_type="image/webp"))
    assert connect(server).thumbnail("video_1", max_bytes=100) == b"RIFF a picture"
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/v1/videos/video_1/content?variant=thumbnail")


def test_a_picture_that_is_too_large_is_not_read_to_its_end(serve: Serve, connect: Connect) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = serve(head + b"10000\r\n" + bytes(0x10000) + b"\r\n")  # and never an end
    with pytest.raises(UnavailableError) as caught:
        connect(server).thumbnail("video_1", max_bytes=1000)
    assert caught.value.code == "too_large"


def test_a_job_without_a_picture(serve: Serve, connect: Connect) -> None:
    with pytest.raises(UnavailableError) as caught:
        connect(serve(reply(404, {"error": {"message": "no"}}))).thumbnail("video_1", max_bytes=1000)
    assert caught.value.code == "content_not_ready"
