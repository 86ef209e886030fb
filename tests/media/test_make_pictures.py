from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media.conftest import VideoMaker, blocks
from tests.media.test_make_poster import black_until_frame_30, dimly_clocked
from videos.media.decoder import stills
from videos.media.decoder.stills import make_pictures, make_scrub_sheet
from videos.media.facts import ScrubSheet


def test_one_pass_makes_the_sheet_and_a_poster_from_about_a_third_in(
    make_video: VideoMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = make_video("clock.mp4", paint=dimly_clocked, audio=False)
    make_scrub_sheet(clock, tmp_path / "alone.jpg")
    opened: list[Path] = []
    open_clip = stills.open_clip
    monkeypatch.setattr(stills, "open_clip", lambda path: opened.append(path) or open_clip(path))

    layout = make_pictures(clock, tmp_path / "poster.webp", tmp_path / "sheet.jpg")

    assert opened == [clock]
    assert layout == ScrubSheet(columns=5, rows=4, count=20, tile_width=240, tile_height=135)
    assert (tmp_path / "sheet.jpg").read_bytes() == (tmp_path / "alone.jpg").read_bytes()
    with Image.open(tmp_path / "poster.webp") as poster:
        assert (poster.format, poster.size) == ("WEBP", (320, 180))
        brightness = np.asarray(poster.convert("L"))[:90].mean()
    assert 14 <= (brightness - 20) / 4 <= 19


def test_the_poster_passes_over_black(make_video: VideoMaker, tmp_path: Path) -> None:
    late = make_video("late.mp4", paint=black_until_frame_30, audio=False)

    make_pictures(late, tmp_path / "poster.webp", tmp_path / "sheet.jpg")

    with Image.open(tmp_path / "poster.webp") as poster:
        assert np.asarray(poster).std() > 20


@pytest.mark.parametrize("frames", [1, 3, 48])
def test_there_are_both_though_all_is_black(make_video: VideoMaker, tmp_path: Path, frames: int) -> None:
    black = make_video(
        "black.mp4", count=frames, paint=lambda index, *size: 0 * blocks(index, *size), audio=False
    )

    layout = make_pictures(black, tmp_path / "poster.webp", tmp_path / "sheet.jpg")

    assert layout.count == min(frames, 20)
    assert (tmp_path / "poster.webp").exists()
    assert (tmp_path / "sheet.jpg").exists()


def test_the_poster_is_there_though_the_sheet_fails(
    make_video: VideoMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = make_video("clock.mp4", paint=dimly_clocked, audio=False)

    def _fail(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(stills, "_write_sheet", _fail)

    with pytest.raises(MemoryError):
        make_pictures(clock, tmp_path / "poster.webp", tmp_path / "sheet.jpg")

    assert (tmp_path / "poster.webp").exists()
    assert not (tmp_path / "sheet.jpg").exists()
