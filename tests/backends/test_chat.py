"""One question to a chat server: what it may answer, and what may go wrong."""

import json
import time
from typing import Any

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Server, cut, drip, drop, reply
from videos.backends.chat import ask
from videos.backends.chat_answers import ChatAnswer, ChatUsage
from videos.backends.connection import Connection
from videos.backends.errors import RefusedError, UnavailableError, UnknownOutcomeError


def asked(server: Server | str, *, timeout: float = 10.0, **fields: Any) -> ChatAnswer:
    url = server if isinstance(server, str) else server.url
    connection = Connection(url, KEY, timeout=timeout, max_reply_bytes=20_000)
    return ask(connection, name="The server", model="m-1", system="Be brief.", question="A fox", **fields)


def completion(content: object = "A red fox", reason: str = "stop", **message: object) -> dict[str, Any]:
    choice = {"message": {"role": "assistant", "content": content, **message}, "finish_reason": reason}
    return {"choices": [choice], "usage": {"prompt_tokens": 12, "completion_tokens": 5}}


def test_it_asks_once_with_the_key(serve):
    server = serve(reply(body=completion()))
    assert asked(server) == ChatAnswer("A red fox", usage=ChatUsage(12, 5))
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    body = json.loads(request.body)
    assert body["model"] == "m-1"
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "A fox"},
    ]


def test_an_image_is_part_of_the_question(serve):
    server = serve(reply(body=completion()))
    asked(server, image_url="data:image/jpeg;base64,AAAA")
    content = json.loads(server.requests[0].body)["messages"][1]["content"]
    assert [part["type"] for part in content] == ["text", "image_url"]
    assert content[1]["image_url"]["url"] == "data:image/jpeg;base64,AAAA"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (
            completion([{"type": "text", "text": "A red "}, {"type": "text", "text": "fox"}]),
            ("A red fox", ""),
        ),
        (completion([{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "Fox"}, 7]), ("Fox", "")),
        (completion(reasoning_content="The user wants…"), ("A red fox", "")),
        (completion(None), ("", "empty")),
        (completion("  \n"), ("", "empty")),
        (completion(None, refusal="I won't."), ("", "refused")),
        (completion("A r", reason="content_filter"), ("A r", "refused")),
        (completion("A red", reason="length"), ("A red", "cut")),
        (completion(None, reason="tool_calls", tool_calls=[{"id": "1"}]), ("", "tool_call")),
        ({"choices": []}, ("", "empty")),
        ({"choices": [None, {}, {"message": 3}]}, ("", "empty")),
        ({"choices": [completion(None)["choices"][0], completion("B")["choices"][0]]}, ("B", "")),
    ],
)
def test_what_is_answered(serve, body, answer):
    found = asked(serve(reply(body=body)))
    assert (found.text, found.problem) == answer


@pytest.mark.parametrize(
    "usage", [None, 3, {}, {"prompt_tokens": "x", "completion_tokens": 1}, {"prompt_tokens": -1}]
)
def test_tokens_that_nobody_counted_are_unknown(serve, usage):
    assert asked(serve(reply(body={**completion(), "usage": usage}))).usage is None


@pytest.mark.parametrize(
    ("answer", "error", "code", "words"),
    [
        (
            reply(401, {"error": {"message": f"Bad key {KEY}"}}),
            RefusedError,
            "unauthorized",
            "Bad key [removed]",
        ),
        (reply(403, b"<title>No</title>", content_type="text/html"), RefusedError, "unauthorized", "No"),
        (reply(404, {"error": {"message": "No model m-1"}}), RefusedError, "refused", "No model m-1"),
        (reply(400, {"error": {"message": "Flagged"}}), RefusedError, "refused", "Flagged"),
        (reply(302, b"", location="http://other.example/"), RefusedError, "redirected", "redirects"),
        (
            reply(429, {"error": {"message": "Slow"}}, retry_after="7"),
            UnavailableError,
            "rate_limited",
            "Slow",
        ),
        (reply(402, {"error": {"message": "Pay"}}), UnavailableError, "out_of_credit", "Pay"),
        (reply(500, {"error": {"message": "Oops"}}), UnknownOutcomeError, "server_error", "Oops"),
        (
            reply(200, b"<title>It works</title>", content_type="text/html"),
            UnknownOutcomeError,
            "bad_reply",
            "It",
        ),
        (reply(200, {"error": {"message": "Overloaded"}}), UnknownOutcomeError, "bad_reply", "Overloaded"),
        (reply(200, b"[1, 2"), UnknownOutcomeError, "bad_reply", "no answer"),
        (reply(200, completion("x" * 30_000)), UnknownOutcomeError, "bad_reply", "no answer"),
        (cut(reply(200, completion())[:-40]), UnknownOutcomeError, "dropped", "dropped"),
        (drop, UnknownOutcomeError, "dropped", "dropped"),
    ],
)
def test_what_goes_wrong_is_said_once(serve, answer, error, code, words):
    server = serve(answer)
    with pytest.raises(error) as told:
        asked(server)
    assert told.value.code == code
    assert words in told.value.message
    assert KEY not in told.value.message + told.value.detail
    assert server.posts == 1, "it may cost money"


def test_the_wait_that_is_asked_for_is_kept(serve):
    with pytest.raises(UnavailableError) as told:
        asked(serve(reply(429, retry_after="7")))
    assert told.value.retry_after == 7


def test_a_server_that_is_away_was_sent_nothing():
    with pytest.raises(UnavailableError, match="The server cannot be reached"):
        asked("http://127.0.0.1:1/v1")


def test_a_server_that_drips_is_left_after_the_whole_time(serve):
    began = time.monotonic()
    with pytest.raises(UnknownOutcomeError, match="did not answer within") as told:
        asked(serve(drip), timeout=0.6)
    assert told.value.code == "timeout"
    assert time.monotonic() - began < 5


def test_a_server_that_has_another_name_for_the_limit_is_asked_again(serve):
    server = serve(
        reply(400, {"error": {"message": "Use 'max_completion_tokens' instead."}}), reply(body=completion())
    )
    assert asked(server).text == "A red fox"
    first, second = (json.loads(request.body) for request in server.requests)
    assert ("max_tokens" in first, "max_tokens" in second) == (True, False)
    assert second["max_completion_tokens"] == first["max_tokens"]
