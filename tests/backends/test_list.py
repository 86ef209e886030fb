from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.backends.server import Answer, Server, drop, reply
from videos.backends import BackendError, Client, RefusedError, UnavailableError

Serve = Callable[..., Server]
Connect = Callable[..., Client]

ENTRIES = [{"id": "b", "status": "queued"}, {"id": "a", "status": "completed"}]


def test_it_asks_for_one_page_newest_first(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {"object": "list", "data": ENTRIES, "has_more": True, "last_id": "a"}))
    page = connect(server).list(after="c&d", limit=2)
    (request,) = server.requests
    url = urlsplit(request.target)
    assert (request.method, url.path) == ("GET", "/v1/videos")
    assert parse_qs(url.query) == {"after": ["c&d"], "limit": ["2"], "order": ["desc"]}
    assert ([job.id for job in page.jobs], page.has_more, page.last_id) == (["b", "a"], True, "a")


@pytest.mark.parametrize("extra", [{}, {"last_id": None}, {"last_id": ""}, {"last_id": 5}])
def test_it_takes_the_last_job_for_a_missing_cursor(
    serve: Serve, connect: Connect, extra: dict[str, object]
) -> None:
    page = connect(serve(reply(200, {"data": ENTRIES} | extra))).list()
    assert (page.has_more, page.last_id) == (False, "a")


@pytest.mark.parametrize(
    ("limit", "said", "has_more"),
    [
        (2, {}, True),
        (2, {"has_more": None}, True),
        (3, {}, False),
        (1, {}, False),
        (2, {"has_more": False}, False),
        (3, {"has_more": True}, True),
    ],
)
def test_a_page_that_is_exactly_full_may_have_been_cut_off(
    serve: Serve, connect: Connect, limit: int, said: dict[str, object], has_more: bool
) -> None:
    assert connect(serve(reply(200, {"data": ENTRIES} | said))).list(limit=limit).has_more is has_more


def test_it_reads_an_empty_page(serve: Serve, connect: Connect) -> None:
    page = connect(serve(reply(200, {"data": []}))).list()
    assert (page.jobs, page.has_more, page.last_id) == ((), False, None)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (reply(200, {"data": [*ENTRIES, {"status": "queued"}]}), UnavailableError, "bad_reply"),
        (reply(200, {"data": None}), UnavailableError, "bad_reply"),
        (reply(200, []), UnavailableError, "bad_reply"),
        (reply(200, b"<html>", content_type="text/html"), UnavailableError, "bad_reply"),
        (reply(404, b""), RefusedError, "not_found"),
        (reply(405, b""), RefusedError, "unsupported"),
        (reply(501, b""), RefusedError, "unsupported"),
        (reply(401, b""), RefusedError, "invalid_key"),
        (reply(500, b""), UnavailableError, "server_error"),
        (drop, UnavailableError, "dropped"),
    ],
)
def test_it_never_passes_off_a_failure_as_a_list(
    serve: Serve, connect: Connect, answer: Answer, kind: type[BackendError], code: str
) -> None:
    server = serve(answer)
    with pytest.raises(BackendError) as caught:
        connect(server).list()
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(server.requests) == 1 or code == "invalid_key", "only the key is looked into"


def test_it_reads_many_pages_in_the_order_asked_for(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {"data": ENTRIES}))
    pages = connect(server).list_many([None, "x", "y"], limit=2, concurrency=2)
    assert [len(page.jobs) for page in pages] == [2, 2, 2]
    asked = [parse_qs(urlsplit(request.target).query).get("after") for request in server.requests]
    assert sorted(asked, key=str) == sorted([None, ["x"], ["y"]], key=str)


def test_one_page_that_fails_fails_them_all_as_itself(serve: Serve, connect: Connect) -> None:
    with pytest.raises(RefusedError) as caught:
        connect(serve(reply(405, b""))).list_many([None, "x"], concurrency=2)
    assert caught.value.code == "unsupported"
