"""The corpus of bombs: none costs more than an upload may, and all get an answer.

`python -m tests.benchmarks bombs` sends them to a running studio and prints what each cost.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.media import bombs, peak_memory
from videos.media import sandbox
from videos.media.errors import BadReferenceError, NotAVideoError
from videos.media.inspect import inspect_video
from videos.media.poster import make_pictures
from videos.media.reference import open_reference
from videos.media.sandbox import UPLOAD_CPU_SECONDS, Budget, upload_budget

MAX_MEMORY = 512 * 1024  # KiB

# Made in many seconds; the benchmark has them.
SLOW = {"PNG, ICC", "MP4, 60,000 frames", "MP4, 1920 x 1080, one key frame in a minute"}

# These are refused, and the others may be: how is for the limits to say.
REFUSED = {
    "PNG, 16,000 x 16,000": "too_many_pixels",
    "PNG, many chunks": "too_complex",
    "PNG, many frames": "too_complex",
    "JPEG, 50 megapixels, progressive": "too_complex",
    "JPEG, 20 megapixels, 300 scans": "too_complex",
    "JPEG, 0.25 megapixels, 50,000 scans": "too_complex",
    "WebP, 8,000 x 8,000": "too_many_pixels",
    "GIF, many frames": "unsupported_format",
    "HEIC, claims 30,000 x 30,000": "too_many_pixels",
}


class Costs:
    """What the decoders used, as the system counted it: seconds of CPU, and KiB of memory at most."""

    def __init__(self, peaks_file: Path) -> None:
        self.peaks_file = peaks_file
        self.cpu_seconds: list[float] = []

    def assert_within_limits(self) -> None:
        assert self.cpu_seconds
        assert sum(self.cpu_seconds) <= UPLOAD_CPU_SECONDS + 0.5
        peaks = peak_memory.peaks(self.peaks_file)
        assert len(peaks) == len(self.cpu_seconds)
        if sys.platform == "linux":  # elsewhere it is neither limited nor counted in KiB
            assert max(peaks) <= MAX_MEMORY


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Costs:
    costs, start, reap = Costs(tmp_path / "peaks"), subprocess.Popen, sandbox._reap

    def start_measured(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        is_decoder = "videos.media.decoder" in command  # the bombs are made in processes too
        return start(peak_memory.measured(command, costs.peaks_file) if is_decoder else command, **options)

    def reap_counted(process: subprocess.Popen[bytes], budget: Budget) -> float:
        costs.cpu_seconds.append(reap(process, budget))
        return costs.cpu_seconds[-1]

    monkeypatch.setattr(sandbox.subprocess, "Popen", start_measured)
    monkeypatch.setattr(sandbox, "_reap", reap_counted)
    return costs


@pytest.mark.skipif(sys.platform != "linux", reason="the measure is Linux's")
def test_the_peak_of_a_decoder_is_its_own_in_any_process(costs: Costs) -> None:
    ballast = b"x" * (300 << 20)  # of this process; no decoder has it

    open_reference(bombs.png(64, 64), max_bytes=bombs.LIMIT)
    open_reference(bombs.png(4000, 4000), max_bytes=bombs.LIMIT)

    small, large = peak_memory.peaks(costs.peaks_file)
    assert len(ballast) >> 10 > 2 * small
    assert large > small + 4000 * 4000 * 3 // 1024


@pytest.mark.parametrize("name", sorted(set(bombs.IMAGES) - SLOW))
def test_no_image_costs_more_than_an_upload_may(name: str, costs: Costs, tmp_path: Path) -> None:
    bombs.make_bomb(name, tmp_path / "bomb")
    content = (tmp_path / "bomb").read_bytes()
    assert len(content) <= bombs.LIMIT

    code = ""
    try:
        open_reference(content, max_bytes=bombs.LIMIT)
    except BadReferenceError as error:
        code = error.code

    costs.assert_within_limits()
    assert code == REFUSED.get(name, code)
    assert code != "busy"


@pytest.mark.parametrize("name", sorted(set(bombs.CLIPS) - SLOW))
def test_no_clip_costs_more_than_an_upload_may(name: str, costs: Costs, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    bombs.make_bomb(name, clip)
    assert clip.stat().st_size <= bombs.LIMIT
    budget = upload_budget()

    with suppress(NotAVideoError):
        inspect_video(clip, budget)
        make_pictures(clip, tmp_path / "poster.webp", tmp_path / "sheet.jpg", budget)

    costs.assert_within_limits()


@pytest.mark.parametrize("shape", ["300:1", "1:300"])
def test_pixels_of_an_impossible_shape_are_refused_before_decoding(shape: str, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    bombs.make_bomb(f"MP4, pixels of {shape}", clip)

    with pytest.raises(NotAVideoError, match="impossible shape"):
        inspect_video(clip, upload_budget())
