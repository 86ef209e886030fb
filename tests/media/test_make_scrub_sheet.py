from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media.conftest import FRAGMENTED, VideoMaker, grey_clock, rotate_to_portrait
from videos.media.decoder.stills import make_scrub_sheet
from videos.media.errors import NotAVideoError
from videos.media.facts import ScrubSheet


def frame_numbers(sheet: Path, layout: ScrubSheet) -> list[int]:
    """Read off each tile which frame of a `grey_clock` video it shows."""
    with Image.open(sheet) as image:
        pixels = np.asarray(image.convert("L")).astype(float)
    numbers = []
    for index in range(layout.count):
        row, column = divmod(index, layout.columns)
        tile = pixels[
            row * layout.tile_height : (row + 1) * layout.tile_height,
            column * layout.tile_width : (column + 1) * layout.tile_width,
        ]
        numbers.append(round((float(tile.mean()) - 20) / 4))
    return numbers


def test_it_writes_a_sheet_and_tells_its_layout(video: Path, tmp_path: Path) -> None:
    layout = make_scrub_sheet(video, tmp_path / "sheet.jpg")

    assert layout == ScrubSheet(columns=5, rows=4, count=20, tile_width=240, tile_height=135)
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (1200, 540))
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.jpg"]


@pytest.mark.parametrize("movflags", ["faststart", FRAGMENTED], ids=["plain", "fragmented"])
@pytest.mark.parametrize("keyframe_every", [2, 12, 250])
@pytest.mark.parametrize("count", [6, 20])
def test_each_tile_shows_its_own_part(
    make_video: VideoMaker, tmp_path: Path, movflags: str, keyframe_every: int, count: int
) -> None:
    clock = make_video(
        f"clock-{movflags}-{keyframe_every}.mp4",
        paint=grey_clock,
        keyframe_every=keyframe_every,
        movflags=movflags,
        audio=False,
    )

    layout = make_scrub_sheet(clock, tmp_path / "sheet.jpg", frames=count)

    numbers = frame_numbers(tmp_path / "sheet.jpg", layout)
    part = 48 / count
    assert len(numbers) == count
    for index, number in enumerate(numbers):
        # One frame of grace: a fragmented file's header counts the decoder's delay as length.
        assert index * part <= number <= (index + 1) * part + 1


def test_a_frame_held_long_fills_its_tiles(make_video: VideoMaker, tmp_path: Path) -> None:
    held = make_video(
        "held.mp4", paint=grey_clock, count=8, times=[0, 100, 200, 300, 400, 3000, 3100, 3200], audio=False
    )

    layout = make_scrub_sheet(held, tmp_path / "sheet.jpg", frames=8)

    numbers = frame_numbers(tmp_path / "sheet.jpg", layout)
    assert numbers == [2, 4, 4, 4, 4, 4, 4, 5]


def test_a_portrait_has_upright_tiles(make_video: VideoMaker, tmp_path: Path) -> None:
    portrait = make_video("portrait.mp4", size=(360, 640), count=24)

    layout = make_scrub_sheet(portrait, tmp_path / "sheet.jpg")

    assert (layout.tile_width, layout.tile_height) == (135, 240)


def test_a_turned_clip_has_upright_tiles(make_video: VideoMaker, tmp_path: Path) -> None:
    turned = rotate_to_portrait(make_video("for-turning.mp4"), tmp_path / "turned.mp4")

    layout = make_scrub_sheet(turned, tmp_path / "sheet.jpg")

    assert (layout.tile_width, layout.tile_height) == (135, 240)


@pytest.mark.parametrize("count", [1, 3])
def test_a_clip_of_few_frames_has_as_many_tiles(make_video: VideoMaker, tmp_path: Path, count: int) -> None:
    short = make_video(f"short-{count}.mp4", count=count, paint=grey_clock, audio=False)

    layout = make_scrub_sheet(short, tmp_path / "sheet.jpg")

    assert (layout.count, layout.columns, layout.rows) == (count, count, 1)
    assert frame_numbers(tmp_path / "sheet.jpg", layout) == list(range(count))


def test_a_last_row_may_be_short(video: Path, tmp_path: Path) -> None:
    layout = make_scrub_sheet(video, tmp_path / "sheet.jpg", frames=7)

    assert (layout.columns, layout.rows, layout.count) == (5, 2, 7)


@pytest.mark.parametrize("content", [b"", b"{}", b"\0\0\0\x10ftypisom\0\0\0\0"])
def test_it_refuses_what_is_no_video(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(content)

    with pytest.raises(NotAVideoError):
        make_scrub_sheet(broken, tmp_path / "sheet.jpg")

    assert [path.name for path in tmp_path.iterdir()] == ["broken.mp4"]
