"""Whatever a server sends, every call ends in its own kind of result or in one of our three errors."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from types import NoneType
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backends.conftest import KEY
from tests.backends.server import Server, cut
from tests.backends.test_responses import JSON
from videos.backends import (
    BackendError,
    Client,
    ClipFile,
    Connection,
    Job,
    JobPage,
    RefusedError,
    UnavailableError,
)

T = TypeVar("T")

FIELDS = {"prompt": "a cat", "model": "sora-2", "seconds": 4, "size": "1280x720"}
DERIVING = [
    lambda client: client.remix("video_0", "snow", model="sora-2"),
    lambda client: client.edit("snow", "video_0", model="sora-2"),
    lambda client: client.extend("snow", 4, ClipFile("video.mp4", io.BytesIO(b"video")), model="sora-2"),
    lambda client: client.create_character("Ada", ClipFile("video.mp4", io.BytesIO(b"video"))),
]
LEADING_TO = [
    "http://[",
    "http://",
    "file:///etc/passwd",
    "/v1/videos/x",
    "//",
    "ws://x",
    "\x7f",
    "?",
    "data:,x",
]
WORDS = st.sampled_from(["queued", "completed", "failed", "processing", "deleted", "error", ""])
TEXT = st.sampled_from([base64.b64encode(b"\0\0\0\x18ftypisom").decode(), "=", *LEADING_TO])
JOBS = st.fixed_dictionaries(
    {"id": st.just("video_1") | JSON},
    optional={
        "status": WORDS | JSON,
        "progress": JSON,
        "error": JSON,
        "url": TEXT | JSON,
        "b64_json": TEXT | JSON,
        "data": st.lists(st.fixed_dictionaries({}, optional={"url": TEXT, "b64_json": TEXT | JSON})) | JSON,
        "created": JSON,
        "deleted": JSON,
    },
)
LISTS = st.fixed_dictionaries(
    {"data": st.lists(JOBS, max_size=3) | JSON}, optional={"has_more": JSON, "last_id": JSON}
)
BODIES = st.one_of(
    st.binary(max_size=200),
    (
        JSON | JOBS | LISTS | st.fixed_dictionaries({"error": JSON}) | st.fixed_dictionaries({"detail": JSON})
    ).map(lambda value: json.dumps(value).encode()),
    st.just(b"\0\0\0\x18ftypisom and so on"),
    st.just(b"<html>hello</html>"),
    st.just(b"[" * 20_000),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Content-Type", "Content-Encoding", "Retry-After", "openai-poll-after-ms", "Location", "Set-Cookie"]
    ),
    st.sampled_from(
        [
            "gzip",
            "br",
            "zstd",
            "deflate, gzip",
            "video/mp4",
            "text/html; charset=nonsense",
            "text/plain; charset=utf-7",
        ]
    )
    | st.sampled_from(["nan", "-1", "1e999", "Fri, 99 Dec 99999 99:99:99 GMT", "soon", *LEADING_TO])
    | st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=20),
    max_size=4,
)
STATUSES = st.sampled_from(
    [200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405]
) | (
    st.sampled_from([408, 409, 410, 413, 415, 422, 425, 429, 499, 500, 501, 502, 503, 504])
    | st.integers(100, 999)
)


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """Draw a reply with any status, headers and body, of any length; or bytes that are not HTTP."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=100))
    body = draw(BODIES)
    headers = draw(HEADERS)
    length = draw(st.sampled_from([len(body)] * 8 + [len(body) + 5, max(0, len(body) - 3), "x", None]))
    if length is not None:
        headers["Content-Length"] = str(length)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {draw(STATUSES)} Reason\r\n{head}\r\n".encode("latin-1") + body


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(b"") as server:
        yield server


@pytest.fixture(scope="module", params=["multipart", "json"])
def client(server: Server, request: pytest.FixtureRequest) -> Iterator[Client]:
    connection = Connection(server.url, KEY, timeout=0.5, connect_timeout=0.5, body=request.param)
    with Client(connection) as client:
        yield client


def outcome(call: Callable[[], T]) -> T | BackendError:
    """Return the result of a call, or one of our errors. Any other exception fails the test."""
    try:
        return call()
    except BackendError as caught:
        error = caught
    assert type(error) is not BackendError
    assert error.code
    assert error.message
    assert KEY not in error.message + error.detail
    assert (error.message + error.detail).encode()
    return error


def downloaded(client: Client, url: str | None = None) -> bytes:
    with client.download("video_1", url) as chunks:
        return b"".join(chunks)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(reply=replies())
def test_every_call_ends_well_or_in_one_of_our_errors(server: Server, client: Client, reply: bytes) -> None:
    server.answers = [cut(reply)]

    created = outcome(lambda: client.create(**FIELDS))
    assert isinstance(created, Job | BackendError)
    for derive in DERIVING:
        assert isinstance(outcome(lambda derive=derive: derive(client)), Job | str | BackendError)
    retrieved = outcome(lambda: client.retrieve("video_1"))
    assert isinstance(retrieved, Job | RefusedError | UnavailableError)
    assert isinstance(outcome(lambda: client.list(limit=2)), JobPage | RefusedError | UnavailableError)
    assert isinstance(outcome(lambda: client.delete("video_1")), NoneType | RefusedError | UnavailableError)
    for url in (None, server.url + "/file"):
        video = outcome(lambda url=url: downloaded(client, url))
        assert isinstance(video, RefusedError | UnavailableError) or video[4:8] == b"ftyp"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(reply=replies())
def test_another_servers_reply_ends_no_worse(server: Server, client: Client, reply: bytes) -> None:
    server.answers = [cut(reply)]
    before = len(server.requests)

    video = outcome(lambda: downloaded(client, server.url.replace("127.0.0.1", "localhost")))

    assert isinstance(video, RefusedError | UnavailableError) or video[4:8] == b"ftyp"
    assert not any("authorization" in request.headers for request in server.requests[before:])
