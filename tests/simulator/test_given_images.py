"""A last frame and references: beyond the protocol, and seen in the video."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from simulator import scene_spec
from tests.simulator.conftest import SIZE, Simulator

COLOURS = {"red": (200, 30, 30), "lime": (30, 200, 30), "blue": (40, 40, 210)}


def _image(colour: str, size: tuple[int, int] = (720, 1280)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, COLOURS[colour]).save(buffer, "PNG")
    return buffer.getvalue()


def _linked(content: bytes) -> dict[str, str]:
    return {"image_url": f"data:image/png;base64,{base64.b64encode(content).decode()}"}


def _frames(simulator: Simulator, **fields: Any) -> list[np.ndarray]:
    job = simulator.create_and_wait("A lake", seconds="4", **fields)
    content = simulator.http.get(f"/v1/videos/{job['id']}/content").content
    with av.open(io.BytesIO(content)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def _colour(frame: np.ndarray, row: int, column: int) -> int:
    """Return which of red, green and blue is the strongest around a pixel."""
    return int(frame[row - 8 : row + 8, column - 8 : column + 8].mean(axis=(0, 1)).argmax())


def test_a_video_goes_from_its_first_frame_to_its_last(simulator: Simulator) -> None:
    frames = _frames(simulator, input_reference=_linked(_image("red")), last_frame=_linked(_image("lime")))

    assert _colour(frames[0], 640, 360) == 0
    assert _colour(frames[len(frames) // 4], 640, 360) == 0
    assert _colour(frames[-1], 640, 360) == 1
    assert abs(int(frames[-1][640, 360, 1]) - 200) < 12, "the last picture is the image itself"


def test_references_are_seen_side_by_side_in_a_corner(simulator: Simulator) -> None:
    images = [_linked(_image("lime", (300, 100))), _linked(_image("blue", (100, 300)))]

    frames = _frames(simulator, input_reference=_linked(_image("red")), input_references=images)

    later = frames[len(frames) // 2]
    assert [_colour(later, 90, column) for column in (90, 220, 360)] == [1, 2, 0]
    assert _colour(frames[0], 90, 90) == 0, "the video begins with its first frame"


def test_a_form_brings_them_as_files(simulator: Simulator) -> None:
    files = [
        ("prompt", (None, "A lake")),
        ("size", (None, SIZE)),
        ("input_reference", ("a.png", _image("red"), "image/png")),
        ("last_frame", ("b.png", _image("lime"), "image/png")),
        ("input_references", ("c.png", _image("blue"), "image/png")),
        ("input_references", ("d.png", _image("lime", (64, 64)), "image/png")),
    ]

    assert simulator.http.post("/v1/videos", files=files).status_code == 200


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"last_frame": _linked(_image("red"))}, "last_frame"),
        (
            {"last_frame": _linked(_image("red", (64, 64))), "input_reference": _linked(_image("red"))},
            "last_frame",
        ),
        ({"input_references": _linked(_image("red"))}, "input_references"),
        ({"input_references": [_linked(_image("red"))] * 4}, "input_references"),
        ({"input_references": [_linked(b"no picture")]}, "input_references"),
        ({"input_references": ["a"]}, "input_references"),
    ],
)
def test_what_will_not_do_is_named(simulator: Simulator, fields: dict[str, Any], param: str) -> None:
    response = simulator.http.post("/v1/videos", json={"prompt": "A", "size": SIZE, **fields})

    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


def test_specs_without_them_are_written_as_ever() -> None:
    """Else the fingerprint of a request from before would no longer be that of its repetition."""
    plain = scene_spec.new_spec("A lake", SIZE, 4, high_quality=False)
    full = scene_spec.new_spec(
        "A lake", SIZE, 4, high_quality=False, reference="a", last_frame="b", references=("c",)
    )

    assert not {"last_frame", "references"} & set(json.loads(plain.to_json()))
    assert scene_spec.from_json(plain.to_json()) == plain
    assert scene_spec.from_json(full.to_json()) == full
    assert full.input_names == ["a", "b", "c"]
