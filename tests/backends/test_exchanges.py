"""What was sent and answered, as operators may read it: no secret, no file, and no more than fits."""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Server, cut, drop, hang, reply
from videos.backends import Client, Connection
from videos.backends.errors import BackendError
from videos.backends.exchanges import MAX_TEXT, Exchange, ExchangeLog
from videos.backends.redaction import Redactor
from videos.backends.requests import ClipFile, ReferenceFile

ASKED: dict[str, Any] = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}
ACCEPTED = {"id": "video_1", "object": "video", "status": "queued"}
IMAGE = ReferenceFile("fox.png", b"\x89PNG" + bytes(40_000), "image/png")

Ask = Callable[[Client], object]


def _create(client: Client) -> object:
    return client.create(**ASKED, reference=IMAGE, idempotency_key="key-of-the-attempt")


def _exchanges(server: Server, ask: Ask = _create, url: str = "", **settings: Any) -> list[Exchange]:
    log = ExchangeLog()
    connection = Connection(url or server.url, KEY, exchange_log=log, **settings)
    with suppress(BackendError), Client(connection) as client:
        ask(client)
    return log.describe(connection.secrets)


@pytest.mark.parametrize("body", ["multipart", "json"])
def test_a_request_is_kept_as_it_was_sent_but_for_the_bytes_of_images(serve, body: str):
    server = serve(reply(200, ACCEPTED))

    (found,) = _exchanges(server, body=body)

    sent = json.loads(found.request)
    assert (found.method, found.path) == ("POST", "/v1/videos")
    assert {name: sent[name] for name in ("prompt", "model", "seconds", "size")} == {**ASKED, "seconds": "4"}
    image = sent["input_reference"] if body == "multipart" else sent["input_reference"]["image_url"]
    assert (image["bytes"], image["sha256"]) == (len(IMAGE.content), sha256(IMAGE.content).hexdigest())
    assert image["type"] == "image/png"
    assert found.byte_count == len(server.requests[0].body)
    assert (found.status, json.loads(found.answer)) == (200, ACCEPTED)


def test_an_uploaded_clip_is_kept_by_its_name(serve):
    clip = ClipFile("video.mp4", io.BytesIO(b"a clip"))

    (found,) = _exchanges(
        serve(reply(200, ACCEPTED)), lambda client: client.edit("Snow", clip, model="sora-2")
    )

    assert json.loads(found.request)["video"] == {"name": "video.mp4", "type": "video/mp4"}


def test_a_refusal_is_kept_in_the_servers_own_words(serve):
    refusal = {"error": {"code": "moderation_blocked", "message": "Not this."}, "hint": [1, None, True]}

    (found,) = _exchanges(serve(reply(400, refusal)))

    assert (found.status, json.loads(found.answer)) == (400, refusal)


@pytest.mark.parametrize(("answer", "timeout"), [(hang, 0.2), (drop, 5.0)])
def test_no_answer_is_kept_as_none(serve, answer: Any, timeout: float):
    (found,) = _exchanges(serve(answer), timeout=timeout)

    assert (found.status, found.answer) == (None, "")
    assert "A fox" in found.request


def test_an_answer_that_breaks_off_is_kept_as_far_as_its_status(serve):
    (found,) = _exchanges(serve(cut(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{")))

    assert (found.status, found.answer) == (200, "[the rest of the answer did not arrive]")


def test_both_requests_are_kept_where_a_server_could_not_read_the_first(serve):
    unreadable = reply(422, b"invalid type: string, expected i32", content_type="text/plain")

    found = _exchanges(
        serve(unreadable, reply(200, ACCEPTED)), lambda client: client.create(**ASKED), body="json"
    )

    assert [each.status for each in found] == [422, 200]
    assert [json.loads(each.request)["seconds"] for each in found] == ["4", 4]


def test_no_secret_is_kept_wherever_it_turns_up(serve):
    """In headers, in addresses before the host and after the path, and quoted by a server."""
    echo = {
        "error": {"message": f"Wrong key {KEY} for https://desk:hunter22@host.example/v1?signature=5ecre7"},
        "urls": ["https://files.example/v.mp4?X-Signature=5ecre7#5ecre7", "/files/v.mp4?sig=5ecre7"],
        "api_key": "5ecre7",
        "Authorization": "Bearer 5ecre7",
        KEY: 1,
    }
    server = serve(reply(400, echo, x_secret="5ecre7", set_cookie="5ecre7=1"))
    url = server.url.replace("://", "://desk:hunter22@") + "?access=5ecre7-of-the-address"
    callback = "https://studio.example/webhooks/1/video_1/a-ticket-of-the-video"

    (found,) = _exchanges(server, url=url, callback_url=callback)

    text = repr(found)
    assert [word for word in (KEY, "5ecre7", "hunter22", "key-of-the-attempt") if word in text] == []
    assert "https://files.example/v.mp4" in found.answer
    assert "Wrong key [removed] for https://host.example/v1" in found.answer


def test_an_address_to_call_back_is_a_secret(serve):
    callback = "https://studio.example/webhooks/1/video_1/a-ticket-of-the-video"
    connection = replace(Connection("http://host.example/v1", KEY), callback_url=callback)

    assert Redactor(connection.secrets).value({"callback_url": callback}) == {"callback_url": "[removed]"}


def test_a_page_in_place_of_an_answer_is_kept_without_the_key(serve):
    page = f"<h1>No {KEY}</h1>\0".encode() + b"\xff" * 10

    (found,) = _exchanges(serve(reply(502, page, content_type="text/html")))

    assert found.answer.startswith("<h1>No [removed]</h1>")
    assert "\0" not in found.answer


def test_what_is_kept_is_bounded_and_can_be_stored(serve):
    answer = {"words": "so much " * 10_000, "half": "\ud83d", "nul": "a\0b", "film": "QUJD" * 9000}

    (found,) = _exchanges(
        serve(reply(200, answer)), lambda client: client.create(**{**ASKED, "prompt": "fox " * 9000})
    )

    for text in (found.request, found.answer):
        assert len(text.encode()) <= MAX_TEXT + 50
        assert "bytes in all]" in text
        assert "\0" not in text
    short = Redactor().value({name: answer[name] for name in ("half", "nul", "film")})
    assert short["film"]["bytes"] == 27_000
    assert short["half"] == "?"
    assert short["nul"] == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    "text", ["a.b-" * 5000, "a://" * 5000, "@" * 20_000, "x" * 20_000 + "://", "/" * 20_000]
)
def test_a_hostile_text_costs_no_time(text: str):
    Redactor().text(text)  # quadratic patterns would take minutes
