"""Downloading content: the video itself, checked frame by frame."""

from __future__ import annotations

import io
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageChops

from simulator.caption import load_font, wrap_caption
from simulator.scene_spec import new_spec, with_take
from simulator.scenes.directions import read_directions
from tests.simulator.conftest import FPS, Simulator, StartSimulator, decode_frames, make_image


@pytest.mark.parametrize(
    ("size", "seconds", "model"),
    [("720x1280", "4", "sora-2"), ("1280x720", "8", "sora-2"), ("1792x1024", "4", "sora-2-pro")],
)
def test_it_is_an_mp4_of_the_requested_size_and_length(
    simulator: Simulator, size: str, seconds: str, model: str
) -> None:
    content = simulator.content(simulator.create(size=size, seconds=seconds, model=model)["id"])

    with av.open(io.BytesIO(content), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert audio.codec_context.name == "aac"
        assert f"{video.width}x{video.height}" == size
        assert video.frames == int(seconds) * FPS
        assert abs((container.duration or 0) / 1e6 - int(seconds)) <= 1 / FPS
        assert abs(float((audio.duration or 0) * (audio.time_base or 0)) - int(seconds)) <= 0.05
    assert len(decode_frames(content)) == int(seconds) * FPS


def test_its_index_precedes_the_media_data(simulator: Simulator) -> None:
    video = simulator.content(simulator.create()["id"])

    assert video[4:8] == b"ftyp"
    assert 0 < video.index(b"moov") < video.index(b"mdat")


def test_it_moves(simulator: Simulator) -> None:
    first, *_, last = decode_frames(simulator.content(simulator.create()["id"]))

    assert _difference(first, last) > 1


def test_a_prompt_gives_the_same_videos_on_every_simulator(
    start_simulator: StartSimulator, tmp_path: Path
) -> None:
    one, other = (start_simulator(data=tmp_path / name) for name in ("one", "other"))
    assert _takes(one, 2) == _takes(other, 2)


def test_repeating_a_prompt_gives_another_take(simulator: Simulator) -> None:
    videos = [
        decode_frames(simulator.content(simulator.create("A sunset by the sea")["id"]))[0] for _ in range(4)
    ]

    for one, other in combinations(videos, 2):
        assert _difference(one, other) > 3


def test_place_and_light_named_in_the_prompt_hold_for_every_take() -> None:
    first = new_spec("A sunset by the sea", "1280x720", 4, high_quality=False)
    second = with_take(first, 2)

    assert with_take(first, 1) == first
    assert second.composition != first.composition
    assert read_directions(second.composition) == read_directions(first.composition)
    assert read_directions(first.composition).place == "sea"
    assert second.segments == first.segments


def test_takes_are_counted_across_restart_and_deletion(
    start_simulator: StartSimulator, tmp_path: Path
) -> None:
    expected = _takes(start_simulator(data=tmp_path / "in one go"), 2)[1]
    first = start_simulator()
    job = first.create_and_wait("A red fox")
    assert first.http.delete(f"/v1/videos/{job['id']}").status_code == 200

    assert _takes(start_simulator(), 1) == [expected]


def _takes(simulator: Simulator, count: int) -> list[bytes]:
    return [simulator.content(simulator.create("A red fox")["id"]) for _ in range(count)]


def test_two_prompts_look_different(simulator: Simulator) -> None:
    one, other = (
        decode_frames(simulator.content(simulator.create(prompt)["id"]))[0] for prompt in ("Tea", "Chess")
    )

    assert _difference(one, other) > 8


def test_the_prompt_is_drawn_as_a_caption(simulator: Simulator) -> None:
    # No two prompts give the same scene and colours, so this looks for the text itself.
    video = decode_frames(simulator.content(simulator.create("nebula " + "WWWW " * 8, size="1280x720")["id"]))
    strip = np.asarray(video[3].convert("L"), np.float32)
    caption, opposite = strip[650:700, 30:500], strip[650:700, 780:1250]

    assert np.abs(np.diff(caption, axis=1)).mean() > 3 * np.abs(np.diff(opposite, axis=1)).mean()


def test_a_long_caption_has_two_lines_and_an_ellipsis() -> None:
    font = load_font(20)
    lines = wrap_caption("word " * 100, font, 300)

    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(font.getlength(line) <= 300 for line in lines)
    assert wrap_caption("short", font, 300) == ["short"]
    assert wrap_caption("\x00\n", font, 300) == []
    assert font.getlength(wrap_caption("W" * 500, font, 300)[0]) <= 300


def test_a_reference_is_the_first_frame_and_then_moves(simulator: Simulator) -> None:
    reference = make_image()
    job = simulator.http.post(
        "/v1/videos", data={"prompt": "a"}, files={"input_reference": ("a.png", reference)}
    ).json()
    first, *_, last = decode_frames(simulator.content(job["id"]))
    middle = (0, 200, 720, 1000)
    original = Image.open(io.BytesIO(reference)).crop(middle)

    assert _difference(first.crop(middle), original) < 4
    assert _difference(last.crop(middle), original) > 4


def test_it_answers_byte_ranges(simulator: Simulator) -> None:
    job = simulator.create()
    video = simulator.content(job["id"])
    part = simulator.http.get(f"/v1/videos/{job['id']}/content", headers={"range": "bytes=100-199"})
    beyond = simulator.http.get(f"/v1/videos/{job['id']}/content", headers={"range": "bytes=99999999-"})

    assert part.status_code == 206
    assert part.content == video[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(video)}"
    assert beyond.status_code == 416


def test_it_has_a_thumbnail_and_a_sprite_sheet(simulator: Simulator) -> None:
    job = simulator.create()
    thumbnail = Image.open(io.BytesIO(simulator.content(job["id"], "thumbnail")))
    sheet = Image.open(io.BytesIO(simulator.content(job["id"], "spritesheet")))

    assert (thumbnail.format, thumbnail.size) == ("WEBP", (720, 1280))
    assert (sheet.format, sheet.size) == ("JPEG", (5 * 108, 5 * 192))
    assert simulator.http.get(f"/v1/videos/{job['id']}/content?variant=gif").status_code == 400


def test_it_is_not_found_before_the_job_completes(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(duration=60)
    response = simulator.http.get(f"/v1/videos/{simulator.create()['id']}/content")

    assert response.status_code == 404
    assert "not ready" in response.json()["error"]["message"]


def test_it_is_rendered_in_advance_in_eager_mode(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(lazy=False)
    job = simulator.create_and_wait()

    assert job["status"] == "completed"
    assert simulator.content(job["id"])[4:8] == b"ftyp"


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two images, 0..255."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return float(np.asarray(difference).mean())
