from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from videos.media.file_response import StoredFile, byte_range, file_response

CONTENT = bytes(range(256)) * 1000
MODIFIED = 1_790_000_000
LAST_MODIFIED = "Mon, 21 Sep 2026 14:13:20 GMT"


@pytest.fixture(autouse=True)
def _no_database() -> Iterator[None]:
    """The end of a response closes the request's database connections; there is neither here."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(CONTENT)
    os.utime(path, (MODIFIED, MODIFIED))
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every file opened through a path; each must be closed in the end."""
    files: list[Any] = []
    original = Path.open

    def watched(self: Path, *args: Any, **kwargs: Any) -> Any:
        files.append(original(self, *args, **kwargs))
        return files[-1]

    monkeypatch.setattr(Path, "open", watched)
    yield files
    assert all(file.closed for file in files)


def ask(
    path: Path, method: str = "GET", headers: dict[str, str] | None = None, **how: Any
) -> HttpResponseBase:
    request = RequestFactory().generic(method, "/file", headers=headers)
    return file_response(request, StoredFile(path, **({"content_type": "video/mp4", "etag": "abc"} | how)))


def body(response: HttpResponseBase) -> bytes:
    """Read the response to its end and close it, as a server does."""
    if isinstance(response, FileResponse):
        content = b"".join(cast(Iterator[bytes], response.streaming_content))
    else:
        content = cast(HttpResponse, response).content
    response.close()
    return content


def test_it_sends_the_whole_file(stored: Path, opened: list[Any]) -> None:
    response = ask(stored)

    assert response.status_code == 200
    assert dict(response.items()) == {
        "Content-Type": "video/mp4",
        "Content-Length": str(len(CONTENT)),
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": '"abc"',
        "Last-Modified": LAST_MODIFIED,
        "Cache-Control": "private, max-age=86400, immutable",
        "Vary": "Cookie",
    }
    assert body(response) == CONTENT
    assert len(opened) == 1


def test_it_reads_in_small_blocks(stored: Path) -> None:
    response = cast(FileResponse, ask(stored))

    blocks = list(cast(Iterator[bytes], response.streaming_content))
    response.close()

    assert max(len(block) for block in blocks) <= 64 * 1024
    assert b"".join(blocks) == CONTENT


def test_head_sends_the_headers_alone(stored: Path, opened: list[Any]) -> None:
    response = ask(stored, "HEAD", {"Range": "bytes=0-9"})

    assert response.status_code == 200
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Accept-Ranges"] == "bytes"
    assert "Content-Range" not in response
    assert body(response) == b""


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-1", 0, 1),
        ("bytes=100-199", 100, 199),
        ("bytes=255000-", 255000, 255999),
        ("bytes=0-", 0, 255999),
        ("bytes=255999-999999999", 255999, 255999),
        ("bytes=-1", 255999, 255999),
        ("bytes=-500", 255500, 255999),
        ("bytes=-999999999", 0, 255999),
        ("Bytes= 5-9 ", 5, 9),
    ],
)
def test_it_sends_one_range(stored: Path, opened: list[Any], asked: str, start: int, end: int) -> None:
    response = ask(stored, headers={"Range": asked})

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end}/256000"
    assert response["Content-Length"] == str(end - start + 1)
    assert response["ETag"] == '"abc"'
    assert body(response) == CONTENT[start : end + 1]


@pytest.mark.parametrize("asked", ["bytes=256000-", "bytes=256000-256001", "bytes=-0", "bytes=999999999-"])
def test_it_refuses_a_range_past_the_end(stored: Path, opened: list[Any], asked: str) -> None:
    response = ask(stored, headers={"Range": asked})

    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */256000"
    assert "immutable" not in response.get("Cache-Control", "")
    assert body(response) == b""


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-2",
        "bytes=a-b",
        "bytes=1-2-3",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=--5",
        "bytes=\u0663-\u0665",
        "bytes=0-1,5-6",
        "seconds=0-1",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_it_ignores_what_is_not_one_range(stored: Path, opened: list[Any], asked: str) -> None:
    response = ask(stored, headers={"Range": asked})

    assert response.status_code == 200
    assert "Content-Range" not in response
    assert body(response) == CONTENT


@pytest.mark.parametrize("asked", [None, "bytes=0-", "bytes=-5", "bytes=0-0"])
def test_it_sends_an_empty_file(tmp_path: Path, opened: list[Any], asked: str | None) -> None:
    empty = tmp_path / "empty"
    empty.touch()

    response = ask(empty, headers={"Range": asked} if asked else None)

    assert (response.status_code, response["Content-Length"], body(response)) == (200, "0", b"")


def test_a_weak_tag_is_no_promise_of_the_same_bytes(stored: Path, opened: list[Any]) -> None:
    response = ask(stored, headers={"Range": "bytes=0-9", "If-Range": 'W/"abc"'}, etag='W/"abc"')

    assert response.status_code == 200
    assert body(response) == CONTENT


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('"abc"', 206),
        (LAST_MODIFIED, 206),
        ('"other"', 200),
        ('W/"abc"', 200),
        ("Mon, 21 Sep 2026 14:13:21 GMT", 200),
        ("nonsense", 200),
    ],
)
def test_a_range_of_another_version_gets_the_whole_file(
    stored: Path, opened: list[Any], condition: str, status: int
) -> None:
    response = ask(stored, headers={"Range": "bytes=0-9", "If-Range": condition})

    assert response.status_code == status
    assert body(response) == (CONTENT[:10] if status == 206 else CONTENT)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"abc"'},
        {"If-None-Match": 'W/"abc"'},
        {"If-None-Match": '"x", "abc"'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": LAST_MODIFIED},
        {"If-None-Match": '"abc"', "Range": "bytes=0-9"},
    ],
)
def test_it_says_not_modified(stored: Path, opened: list[Any], method: str, headers: dict[str, str]) -> None:
    response = ask(stored, method, headers)

    assert response.status_code == 304
    assert response["ETag"] == '"abc"'
    assert response["Cache-Control"] == "private, max-age=86400, immutable"
    assert response["Vary"] == "Cookie"
    assert body(response) == b""


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": LAST_MODIFIED},
        {"If-Modified-Since": "Mon, 21 Sep 2026 14:13:19 GMT"},
        {"If-Modified-Since": "nonsense"},
        {"If-Match": '"abc"'},
    ],
)
def test_it_sends_what_is_new_to_the_asker(stored: Path, opened: list[Any], headers: dict[str, str]) -> None:
    response = ask(stored, headers=headers)

    assert response.status_code == 200
    assert body(response) == CONTENT


