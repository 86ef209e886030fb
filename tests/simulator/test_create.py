"""Creating a video."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.simulator.conftest import Simulator, StartSimulator, make_image


def test_it_accepts_json(simulator: Simulator) -> None:
    job = simulator.create("A quiet lake", model="sora-2-pro", seconds="8", size="1920x1080")

    assert job["object"] == "video"
    assert job["status"] == "queued"
    assert job["progress"] == 0
    assert (job["model"], job["seconds"], job["size"]) == ("sora-2-pro", "8", "1920x1080")
    assert job["completed_at"] is None


def test_it_accepts_a_form(simulator: Simulator) -> None:
    response = simulator.http.post("/v1/videos", files={"prompt": (None, "A lake"), "seconds": (None, "12")})

    assert response.status_code == 200
    assert response.json()["seconds"] == "12"
    assert response.json()["size"] == "720x1280"
    assert response.json()["model"] == "sora-2"


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
def test_it_refuses_invalid_fields(simulator: Simulator, fields: dict[str, Any], param: str) -> None:
    response = simulator.http.post("/v1/videos", content=_ascii_json(fields))

    assert response.status_code == 400
    error = response.json()["error"]
    assert set(error) == {"type", "message", "param", "code"}
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert simulator.ledger() == []
    assert simulator.jobs() == []


def test_it_accepts_the_longest_prompt(simulator: Simulator) -> None:
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
def test_it_refuses_unparseable_bodies(simulator: Simulator, content: bytes, kind: str) -> None:
    response = simulator.http.post("/v1/videos", content=content, headers={"content-type": kind})

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert simulator.ledger() == []


def test_it_refuses_an_oversized_body(simulator: Simulator) -> None:
    response = simulator.http.post("/v1/videos", content=b"x" * (33 * 1024 * 1024))

    assert response.status_code == 413
    assert simulator.ledger() == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_accepts_a_reference_of_the_right_size(simulator: Simulator, kind: str) -> None:
    response = _create_with_reference(simulator, make_image(kind=kind))

    assert response.status_code == 200


def test_it_accepts_a_reference_as_a_data_url(simulator: Simulator) -> None:
    url = f"data:image/png;base64,{base64.b64encode(make_image()).decode()}"

    assert simulator.create(input_reference={"image_url": url})["status"] == "queued"


def test_it_refuses_a_reference_of_another_size(simulator: Simulator) -> None:
    response = _create_with_reference(simulator, make_image((640, 480)))

    assert response.status_code == 400
    assert response.json()["error"]["message"] == "Inpaint image must match the requested width and height"
    assert simulator.ledger() == []


@pytest.mark.parametrize(
    "content", [b"", b"hello", make_image()[:3000], make_image(kind="JPEG")[:2000], make_image(kind="GIF")]
)
def test_it_refuses_a_reference_that_is_not_an_image(simulator: Simulator, content: bytes) -> None:
    response = _create_with_reference(simulator, content)

    assert response.status_code == 400
    assert response.json()["error"]["param"] == "input_reference"
    assert simulator.ledger() == []


def test_it_requires_the_configured_key(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(api_key="secret")
    wrong = simulator.http.post("/v1/videos", json={"prompt": "a"}, headers={"authorization": b"Bearer \xe4"})
    right = simulator.http.post(
        "/v1/videos", json={"prompt": "b"}, headers={"authorization": "Bearer secret"}
    )

    assert wrong.status_code == 401
    assert wrong.json()["error"]["code"] == "invalid_api_key"
    assert right.status_code == 200
    assert [entry["prompt"] for entry in simulator.ledger()] == ["b"]


def test_it_accepts_any_key_when_none_is_configured(simulator: Simulator) -> None:
    response = simulator.http.post(
        "/v1/videos", json={"prompt": "a"}, headers={"authorization": "Bearer any"}
    )

    assert response.status_code == 200


def _create_with_reference(simulator: Simulator, content: bytes) -> Any:
    return simulator.http.post(
        "/v1/videos", data={"prompt": "a", "size": "720x1280"}, files={"input_reference": ("a.png", content)}
    )


def _ascii_json(fields: dict[str, Any]) -> bytes:
    """Return JSON in ASCII: a lone surrogate can only be sent as an escape."""
    return json.dumps(fields).encode()
