"""The corpus of bombs: none costs more than an upload may, and all get an answer.

`python -m tests.benchmarks bombs` sends them to a running studio and prints what each cost.
"""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.media import bombs
from videos.media import sandbox
from videos.media.errors import BadReferenceError, NotAVideoError
from videos.media.inspect import inspect_video
from videos.media.poster import make_poster, make_scrub_sheet
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


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the decoders used, as the system counted it."""
    used: list[Any] = []

    def reap(process: subprocess.Popen[bytes], budget: Budget) -> float:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        used.append(usage)
        budget.cpu_seconds -= usage.ru_utime + usage.ru_stime
        return usage.ru_utime + usage.ru_stime

    monkeypatch.setattr(sandbox, "_reap", reap)
    return used


def assert_within_limits(costs: list[Any]) -> None:
    assert costs
    assert sum(cost.ru_utime + cost.ru_stime for cost in costs) <= UPLOAD_CPU_SECONDS + 0.5
    # Linux counts the size of the process that a child was forked from as the child's own.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert max(cost.ru_maxrss for cost in costs) <= max(MAX_MEMORY, own)


@pytest.mark.parametrize("name", sorted(set(bombs.IMAGES) - SLOW))
def test_no_image_costs_more_than_an_upload_may(name: str, costs: list[Any], tmp_path: Path) -> None:
    bombs.make_bomb(name, tmp_path / "bomb")
    content = (tmp_path / "bomb").read_bytes()
    assert len(content) <= bombs.LIMIT

    code = ""
    try:
        open_reference(content, max_bytes=bombs.LIMIT)
    except BadReferenceError as error:
        code = error.code

    assert_within_limits(costs)
    assert code == REFUSED.get(name, code)
    assert code != "busy"


@pytest.mark.parametrize("name", sorted(set(bombs.CLIPS) - SLOW))
def test_no_clip_costs_more_than_an_upload_may(name: str, costs: list[Any], tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    bombs.make_bomb(name, clip)
    assert clip.stat().st_size <= bombs.LIMIT
    budget = upload_budget()

    with suppress(NotAVideoError):
        inspect_video(clip, budget)
        make_poster(clip, tmp_path / "poster.webp", budget)
        make_scrub_sheet(clip, tmp_path / "sheet.jpg", budget)

    assert_within_limits(costs)


@pytest.mark.parametrize("shape", ["300:1", "1:300"])
def test_pixels_of_an_impossible_shape_are_refused_before_decoding(shape: str, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    bombs.make_bomb(f"MP4, pixels of {shape}", clip)

    with pytest.raises(NotAVideoError, match="impossible shape"):
        inspect_video(clip, upload_budget())
