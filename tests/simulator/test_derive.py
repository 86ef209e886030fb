"""Remixes, edits, extensions and characters."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.simulator.conftest import FPS, Simulator, Start, frames


def test_a_remix_keeps_the_composition_in_other_colours(simulator: Simulator) -> None:
    source = simulator.create("mountains")
    remix = simulator.http.post(f"/v1/videos/{source['id']}/remix", json={"prompt": "snow"}).json()
    one, other = (frames(simulator.content(job["id"]))[0] for job in (source, remix))

    assert remix["remixed_from_video_id"] == source["id"]
    assert (remix["size"], remix["seconds"], remix["prompt"]) == (source["size"], "4", "snow")
    assert _alike(one, other) > 0.8
    assert np.abs(_small(one) - _small(other)).mean() > 10


def test_the_same_remix_twice_is_the_same_film(simulator: Simulator) -> None:
    source = simulator.create("mountains")
    ask = {"prompt": "mountains"}
    jobs = [simulator.http.post(f"/v1/videos/{source['id']}/remix", json=ask).json() for _ in range(2)]

    assert simulator.content(jobs[0]["id"]) == simulator.content(jobs[1]["id"])


def test_an_edit_is_a_job_of_its_own(simulator: Simulator) -> None:
    source = simulator.create("mountains")
    edit = simulator.http.post(
        "/v1/videos/edits", json={"prompt": "at night", "video": {"id": source["id"]}}
    ).json()

    assert edit["id"] != source["id"]
    assert [entry["kind"] for entry in simulator.books()] == ["create", "edit"]
    assert _alike(*(frames(simulator.content(job["id"]))[0] for job in (source, edit))) > 0.8


def test_an_edit_takes_an_uploaded_video(simulator: Simulator) -> None:
    film = simulator.content(simulator.create("sea", size="1280x720")["id"])
    reply = simulator.http.post("/v1/videos/edits", data={"prompt": "warm"}, files={"video": ("a.mp4", film)})
    pictures = frames(simulator.content(reply.json()["id"]))

    assert (reply.json()["size"], reply.json()["seconds"]) == ("1280x720", "4")
    assert len(pictures) == 4 * FPS
    assert _alike(pictures[0], frames(film)[0]) > 0.8


def test_an_extension_goes_on_from_the_last_frame(simulator: Simulator) -> None:
    source = simulator.create("nebula")
    request = {"prompt": "nebula and on", "video": {"id": source["id"]}, "seconds": "4"}
    longer = simulator.http.post("/v1/videos/extensions", json=request).json()
    short, long = (frames(simulator.content(job["id"])) for job in (source, longer))

    assert longer["seconds"] == "8"
    assert len(long) == 2 * len(short) == 8 * FPS
    assert np.abs(_small(short[5]) - _small(long[5])).mean() < 3
    assert np.abs(_small(short[-1]) - _small(long[len(short)])).mean() < 6
    assert [entry["seconds"] for entry in simulator.books()] == [4, 4]


def test_an_extension_takes_an_uploaded_video(simulator: Simulator) -> None:
    film = simulator.content(simulator.create("sea")["id"])
    reply = simulator.http.post(
        "/v1/videos/extensions", data={"prompt": "on", "seconds": "4"}, files={"video": ("a.mp4", film)}
    )

    assert reply.json()["seconds"] == "8"
    assert len(frames(simulator.content(reply.json()["id"]))) == 8 * FPS


def test_a_video_is_extended_six_times_at_most(simulator: Simulator) -> None:
    job = simulator.create()
    for _ in range(6):
        job = _extended(simulator, job["id"], "4").json()
    refused = _extended(simulator, job["id"], "4")

    assert job["seconds"] == "28"
    assert refused.status_code == 400
    assert len(simulator.books()) == 7


def test_a_video_is_two_minutes_long_at_most(simulator: Simulator) -> None:
    job = simulator.create(seconds="20")
    for _ in range(5):
        job = _extended(simulator, job["id"], "20").json()

    assert job["seconds"] == "120"
    assert _extended(simulator, job["id"], "4").status_code == 400


@pytest.mark.parametrize("path", ["/v1/videos/{id}/remix", "/v1/videos/edits", "/v1/videos/extensions"])
def test_the_source_must_be_completed(start: Start, path: str) -> None:
    simulator = start(duration=60)
    job = simulator.create()
    request = {"prompt": "a", "seconds": "4", "video": {"id": job["id"]}}
    early = simulator.http.post(path.format(id=job["id"]), json=request)
    unknown = simulator.http.post(path.format(id="video_x"), json={**request, "video": {"id": "video_x"}})

    assert early.status_code == 400
    assert unknown.status_code == 404
    assert len(simulator.books()) == 1


@pytest.mark.parametrize("video", [None, "video_1", {}, {"id": 5}, [], 5])
def test_the_source_must_be_named(simulator: Simulator, video: object) -> None:
    reply = simulator.http.post("/v1/videos/edits", json={"prompt": "a", "video": video})

    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "video"


def test_an_uploaded_source_must_be_a_video(simulator: Simulator) -> None:
    reply = simulator.http.post(
        "/v1/videos/edits", data={"prompt": "a"}, files={"video": ("a.mp4", b"\x00" * 99)}
    )

    assert reply.status_code == 400
    assert simulator.books() == []


def test_a_character_is_kept_and_used(simulator: Simulator) -> None:
    film = simulator.content(simulator.create()["id"])
    made = simulator.http.post(
        "/v1/videos/characters", data={"name": "Ada"}, files={"video": ("a.mp4", film)}
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


def _extended(simulator: Simulator, job_id: str, seconds: str):  # type: ignore[no-untyped-def]
    request = {"prompt": "on", "video": {"id": job_id}, "seconds": seconds}
    return simulator.http.post("/v1/videos/extensions", json=request)


def _small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB").resize((36, 64)), np.float32)


def _alike(one: Image.Image, other: Image.Image) -> float:
    """How well light and shade of two pictures agree, -1 .. 1; their colours do not matter."""
    left, right = (
        np.asarray(view.convert("L").resize((36, 64)), np.float32).ravel() for view in (one, other)
    )
    return float(np.corrcoef(left, right)[0, 1])
