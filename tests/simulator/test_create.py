"""Creating a video."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.simulator.conftest import Simulator, Start, picture


def test_it_accepts_json(simulator: Simulator) -> None:
    job = simulator.create("A quiet lake", model="sora-2-pro", seconds="8", size="1920x1080")

    assert job["object"] == "video"
    assert job["status"] == "queued"
    assert job["progress"] == 0
    assert (job["model"], job["seconds"], job["size"]) == ("sora-2-pro", "8", "1920x1080")
    assert job["completed_at"] is None


def test_it_accepts_a_form(simulator: Simulator) -> None:
    reply = simulator.http.post("/v1/videos", files={"prompt": (None, "A lake"), "seconds": (None, "12")})

    assert reply.status_code == 200
    assert reply.json()["seconds"] == "12"
    assert reply.json()["size"] == "720x1280"
    assert reply.json()["model"] == "sora-2"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "prompt"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": ["a"]}, "prompt"),
        ({"prompt": "a" * 32_001}, "prompt"),
        ({"prompt": "\ud800"}, "prompt"),
        ({"prompt": "a", "model": "sora-9"}, "model"),
        ({"prompt": "a", "model": {}}, "model"),
        ({"prompt": "a", "size": "640x480"}, "size"),
        ({"prompt": "a", "size": "1920x1080"}, "size"),
        ({"prompt": "a", "seconds": "5"}, "seconds"),
        ({"prompt": "a", "seconds": 4}, "seconds"),
        ({"prompt": "a", "input_reference": "x"}, "input_reference"),
        ({"prompt": "a", "input_reference": {"file_id": "file_1"}}, "input_reference"),
        ({"prompt": "a", "input_reference": {"image_url": "data:image/png;base64,!"}}, "input_reference"),
        ({"prompt": "a", "characters": "x"}, "characters"),
        ({"prompt": "a", "characters": [{"id": "a"}] * 3}, "characters"),
    ],
)
def test_it_refuses_what_the_protocol_does_not_know(
    simulator: Simulator, fields: dict[str, Any], param: str
) -> None:
    reply = simulator.http.post("/v1/videos", content=_ascii_json(fields))

    assert reply.status_code == 400
    error = reply.json()["error"]
    assert set(error) == {"type", "message", "param", "code"}
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert simulator.books() == []
    assert simulator.jobs() == []


def test_it_takes_the_longest_prompt(simulator: Simulator) -> None:
    assert len(simulator.create("ä" * 32_000)["prompt"]) == 32_000


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"[1]", "application/json"),
        (b"null", "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"[" * 100_000, "application/json"),
        (bytes(range(256)) * 50, "application/octet-stream"),
        (bytes(range(256)) * 50, "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data"),
        (b"prompt=%ff%00", "multipart/form-data; boundary=x; charset=nonsense"),
        (b"seconds=%ff&prompt=a", "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n' + b"a" * 2_000_000,
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_it_refuses_junk(simulator: Simulator, content: bytes, kind: str) -> None:
    reply = simulator.http.post("/v1/videos", content=content, headers={"content-type": kind})

    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert simulator.books() == []


def test_it_refuses_a_huge_body(simulator: Simulator) -> None:
    reply = simulator.http.post("/v1/videos", content=b"x" * (33 * 1024 * 1024))

    assert reply.status_code == 413
    assert simulator.books() == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_accepts_a_reference_of_the_right_size(simulator: Simulator, kind: str) -> None:
    reply = _with_reference(simulator, picture(kind=kind))

    assert reply.status_code == 200


def test_it_accepts_a_reference_as_a_data_url(simulator: Simulator) -> None:
    url = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"

    assert simulator.create(input_reference={"image_url": url})["status"] == "queued"


def test_it_refuses_a_reference_of_another_size(simulator: Simulator) -> None:
    reply = _with_reference(simulator, picture((640, 480)))

    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "Inpaint image must match the requested width and height"
    assert simulator.books() == []


@pytest.mark.parametrize(
    "content", [b"", b"hello", picture()[:3000], picture(kind="JPEG")[:2000], picture(kind="GIF")]
)
def test_it_refuses_a_reference_that_is_no_picture(simulator: Simulator, content: bytes) -> None:
    reply = _with_reference(simulator, content)

    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "input_reference"
    assert simulator.books() == []


def test_it_wants_the_right_key(start: Start) -> None:
    simulator = start(api_key="secret")
    wrong = simulator.http.post("/v1/videos", json={"prompt": "a"}, headers={"authorization": b"Bearer \xe4"})
    right = simulator.http.post(
        "/v1/videos", json={"prompt": "b"}, headers={"authorization": "Bearer secret"}
    )

    assert wrong.status_code == 401
    assert wrong.json()["error"]["code"] == "invalid_api_key"
    assert right.status_code == 200
    assert [entry["prompt"] for entry in simulator.books()] == ["b"]


def test_it_takes_any_key_when_none_is_set(simulator: Simulator) -> None:
    reply = simulator.http.post("/v1/videos", json={"prompt": "a"}, headers={"authorization": "Bearer any"})

    assert reply.status_code == 200


def _with_reference(simulator: Simulator, content: bytes) -> Any:
    return simulator.http.post(
        "/v1/videos", data={"prompt": "a", "size": "720x1280"}, files={"input_reference": ("a.png", content)}
    )


def _ascii_json(fields: dict[str, Any]) -> bytes:
    """JSON with escapes, because a lone surrogate cannot be written any other way."""
    return json.dumps(fields).encode()
