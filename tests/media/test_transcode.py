"""A browser copy of a video that browsers do not play: H.264, 8-bit 4:2:0, AAC, index first."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from simulator.transcoder import FORMATS, transcode
from tests.media.conftest import VideoMaker, red_top_left, rotate_to_portrait
from videos.containers import AVI, MP4, QUICKTIME, WEBM
from videos.media.decoder.copying import make_browser_copy
from videos.media.decoder.inspection import inspect_video
from videos.media.errors import NotAVideoError, TranscodingTimeoutError

FOREIGN = {
    "hevc": (MP4, "HEVC"),
    "h264_10bit": (MP4, "H.264 10-bit"),
    "prores": (QUICKTIME, "ProRes"),
    "webm": (WEBM, "VP9"),
    "avi": (AVI, "Motion JPEG"),
}


@pytest.fixture(scope="module")
def foreign(make_video: VideoMaker) -> Callable[[str], Path]:
    source = make_video("to-be-foreign.mp4", paint=red_top_left, count=24)
    return lambda name: transcode(source, name)


def first_frame(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def test_every_format_that_the_simulator_delivers_is_tested() -> None:
    assert set(FOREIGN) == set(FORMATS)


@pytest.mark.parametrize("name", FOREIGN)
def test_the_copy_plays_in_browsers_and_shows_the_same(
    foreign: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    original, copy = foreign(name), tmp_path / "browser.mp4"
    facts = inspect_video(original)
    assert (facts.container, facts.codec_name) == FOREIGN[name]
    assert not facts.plays_in_browsers

    make_browser_copy(original, copy, max_seconds=60)

    made = inspect_video(copy)
    assert made.plays_in_browsers
    assert (made.codec, made.pixel_format, made.bit_depth) == ("h264", "yuv420p", 8)
    assert made.audio_codecs == ("aac",)
    assert (made.width, made.height, made.frame_count) == (facts.width, facts.height, 24)
    assert made.duration_seconds == pytest.approx(1.0, abs=0.05)
    content = copy.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    picture = first_frame(copy)
    assert picture[40, 60] == pytest.approx((255, 0, 0), abs=16)
    assert picture[150, 280] == pytest.approx((0, 0, 255), abs=16)


def test_the_frame_rate_is_kept(foreign: Callable[[str], Path], tmp_path: Path) -> None:
    make_browser_copy(foreign("webm"), tmp_path / "copy.mp4", max_seconds=60)

    with av.open(str(tmp_path / "copy.mp4")) as container:
        assert container.streams.video[0].average_rate == pytest.approx(24, abs=0.1)


def test_a_rotated_video_is_copied_upright(foreign: Callable[[str], Path], tmp_path: Path) -> None:
    turned, copy = rotate_to_portrait(foreign("hevc"), tmp_path / "turned.mp4"), tmp_path / "copy.mp4"

    make_browser_copy(turned, copy, max_seconds=60)

    facts = inspect_video(copy)
    assert (facts.width, facts.height) == (180, 320)
    assert first_frame(copy)[40, 150] == pytest.approx((255, 0, 0), abs=16)  # the top left is now top right


@pytest.mark.parametrize("name", ["prores", "webm", "avi"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_foreign_video_cut_short_is_refused(
    foreign: Callable[[str], Path], tmp_path: Path, name: str, share: float
) -> None:
    whole = foreign(name).read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(NotAVideoError, match="incomplete"):
        inspect_video(cut)


@pytest.mark.parametrize(
    "head", [b"\x1aE\xdf\xa3" * 10, b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI ", b"RIFF\xff\xff\xff\xffAVI "]
)
def test_a_container_without_a_video_is_refused(tmp_path: Path, head: bytes) -> None:
    hollow = tmp_path / "hollow"
    hollow.write_bytes(head)

    with pytest.raises(NotAVideoError):
        inspect_video(hollow)


def test_an_avi_without_display_times_is_copied_whole(tmp_path: Path) -> None:
    source, copy = tmp_path / "source.avi", tmp_path / "copy.mp4"
    with av.open(str(source), "w", format="avi") as container:
        stream = container.add_stream("mpeg4", rate=24, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index in range(24):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(red_top_left(index, 320, 180))))
        container.mux(stream.encode(None))

    make_browser_copy(source, copy, max_seconds=60)

    assert inspect_video(source).codec_name == "MPEG-4 Visual"
    assert inspect_video(copy).frame_count in (23, 24)


def test_it_gives_up_in_time_and_leaves_nothing(foreign: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(TranscodingTimeoutError):
        make_browser_copy(foreign("hevc"), tmp_path / "copy.mp4", max_seconds=0)

    assert list(tmp_path.iterdir()) == []


def test_a_caller_can_stop_it(foreign: Callable[[str], Path], tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyError("the lease is lost")

    with pytest.raises(KeyError):
        make_browser_copy(foreign("hevc"), tmp_path / "copy.mp4", max_seconds=60, between_frames=stop)

    assert list(tmp_path.iterdir()) == []


def test_a_usual_video_needs_no_copy(video: Path, make_video: VideoMaker) -> None:
    assert inspect_video(video).plays_in_browsers
    assert inspect_video(make_video("silent.mp4", audio=False)).plays_in_browsers
