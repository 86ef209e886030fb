"""Downloading: the film itself, looked at frame by frame."""

from __future__ import annotations

import io
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageChops

from simulator.art.scenes import family_of
from simulator.caption import font, wrapped
from simulator.recipe import fresh, taken_again
from tests.simulator.conftest import FPS, Simulator, Start, frames, picture


@pytest.mark.parametrize(
    ("size", "seconds", "model"),
    [("720x1280", "4", "sora-2"), ("1280x720", "8", "sora-2"), ("1792x1024", "4", "sora-2-pro")],
)
def test_it_is_an_mp4_of_the_asked_size_and_length(
    simulator: Simulator, size: str, seconds: str, model: str
) -> None:
    film = simulator.content(simulator.create(size=size, seconds=seconds, model=model)["id"])

    with av.open(io.BytesIO(film), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert audio.codec_context.name == "aac"
        assert f"{video.width}x{video.height}" == size
        assert video.frames == int(seconds) * FPS
        assert abs((container.duration or 0) / 1e6 - int(seconds)) <= 1 / FPS
        assert abs(float((audio.duration or 0) * (audio.time_base or 0)) - int(seconds)) <= 0.05
    assert len(frames(film)) == int(seconds) * FPS


def test_it_starts_fast(simulator: Simulator) -> None:
    film = simulator.content(simulator.create()["id"])

    assert film[4:8] == b"ftyp"
    assert 0 < film.index(b"moov") < film.index(b"mdat")


def test_it_moves(simulator: Simulator) -> None:
    first, *_, last = frames(simulator.content(simulator.create()["id"]))

    assert _difference(first, last) > 1


def test_one_prompt_gives_the_same_films_at_every_simulator(start: Start, tmp_path: Path) -> None:
    one, other = (start(data=tmp_path / name) for name in ("one", "other"))
    assert _takes(one, 2) == _takes(other, 2)


def test_the_same_prompt_again_gives_another_take(simulator: Simulator) -> None:
    films = [frames(simulator.content(simulator.create("A sunset by the sea")["id"]))[0] for _ in range(4)]

    for one, other in combinations(films, 2):
        assert _difference(one, other) > 3


def test_what_a_prompt_says_of_place_and_light_holds_for_every_take() -> None:
    first = fresh("A sunset by the sea", "1280x720", 4, fine=False)
    second = taken_again(first, 2)

    assert taken_again(first, 1) == first
    assert second.composition != first.composition
    assert family_of(second.composition) == family_of(first.composition) == "sea"
    assert second.acts == first.acts


def test_a_restart_and_a_deletion_forget_no_take(start: Start, tmp_path: Path) -> None:
    expected = _takes(start(data=tmp_path / "in one go"), 2)[1]
    first = start()
    job = first.finished("A red fox")
    assert first.http.delete(f"/v1/videos/{job['id']}").status_code == 200

    assert _takes(start(), 1) == [expected]


def _takes(simulator: Simulator, count: int) -> list[bytes]:
    return [simulator.content(simulator.create("A red fox")["id"]) for _ in range(count)]


def test_two_prompts_look_different(simulator: Simulator) -> None:
    one, other = (frames(simulator.content(simulator.create(prompt)["id"]))[0] for prompt in ("Tea", "Chess"))

    assert _difference(one, other) > 8


def test_the_prompt_is_written_on_it(simulator: Simulator) -> None:
    # Same scene and colours are not to be had with two prompts, so the ink itself is looked for.
    film = frames(simulator.content(simulator.create("nebula " + "WWWW " * 8, size="1280x720")["id"]))
    strip = np.asarray(film[3].convert("L"), np.float32)
    caption, opposite = strip[650:700, 30:500], strip[650:700, 780:1250]

    assert np.abs(np.diff(caption, axis=1)).mean() > 3 * np.abs(np.diff(opposite, axis=1)).mean()


def test_a_long_caption_has_two_lines_and_an_ellipsis() -> None:
    face = font(20)
    lines = wrapped("word " * 100, face, 300)

    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(face.getlength(line) <= 300 for line in lines)
    assert wrapped("short", face, 300) == ["short"]
    assert wrapped("\x00\n", face, 300) == []
    assert face.getlength(wrapped("W" * 500, face, 300)[0]) <= 300


def test_a_reference_is_the_first_frame_and_then_moves(simulator: Simulator) -> None:
    reference = picture()
    job = simulator.http.post(
        "/v1/videos", data={"prompt": "a"}, files={"input_reference": ("a.png", reference)}
    ).json()
    first, *_, last = frames(simulator.content(job["id"]))
    middle = (0, 200, 720, 1000)
    original = Image.open(io.BytesIO(reference)).crop(middle)

    assert _difference(first.crop(middle), original) < 4
    assert _difference(last.crop(middle), original) > 4


def test_it_answers_byte_ranges(simulator: Simulator) -> None:
    job = simulator.create()
    film = simulator.content(job["id"])
    part = simulator.http.get(f"/v1/videos/{job['id']}/content", headers={"range": "bytes=100-199"})
    beyond = simulator.http.get(f"/v1/videos/{job['id']}/content", headers={"range": "bytes=99999999-"})

    assert part.status_code == 206
    assert part.content == film[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(film)}"
    assert beyond.status_code == 416


def test_it_has_a_thumbnail_and_a_sprite_sheet(simulator: Simulator) -> None:
    job = simulator.create()
    thumbnail = Image.open(io.BytesIO(simulator.content(job["id"], "thumbnail")))
    sheet = Image.open(io.BytesIO(simulator.content(job["id"], "spritesheet")))

    assert (thumbnail.format, thumbnail.size) == ("WEBP", (720, 1280))
    assert (sheet.format, sheet.size) == ("JPEG", (5 * 108, 5 * 192))
    assert simulator.http.get(f"/v1/videos/{job['id']}/content?variant=gif").status_code == 400


def test_it_is_not_there_too_early(start: Start) -> None:
    simulator = start(duration=60)
    reply = simulator.http.get(f"/v1/videos/{simulator.create()['id']}/content")

    assert reply.status_code == 404
    assert "not ready" in reply.json()["error"]["message"]


def test_it_is_rendered_in_advance_when_eager(start: Start) -> None:
    simulator = start(lazy=False)
    job = simulator.finished()

    assert job["status"] == "completed"
    assert simulator.content(job["id"])[4:8] == b"ftyp"


def _difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, in steps of 0..255."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return float(np.asarray(difference).mean())
