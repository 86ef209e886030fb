"""Remixes, edits, extensions and characters."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.simulator.conftest import FPS, Simulator, StartSimulator, decode_frames


def test_a_remix_keeps_the_composition_in_other_colours(simulator: Simulator) -> None:
    source = simulator.create("mountains")
    remix = simulator.http.post(f"/v1/videos/{source['id']}/remix", json={"prompt": "snow"}).json()
    one, other = (decode_frames(simulator.content(job["id"]))[0] for job in (source, remix))

    assert remix["remixed_from_video_id"] == source["id"]
    assert (remix["size"], remix["seconds"], remix["prompt"]) == (source["size"], "4", "snow")
    assert _correlation(one, other) > 0.8
    assert np.abs(_shrink(one) - _shrink(other)).mean() > 10


def test_the_same_remix_twice_gives_the_same_video(simulator: Simulator) -> None:
    source = simulator.create("mountains")
    request = {"prompt": "mountains"}
    jobs = [simulator.http.post(f"/v1/videos/{source['id']}/remix", json=request).json() for _ in range(2)]

    assert simulator.content(jobs[0]["id"]) == simulator.content(jobs[1]["id"])


def test_an_edit_is_a_new_job(simulator: Simulator) -> None:
    source = simulator.create("mountains")
    edit = simulator.http.post(
        "/v1/videos/edits", json={"prompt": "at night", "video": {"id": source["id"]}}
    ).json()

    assert edit["id"] != source["id"]
    assert [entry["kind"] for entry in simulator.ledger()] == ["create", "edit"]
    assert _correlation(*(decode_frames(simulator.content(job["id"]))[0] for job in (source, edit))) > 0.8


def test_an_edit_takes_an_uploaded_video(simulator: Simulator) -> None:
    video = simulator.content(simulator.create("sea", size="1280x720")["id"])
    response = simulator.http.post(
        "/v1/videos/edits", data={"prompt": "warm"}, files={"video": ("a.mp4", video)}
    )
    frames = decode_frames(simulator.content(response.json()["id"]))

    assert (response.json()["size"], response.json()["seconds"]) == ("1280x720", "4")
    assert len(frames) == 4 * FPS
    assert _correlation(frames[0], decode_frames(video)[0]) > 0.8


def test_an_extension_continues_from_the_last_frame(simulator: Simulator) -> None:
    source = simulator.create("nebula")
    request = {"prompt": "nebula and on", "video": {"id": source["id"]}, "seconds": "4"}
    longer = simulator.http.post("/v1/videos/extensions", json=request).json()
    short, long = (decode_frames(simulator.content(job["id"])) for job in (source, longer))

    assert longer["seconds"] == "8"
    assert len(long) == 2 * len(short) == 8 * FPS
    assert np.abs(_shrink(short[5]) - _shrink(long[5])).mean() < 3
    assert np.abs(_shrink(short[-1]) - _shrink(long[len(short)])).mean() < 6
    assert [entry["seconds"] for entry in simulator.ledger()] == [4, 4]


def test_an_extension_takes_an_uploaded_video(simulator: Simulator) -> None:
    video = simulator.content(simulator.create("sea")["id"])
    response = simulator.http.post(
        "/v1/videos/extensions", data={"prompt": "on", "seconds": "4"}, files={"video": ("a.mp4", video)}
    )

    assert response.json()["seconds"] == "8"
    assert len(decode_frames(simulator.content(response.json()["id"]))) == 8 * FPS


def test_a_video_can_be_extended_six_times(simulator: Simulator) -> None:
    job = simulator.create()
    for _ in range(6):
        job = _extend(simulator, job["id"], "4").json()
    refused = _extend(simulator, job["id"], "4")

    assert job["seconds"] == "28"
    assert refused.status_code == 400
    assert len(simulator.ledger()) == 7


def test_a_video_can_be_two_minutes_long(simulator: Simulator) -> None:
    job = simulator.create(seconds="20")
    for _ in range(5):
        job = _extend(simulator, job["id"], "20").json()

    assert job["seconds"] == "120"
    assert _extend(simulator, job["id"], "4").status_code == 400


@pytest.mark.parametrize("path", ["/v1/videos/{id}/remix", "/v1/videos/edits", "/v1/videos/extensions"])
def test_the_source_must_be_completed(start_simulator: StartSimulator, path: str) -> None:
    simulator = start_simulator(duration=60)
    job = simulator.create()
    request = {"prompt": "a", "seconds": "4", "video": {"id": job["id"]}}
    early = simulator.http.post(path.format(id=job["id"]), json=request)
    unknown = simulator.http.post(path.format(id="video_x"), json={**request, "video": {"id": "video_x"}})

    assert early.status_code == 400
    assert unknown.status_code == 404
    assert len(simulator.ledger()) == 1


@pytest.mark.parametrize("video", [None, "video_1", {}, {"id": 5}, [], 5])
def test_the_source_must_be_given(simulator: Simulator, video: object) -> None:
    response = simulator.http.post("/v1/videos/edits", json={"prompt": "a", "video": video})

    assert response.status_code == 400
    assert response.json()["error"]["param"] == "video"


def test_an_uploaded_source_must_be_a_video(simulator: Simulator) -> None:
    response = simulator.http.post(
        "/v1/videos/edits", data={"prompt": "a"}, files={"video": ("a.mp4", b"\x00" * 99)}
    )

    assert response.status_code == 400
    assert simulator.ledger() == []


def test_a_character_is_saved_and_used(simulator: Simulator) -> None:
    video = simulator.content(simulator.create()["id"])
    made = simulator.http.post(
        "/v1/videos/characters", data={"name": "Ada"}, files={"video": ("a.mp4", video)}
    ).json()

    assert made["name"] == "Ada"
    assert simulator.http.get(f"/v1/videos/characters/{made['id']}").json() == made
    assert simulator.create(characters=[{"id": made["id"]}])["status"] == "queued"


def test_a_character_needs_a_name_and_a_video(simulator: Simulator) -> None:
    long_name = simulator.http.post("/v1/videos/characters", data={"name": "a" * 81}, files={"video": b"x"})
    no_video = simulator.http.post("/v1/videos/characters", json={"name": "Ada"})

    assert (long_name.status_code, no_video.status_code) == (400, 400)
    assert simulator.http.get("/v1/videos/characters/char_x").status_code == 404
    assert (
        simulator.http.post("/v1/videos", json={"prompt": "a", "characters": [{"id": "x"}]}).status_code
        == 404
    )


def _extend(simulator: Simulator, job_id: str, seconds: str):  # type: ignore[no-untyped-def]
    request = {"prompt": "on", "video": {"id": job_id}, "seconds": seconds}
    return simulator.http.post("/v1/videos/extensions", json=request)


def _shrink(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB").resize((36, 64)), np.float32)


def _correlation(one: Image.Image, other: Image.Image) -> float:
    """Return the correlation of the brightness of two images, -1 .. 1, regardless of their colours."""
    left, right = (
        np.asarray(view.convert("L").resize((36, 64)), np.float32).ravel() for view in (one, other)
    )
    return float(np.corrcoef(left, right)[0, 1])