def test_it_refuses_when_the_asker_wants_another_version(stored: Path, opened: list[Any]) -> None:
    response = ask(stored, headers={"If-Match": '"other"', "Range": "bytes=0-9"})

    assert response.status_code == 412
    assert body(response) == b""


def test_without_a_tag_the_file_makes_its_own(stored: Path) -> None:
    first = ask(stored, "HEAD", etag="")["ETag"]
    os.utime(stored, (MODIFIED + 1, MODIFIED + 1))
    second = ask(stored, "HEAD", etag="")["ETag"]

    assert first.startswith('"')
    assert first != second


def test_a_quoted_tag_stays_as_it_is(stored: Path) -> None:
    assert ask(stored, "HEAD", etag='"abc"')["ETag"] == '"abc"'


@pytest.mark.parametrize(
    ("filename", "as_attachment", "expected"),
    [
        ("", False, None),
        ("", True, "attachment"),
        ("clip.mp4", False, 'inline; filename="clip.mp4"'),
        ("clip.mp4", True, 'attachment; filename="clip.mp4"'),
        (
            "Москва café.mp4",
            True,
            "attachment; filename*=utf-8''%D0%9C%D0%BE%D1%81%D0%BA%D0%B2%D0%B0%20caf%C3%A9.mp4",
        ),
        ('a"b.mp4', True, 'attachment; filename="a_b.mp4"'),
        ("../../etc/passwd", True, 'attachment; filename="_.._etc_passwd"'),
        ("a\r\nSet-Cookie: x=1.mp4", True, 'attachment; filename="aSet-Cookie_ x=1.mp4"'),
        ("gnp\u202e4pm.exe", True, 'attachment; filename="gnp4pm.exe"'),
        ("\ud800.mp4", True, 'attachment; filename="mp4"'),
    ],
)
def test_it_names_the_download(
    stored: Path, filename: str, as_attachment: bool, expected: str | None
) -> None:
    response = ask(stored, "HEAD", download_name=filename, as_attachment=as_attachment)

    assert response.get("Content-Disposition") == expected


def test_it_leaves_a_missing_file_to_the_view(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ask(tmp_path / "gone.mp4")


def test_closing_midway_closes_the_file(stored: Path, opened: list[Any]) -> None:
    response = cast(FileResponse, ask(stored, headers={"Range": "bytes=10-200000"}))
    next(iter(cast(Iterator[bytes], response.streaming_content)))
    assert not opened[0].closed

    response.close()

    assert opened[0].closed


def test_a_server_that_sends_files_by_itself_gets_no_more_than_the_range(stored: Path) -> None:
    """wsgi.file_wrapper reads what it is given to the end, or passes its file number to sendfile."""
    response = cast(FileResponse, ask(stored, headers={"Range": "bytes=10-19"}))

    handed_over = cast(Any, response).file_to_stream

    assert handed_over.read(1_000_000) == CONTENT[10:20]
    with pytest.raises(OSError, match="fileno"):
        handed_over.fileno()
    response.close()


NUMBERS = st.one_of(st.integers(0, 40), st.integers(0, 10**30)).map(str)
RANGES = st.one_of(
    st.text(max_size=40),
    st.builds("bytes={}-{}".format, NUMBERS, NUMBERS),
    st.builds("bytes={}-".format, NUMBERS),
    st.builds("bytes=-{}".format, NUMBERS),
    st.lists(st.builds("{}-{}".format, NUMBERS, NUMBERS), max_size=3).map(
        lambda parts: "bytes=" + ",".join(parts)
    ),
    st.text(alphabet="bytes=-,0123456789 \t+_", max_size=30),
)


@settings(max_examples=400, deadline=None)
@given(header=RANGES, size=st.integers(0, 40))
def test_any_header_gives_a_slice_of_the_file(header: str, size: int) -> None:
    content = bytes(range(size))

    found = byte_range(header, size)

    if found is None:
        return
    assert 0 <= found.start <= size
    assert found.end < size
    assert len(content[found.start : found.end + 1]) == found.length


@settings(max_examples=300, deadline=None)
@given(first=st.integers(0, 50), last=st.integers(0, 50), size=st.integers(1, 40))
def test_the_bytes_are_those_of_the_slice(first: int, last: int, size: int) -> None:
    content = bytes(range(size))

    closed, open_ended, suffix = (
        byte_range(f"bytes={spec}", size) for spec in (f"{first}-{last}", f"{first}-", f"-{last}")
    )

    if first > last:
        assert closed is None
    else:
        assert closed is not None
        assert content[closed.start : closed.end + 1] == content[first : last + 1]
    assert open_ended is not None
    assert content[open_ended.start : open_ended.end + 1] == content[first:]
    assert suffix is not None
    assert content[suffix.start : suffix.end + 1] == (content[-last:] if last else b"")
