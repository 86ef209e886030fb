"""One frame of a video as a reference image, by the moment at which it is shown."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media.conftest import VideoMaker
from tests.media.test_concat import grey_clock
from videos.media.decoder.single_frame import frame_at
from videos.media.errors import NotAVideoError
from videos.media.sandbox import upload_budget
from videos.media.single_frame import frame_at as frame_in_sandbox


def grey_of(content: bytes) -> float:
    with Image.open(BytesIO(content)) as image:
        return float(np.asarray(image).mean())


@pytest.mark.parametrize(("seconds", "number"), [(0.0, 0), (0.5, 12), (1 / 24, 1), (99.0, 29), (None, 29)])
@pytest.mark.parametrize("every", [1, 300])
def test_it_is_the_frame_shown_then(make_video: VideoMaker, seconds, number, every) -> None:
    path = make_video(f"clock{every}.mp4", count=30, paint=grey_clock, keyframe_every=every)
    assert grey_of(frame_at(path, seconds).content) == pytest.approx(20 + 4 * number, abs=2)


def test_the_same_frame_has_the_same_bytes_and_a_thumbnail(make_video: VideoMaker) -> None:
    path = make_video("clock.mp4", count=30, paint=grey_clock)
    one, other = frame_in_sandbox(path, None, upload_budget()), frame_at(path, None)
    assert one == other
    assert one.content_type == "image/jpeg"
    with Image.open(BytesIO(one.thumbnail)) as small:
        assert small.format == "WEBP"


def test_no_frame_of_what_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "no.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(NotAVideoError):
        frame_in_sandbox(path, 0.0, upload_budget())
