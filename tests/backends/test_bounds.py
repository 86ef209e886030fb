"""What a backend sends is bounded: in bytes, packed or not, whole or in chunks, and in time."""

import gzip
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Answer, Request, Server, reply
from videos.backends import Client, Connection, RefusedError, UnavailableError, UnknownOutcomeError

Serve = Callable[..., Server]

LIMIT = 100_000
VIDEO = b"\x00\x00\x00\x18ftypisom" + bytes(50_000)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CREATE = {"prompt": "a boat", "model": "sora-2", "seconds": 4, "size": "1280x720"}


@pytest.fixture
def connect(stack: ExitStack) -> Callable[..., Client]:
    def open_client(server: Server, **bounds: Any) -> Client:
        bounds = {"max_reply_bytes": LIMIT, "timeout": 5.0, "connect_timeout": 5.0, **bounds}
        return stack.enter_context(Client(Connection(server.url, KEY, **bounds)))

    return open_client


def chunked(pieces: Iterator[bytes], head: bytes = HEAD) -> Answer:
    """Answer in chunks, for as long as there are pieces and somebody reads."""

    def answer(server: Server, connection: socket.socket, _: Request) -> None:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            if server.over.is_set():
                return
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")

    return answer


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def packed(content: bytes, encoding: str) -> bytes:
    return gzip.compress(content) if encoding == "gzip" else zlib.compress(content)


def test_it_asks_for_no_compression(serve: Serve, connect: Callable[..., Client]) -> None:
    server = serve(reply(200, {"id": "video_1", "status": "queued"}))

    connect(server).retrieve("video_1")

    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_it_unpacks_what_came_packed_nonetheless(
    serve: Serve, connect: Callable[..., Client], encoding: str
) -> None:
    body = packed(b'{"id": "video_1", "status": "queued", "prompt": "a boat"}', encoding)
    server = serve(reply(200, body, content_encoding=encoding))

    assert connect(server).retrieve("video_1").prompt == "a boat"


BOMBS: dict[str, Callable[[], Answer]] = {
    "a length": lambda: reply(200, b" " * (LIMIT + 1)),
    "chunks": lambda: chunked(endless(b" " * 10_000)),
    "an error": lambda: reply(500, b" " * (LIMIT + 1)),
    "gzip": lambda: reply(200, gzip.compress(b" " * 50_000_000), content_encoding="gzip"),
    "deflate": lambda: reply(200, zlib.compress(b" " * 50_000_000), content_encoding="deflate"),
    "gzip in chunks": lambda: chunked(
        iter([gzip.compress(b" " * 50_000_000)]), HEAD + b"Content-Encoding: gzip\r\n"
    ),
    "brotli": lambda: reply(200, b"whatever", content_encoding="br"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_it_reads_no_more_of_a_reply_than_the_limit(
    serve: Serve, connect: Callable[..., Client], bomb: str
) -> None:
    with pytest.raises(UnavailableError) as caught:
        connect(serve(BOMBS[bomb]())).retrieve("video_1")

    assert caught.value.code == "bad_reply"
    assert "larger than" in caught.value.detail or bomb == "brotli"


def test_nobody_can_tell_what_became_of_a_create_with_such_a_reply(
    serve: Serve, connect: Callable[..., Client]
) -> None:
    server = serve(BOMBS["chunks"]())

    with pytest.raises(UnknownOutcomeError) as caught:
        connect(server).create(**CREATE)

    assert caught.value.code == "bad_reply"
    assert server.posts == 1


def test_a_reply_of_exactly_the_limit_is_read(serve: Serve, connect: Callable[..., Client]) -> None:
    body = b'{"id": "video_1", "status": "queued"}'

    assert connect(serve(reply(200, body.ljust(LIMIT)))).retrieve("video_1").id == "video_1"


def test_a_video_may_be_larger_than_a_reply(serve: Serve, connect: Callable[..., Client]) -> None:
    server = serve(reply(200, VIDEO, content_type="video/mp4"))

    with connect(server, max_reply_bytes=1000).download("video_1") as chunks:
        assert b"".join(chunks) == VIDEO


def test_a_file_that_is_announced_as_too_large_is_not_read(
    serve: Serve, connect: Callable[..., Client]
) -> None:
    client = connect(serve(reply(200, VIDEO, content_type="video/mp4")), max_download_bytes=len(VIDEO) - 1)

    with pytest.raises(RefusedError, match="larger than") as caught, client.download("video_1"):
        pytest.fail("handed out a file")

    assert caught.value.code == "file_too_large"


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_file_without_end_is_cut_off(serve: Serve, connect: Callable[..., Client], encoding: str) -> None:
    if encoding:
        pieces = iter([gzip.compress(VIDEO + bytes(50_000_000))])
        answer = chunked(pieces, HEAD + b"Content-Encoding: gzip\r\n")
    else:
        answer = chunked(endless(VIDEO))
    client = connect(serve(answer), max_download_bytes=200_000)
    received: list[bytes] = []

    with client.download("video_1") as chunks, pytest.raises(RefusedError, match="larger than"):
        received.extend(chunks)

    assert sum(map(len, received)) <= 200_000


def test_a_drip_ends_when_the_download_has_lasted_long_enough(
    serve: Serve, connect: Callable[..., Client]
) -> None:
    """Each byte comes within the timeout of a read, so that alone would let it go on for ever."""

    def drip(server: Server, connection: socket.socket, _: Request) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + VIDEO[:100])
        while not server.over.wait(0.02):
            connection.sendall(b"\0")

    client = connect(serve(drip), max_download_seconds=0.5)

    with client.download("video_1") as chunks, pytest.raises(UnavailableError) as caught:
        list(chunks)

    assert caught.value.code == "timeout"
