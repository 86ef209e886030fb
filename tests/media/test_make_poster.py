from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media.conftest import Picture, VideoMaker, blocks, grey_clock, red_top_left, rotate_to_portrait
from videos.media.decoder.stills import make_poster
from videos.media.errors import NotAVideoError


def test_it_writes_a_webp_in_the_shape_of_the_clip(video: Path, tmp_path: Path) -> None:
    target = tmp_path / "poster.webp"

    size = make_poster(video, target, width=160)

    with Image.open(target) as poster:
        assert (poster.format, poster.size) == ("WEBP", (160, 90))
        assert poster.size == size
    assert [path.name for path in tmp_path.iterdir()] == ["poster.webp"]


def test_it_never_enlarges(video: Path, tmp_path: Path) -> None:
    assert make_poster(video, tmp_path / "poster.webp") == (320, 180)


def test_it_takes_a_frame_about_a_third_in(make_video: VideoMaker, tmp_path: Path) -> None:
    clock = make_video("clock.mp4", paint=dimly_clocked, audio=False)

    make_poster(clock, tmp_path / "poster.webp")

    with Image.open(tmp_path / "poster.webp") as poster:
        brightness = np.asarray(poster.convert("L"))[:90].mean()
    assert 14 <= (brightness - 20) / 4 <= 19


def dimly_clocked(index: int, width: int, height: int) -> Picture:
    """Paint the clock's grey above, and below it contrast, so that no frame counts as blank."""
    picture = grey_clock(index, width, height)
    picture[height // 2 :] = blocks(0, width, height)[height // 2 :]
    return picture


def test_it_passes_over_black(make_video: VideoMaker, tmp_path: Path) -> None:
    late = make_video("late.mp4", paint=black_until_frame_30, audio=False)

    make_poster(late, tmp_path / "poster.webp")

    with Image.open(tmp_path / "poster.webp") as poster:
        assert np.asarray(poster).std() > 20


def black_until_frame_30(index: int, width: int, height: int) -> Picture:
    return blocks(index, width, height) if index >= 30 else np.zeros((height, width, 3), np.uint8)


def test_it_still_makes_one_when_all_is_black(make_video: VideoMaker, tmp_path: Path) -> None:
    black = make_video("black.mp4", paint=lambda index, width, height: np.zeros((height, width, 3), np.uint8))

    assert make_poster(black, tmp_path / "poster.webp") == (320, 180)


def test_it_stands_upright(make_video: VideoMaker, tmp_path: Path) -> None:
    turned = rotate_to_portrait(make_video("red-corner.mp4", paint=red_top_left), tmp_path / "turned.mp4")

    size = make_poster(turned, tmp_path / "poster.webp")

    assert size == (180, 320)
    with Image.open(tmp_path / "poster.webp") as poster:
        pixels = np.asarray(poster.convert("RGB")).astype(int)
    # A quarter clockwise brings the top left corner to the top right.
    assert pixels[20, 160, 0] > 200 > pixels[20, 20, 0] + 100
    assert pixels[300, 160, 2] > 200


@pytest.mark.parametrize("size", [(320, 180), (1280, 720)])
def test_it_keeps_the_colours_a_browser_shows(
    make_video: VideoMaker, tmp_path: Path, size: tuple[int, int]
) -> None:
    """Orange in the matrix a browser assumes: BT.709 from 720 lines on, BT.601 below."""
    luma, blue, red = orange_in_yuv(high_definition=size[1] >= 720)
    video = make_video(f"orange-{size[1]}.mp4", size=size, count=3, yuv=(luma, blue, red), audio=False)

    make_poster(video, tmp_path / "poster.webp")

    with Image.open(tmp_path / "poster.webp") as poster:
        middle = np.asarray(poster.convert("RGB"))[90, 160].astype(int)
    assert np.abs(middle - np.array([230, 120, 40])).max() <= 3


def orange_in_yuv(*, high_definition: bool) -> tuple[int, int, int]:
    """Return RGB 230, 120, 40 as limited-range Y, Cb, Cr by the weights of BT.709 or BT.601."""
    from_red, from_blue = (0.2126, 0.0722) if high_definition else (0.299, 0.114)
    red, green, blue = 230 / 255, 120 / 255, 40 / 255
    luma = from_red * red + (1 - from_red - from_blue) * green + from_blue * blue
    chroma_blue = (blue - luma) / (2 * (1 - from_blue))
    chroma_red = (red - luma) / (2 * (1 - from_red))
    return round(16 + 219 * luma), round(128 + 224 * chroma_blue), round(128 + 224 * chroma_red)


def test_it_takes_a_single_frame(make_video: VideoMaker, tmp_path: Path) -> None:
    single = make_video("single.mp4", count=1, audio=False)

    assert make_poster(single, tmp_path / "poster.webp") == (320, 180)


def test_it_replaces_an_older_poster_only_when_done(video: Path, tmp_path: Path) -> None:
    target = tmp_path / "poster.webp"
    target.write_bytes(b"older")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"<html>")

    with pytest.raises(NotAVideoError):
        make_poster(broken, target)
    assert target.read_bytes() == b"older"

    make_poster(video, target)
    assert target.read_bytes()[8:12] == b"WEBP"
    assert {path.name for path in tmp_path.iterdir()} == {"poster.webp", "broken.mp4"}


def test_it_leaves_nothing_when_saving_fails(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_saved(self: Image.Image, path: Path, *args: object, **options: object) -> None:
        path.write_bytes(b"RIFF")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", half_saved)

    with pytest.raises(OSError, match="No space"):
        make_poster(video, tmp_path / "poster.webp")

    assert list(tmp_path.iterdir()) == []


def test_it_survives_a_damaged_beginning(video: Path, tmp_path: Path) -> None:
    content = bytearray(video.read_bytes())
    start = content.index(b"mdat") + 4
    content[start : len(content) // 2] = bytes(len(content) // 2 - start)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(content)

    assert make_poster(damaged, tmp_path / "poster.webp") == (320, 180)


def test_it_refuses_a_video_without_one_good_frame(video: Path, tmp_path: Path) -> None:
    content = video.read_bytes()
    start = content.index(b"mdat") + 4
    hollow = tmp_path / "hollow.mp4"
    hollow.write_bytes(content[:start] + bytes(len(content) - start))

    with pytest.raises(NotAVideoError):
        make_poster(hollow, tmp_path / "poster.webp")

    assert [path.name for path in tmp_path.iterdir()] == ["hollow.mp4"]
