from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.media.conftest import FRAGMENTED, VideoMaker, blocks, grey_clock, red_top_left, rotate_to_portrait
from videos.media.decoder.inspection import inspect_video
from videos.media.decoder.joining import concat_videos, last_frame
from videos.media.errors import NotAVideoError

Concat = Callable[..., Path]


@pytest.fixture
def concat(tmp_path: Path) -> Concat:
    def run(first: Path, second: Path, **how: Any) -> Path:
        target = tmp_path / "joined.mp4"
        concat_videos(first, second, target, **how)
        return target

    return run


def frames(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def brightness_of(path: Path) -> list[float]:
    """Return the brightness of each frame, in the numbers that `grey_clock` paints."""
    return [float(frame.to_ndarray(format="rgb24").mean()) for frame in frames(path)]


def audio_samples(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return every sample of the first channel, at its position from the video's beginning."""
    with av.open(str(path)) as container:
        heard = [
            (round(each.time * each.sample_rate), each.to_ndarray()[0]) for each in container.decode(audio=0)
        ]
    track = np.zeros(max(at + len(samples) for at, samples in heard))
    for at, samples in heard:
        track[max(0, at) : at + len(samples)] = samples[max(0, -at) :]
    return track


def psnr(one: av.VideoFrame, other: av.VideoFrame) -> float:
    difference = one.to_ndarray().astype(np.int64) - other.to_ndarray().astype(np.int64)
    return 10 * math.log10(255**2 / max(1e-9, float((difference**2).mean())))


def grey_clock_from(start: int) -> Callable[[int, int, int], Any]:
    return lambda index, width, height: grey_clock(start + index, width, height)


def write_tone_video(path: Path, *, seconds: float, at: float, rate: int = 44_100, offset: float = 0) -> Path:
    """Write a video of 24 frames per second, silent but for a short tone at `at` (seconds)."""
    with av.open(str(path), "w", format="mp4") as container:
        video: Any = container.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 64, 36, "yuv420p"
        track = container.add_stream("aac", rate=rate, layout="stereo")
        for index in range(round(24 * seconds)):
            picture = np.full((36, 64, 3), 20 + 9 * (index % 24), np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(video.encode(None))
        time = np.arange(round(rate * seconds)) / rate
        tone = np.where((time >= at) & (time < at + 0.1), 0.5 * np.sin(2 * np.pi * 1000 * time), 0)
        for begin in range(0, len(tone), 1024):
            block = np.tile(tone[begin : begin + 1024].astype(np.float32), (2, 1))
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", "stereo")
            frame.sample_rate, frame.pts = rate, begin + round(offset * rate)
            frame.time_base = Fraction(1, rate)
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def tone_starts(path: Path) -> list[float]:
    """Return when the tones begin (seconds)."""
    loud = np.abs(audio_samples(path)) > 0.1
    begins = [n for n in np.flatnonzero(loud) if not loud[max(0, n - 4800) : n].any()]
    return [n / 48_000 for n in begins]


# --- The last frame ----------------------------------------------------------------------------------------


def test_the_last_frame_is_the_one_shown_last(make_video: VideoMaker) -> None:
    path = make_video("clock.mp4", count=30, paint=grey_clock)

    found = last_frame(path, "320x180")

    with Image.open(BytesIO(found.content)) as image:
        assert (image.format, image.size) == ("JPEG", (320, 180))
        assert np.asarray(image).mean() == pytest.approx(20 + 4 * 29, abs=2)


@pytest.mark.parametrize("how", [{"keyframe_every": 1}, {"keyframe_every": 300}, {"movflags": FRAGMENTED}])
def test_however_the_clip_was_written(make_video: VideoMaker, how: dict[str, Any]) -> None:
    path = make_video(f"clock{len(str(how))}.mp4", count=30, paint=grey_clock, **how)

    with Image.open(BytesIO(last_frame(path, "320x180").content)) as image:
        assert np.asarray(image).mean() == pytest.approx(20 + 4 * 29, abs=2)


def test_the_last_frame_stands_upright(make_video: VideoMaker, tmp_path: Path) -> None:
    lying = make_video("lying.mp4", count=4, paint=red_top_left, audio=False)
    path = rotate_to_portrait(lying, tmp_path / "upright.mp4")

    with Image.open(BytesIO(last_frame(path, "180x320").content)) as image:
        pixels = np.asarray(image).astype(int)
    assert image.size == (180, 320)
    assert pixels[40, 140, 0] > 180, "red is at the top right once the picture is turned"
    assert pixels[40, 40, 0] < 60


@pytest.mark.parametrize("size", ["1280x720", "720x1280", "64x36"])
def test_the_last_frame_has_the_size_asked(video: Path, size: str) -> None:
    found = last_frame(video, size)
    assert f"{found.width}x{found.height}" == size


def test_a_shape_that_a_server_rounded_loses_nothing_at_the_edges(make_video: VideoMaker) -> None:
    def framed(index: int, width: int, height: int) -> Any:
        picture = np.full((height, width, 3), 255, np.uint8)
        picture[:, 4:-4] = 0
        return picture

    path = make_video("rounded.mp4", size=(320, 176), count=3, paint=framed)

    with Image.open(BytesIO(last_frame(path, "320x180").content)) as image:
        pixels = np.asarray(image.convert("L"))
    assert pixels[:, 1].min() > 200
    assert pixels[:, -2].min() > 200


def test_no_last_frame_of_what_is_no_video(tmp_path: Path, video: Path) -> None:
    for content in (b"", b"no video at all", video.read_bytes()[:5000]):
        path = tmp_path / "bad.mp4"
        path.write_bytes(content)
        with pytest.raises(NotAVideoError):
            last_frame(path, "320x180")


# --- Two clips made one ------------------------------------------------------------------------------------


def test_it_shows_the_one_and_then_the_other(make_video: VideoMaker, concat: Concat) -> None:
    first = make_video("first.mp4", count=24, paint=grey_clock)
    second = make_video("other.mp4", count=24, paint=grey_clock_from(30))

    path = concat(first, second)

    expected = [20 + 4 * n for n in [*range(24), *range(30, 54)]]
    assert brightness_of(path) == pytest.approx(expected, abs=2)
    facts = inspect_video(path)
    assert (facts.width, facts.height, facts.frame_count) == (320, 180, 48)
    assert facts.duration_seconds == pytest.approx(2.0, abs=0.001)
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat"), "its index is in front"


def test_a_frame_that_repeats_the_last_one_is_left_out(make_video: VideoMaker, concat: Concat) -> None:
    first = make_video("first.mp4", count=24, paint=grey_clock)
    second = make_video("goes_on.mp4", count=24, paint=grey_clock_from(23))

    path = concat(first, second)

    assert brightness_of(path) == pytest.approx([20 + 4 * n for n in range(47)], abs=2)


def test_its_times_rise_evenly(make_video: VideoMaker, concat: Concat) -> None:
    path = concat(make_video("first.mp4", count=24, paint=grey_clock), make_video("plain.mp4"))

    with av.open(str(path)) as container:
        for packets in ([p for p in container.demux(s) if p.dts is not None] for s in container.streams):
            assert all(one.dts < next_.dts for one, next_ in pairwise(packets))
            container.seek(0)
    times = [frame.time for frame in frames(path)]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([1 / 24] * (len(times) - 1), abs=1e-4)


def test_the_first_part_is_visually_what_it_was(make_video: VideoMaker, concat: Concat) -> None:
    first = make_video("detailed.mp4", size=(640, 360), count=48, paint=blocks)
    second = make_video("more.mp4", size=(640, 360), count=12, paint=grey_clock_from(0))

    found, original = frames(concat(first, second)), frames(first)

    values = [psnr(one, other) for one, other in zip(original, found, strict=False)]
    assert min(values) > 38
    assert np.mean(values) > 42


def test_the_second_takes_size_and_rate_of_the_first(make_video: VideoMaker, concat: Concat) -> None:
    first = make_video("first.mp4", count=24, paint=grey_clock)
    times = [n * 100 for n in range(10)]  # ten frames a second, for a second
    second = make_video("slow.mp4", size=(640, 360), count=10, times=times, paint=grey_clock_from(40))

    path = concat(first, second)

    shown = frames(path)
    assert {(frame.width, frame.height) for frame in shown} == {(320, 180)}
    assert len(shown) in (46, 47, 48), "the last of its ten frames has no end of its own"
    gaps = [b.time - a.time for a, b in pairwise(shown)]
    assert gaps == pytest.approx([1 / 24] * len(gaps), abs=1e-4)
    assert brightness_of(path)[-1] == pytest.approx(20 + 4 * 49, abs=2)


def test_uneven_times_of_the_first_are_kept(make_video: VideoMaker, concat: Concat) -> None:
    times = [0, 40, 80, 500, 540, 1000, 1040]
    first = make_video("uneven.mp4", count=7, times=times, paint=grey_clock, audio=False)

    path = concat(first, make_video("other.mp4", count=24, paint=grey_clock_from(30), audio=False))

    assert [frame.time for frame in frames(path)][:7] == pytest.approx([t / 1000 for t in times], abs=0.001)


def test_a_clip_of_another_shape_fills_the_picture(make_video: VideoMaker, concat: Concat) -> None:
    first = make_video("first.mp4", count=12, paint=grey_clock)
    tall = make_video("tall.mp4", size=(180, 320), count=12, paint=grey_clock_from(30))

    last = frames(concat(first, tall))[-1].to_ndarray(format="rgb24")

    assert last.shape == (180, 320, 3)
    assert last.min() > 100, "no black at the edges"


def test_a_turned_clip_is_joined_upright(make_video: VideoMaker, concat: Concat, tmp_path: Path) -> None:
    lying = make_video("lying.mp4", count=4, paint=red_top_left, audio=False)
    turned = rotate_to_portrait(lying, tmp_path / "upright.mp4")

    shown = [frame.to_ndarray(format="rgb24").astype(int) for frame in frames(concat(turned, turned))]

    for picture in (shown[0], shown[-1]):
        assert picture.shape == (320, 180, 3)
        assert picture[40, 140, 0] > 180
        assert picture[40, 40, 0] < 60


def test_the_sound_of_both_stays_in_its_place(concat: Concat, tmp_path: Path) -> None:
    first = write_tone_video(tmp_path / "a.mp4", seconds=2, at=1.5)
    second = write_tone_video(tmp_path / "b.mp4", seconds=3, at=2.25, rate=32_000)

    path = concat(first, second)

    assert tone_starts(path) == pytest.approx([1.5, 2 + 2.25], abs=0.01)
    assert len(audio_samples(path)) == pytest.approx(5 * 48_000, abs=1024)


def test_the_sound_of_what_goes_on_moves_with_its_pictures(concat: Concat, tmp_path: Path) -> None:
    first = write_tone_video(tmp_path / "a.mp4", seconds=1, at=0.5)
    # Its first frame is the last of the first clip, so it begins a frame later.
    second = write_tone_video(tmp_path / "b.mp4", seconds=2, at=1.0)
    with av.open(str(tmp_path / "c.mp4"), "w") as container, av.open(str(second)) as source:
        video: Any = container.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 64, 36, "yuv420p"
        track = container.add_stream_from_template(source.streams.audio[0])
        for index in range(48):
            value = 227 if index == 0 else 20
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.full((36, 64, 3), value, np.uint8))))
        container.mux(video.encode(None))
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = track
                container.mux(packet)

    path = concat(first, tmp_path / "c.mp4")

    assert inspect_video(path).frame_count == 24 + 47
    assert tone_starts(path) == pytest.approx([0.5, 1 + 1.0 - 1 / 24], abs=0.01)


def test_sound_does_not_drift_over_many_joins(concat: Concat, tmp_path: Path) -> None:
    path = write_tone_video(tmp_path / "all.mp4", seconds=1, at=0.5)
    for number in range(5):
        part = write_tone_video(tmp_path / f"part{number}.mp4", seconds=1, at=0.5)
        concat(path, part).rename(path)

    length = inspect_video(path).duration_seconds
    assert length == pytest.approx(6, abs=0.001)
    assert tone_starts(path) == pytest.approx([n + 0.5 for n in range(6)], abs=0.01)


@pytest.mark.parametrize(("one", "other"), [(True, False), (False, True)])
def test_where_one_has_no_sound_it_is_silent(
    make_video: VideoMaker, concat: Concat, tmp_path: Path, *, one: bool, other: bool
) -> None:
    mute = make_video("mute.mp4", size=(64, 36), count=24, paint=grey_clock, audio=False)
    loud = write_tone_video(tmp_path / "loud.mp4", seconds=1, at=0.5)

    path = concat(loud if one else mute, loud if other else mute)

    assert tone_starts(path) == pytest.approx([0.5 if one else 1.5], abs=0.05)
    assert len(audio_samples(path)) == pytest.approx(2 * 48_000, abs=3 * 1024)


def test_without_any_sound_there_is_no_track(make_video: VideoMaker, concat: Concat) -> None:
    mute = make_video("mute.mp4", count=12, paint=grey_clock, audio=False)
    assert not inspect_video(concat(mute, mute)).has_audio


def test_sound_that_begins_late_begins_late(concat: Concat, tmp_path: Path) -> None:
    first = write_tone_video(tmp_path / "a.mp4", seconds=2, at=0.2, offset=1)
    path = concat(first, write_tone_video(tmp_path / "b.mp4", seconds=1, at=0.5))

    assert tone_starts(path) == pytest.approx([1.2, 2.5], abs=0.01)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("content", [b"", b"not a video" * 100, "half"])
def test_what_is_no_video_is_refused_and_leaves_nothing(
    video: Path, concat: Concat, tmp_path: Path, which: int, content: bytes | str
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(video.read_bytes()[:20_000] if content == "half" else content)  # type: ignore[arg-type]

    with pytest.raises(NotAVideoError):
        concat(*((bad, video) if which == 0 else (video, bad)))

    assert [path.name for path in tmp_path.iterdir()] == ["bad.mp4"]


def test_damage_inside_costs_the_damaged_frames_alone(
    make_video: VideoMaker, concat: Concat, tmp_path: Path
) -> None:
    data = bytearray(make_video("detailed.mp4", size=(640, 360), count=48, paint=blocks).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)

    facts = inspect_video(concat(damaged, make_video("other.mp4", count=24, paint=grey_clock_from(30))))

    assert facts.duration_seconds == pytest.approx(3, abs=0.1)


def test_a_video_that_claims_to_last_for_days_is_refused(make_video: VideoMaker, concat: Concat) -> None:
    video = make_video("plain.mp4")
    endless = make_video("endless.mp4", count=3, times=[0, 40, 4_000_000], audio=False)

    with pytest.raises(NotAVideoError, match="longer than an hour"):
        concat(video, endless)


def test_it_stops_when_told_and_leaves_nothing(video: Path, concat: Concat, tmp_path: Path) -> None:
    calls = 0

    def stop_at_20() -> None:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise KeyError("enough")

    with pytest.raises(KeyError):
        concat(video, video, between_frames=stop_at_20)

    assert list(tmp_path.iterdir()) == []
    assert calls == 20


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_not_the_clips_fault(
    video: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "target.mp4").symlink_to("/dev/full")
    monkeypatch.setattr("videos.media.decoder.joining.atomic_write", nullcontext)

    with pytest.raises(OSError, match="No space left"):
        concat_videos(video, video, tmp_path / "target.mp4")


def test_colours_stay_when_the_sizes_mean_another_matrix(make_video: VideoMaker, concat: Concat) -> None:
    """Browsers read an untagged video by BT.601, and from 720 lines on by BT.709."""
    large = make_video("large.mp4", size=(1280, 720), count=3, yuv=(120, 128, 128), audio=False)
    small = make_video("small.mp4", size=(640, 360), count=3, yuv=(100, 100, 180), audio=False)

    path = concat(large, small)

    last = frames(path)[-1]
    assert last.colorspace == 1
    assert (last.width, last.height) == (1280, 720)
    y, cb, cr = (int(np.median(np.frombuffer(bytes(plane), np.uint8))) for plane in last.planes)
    seen, meant = _rgb(y, cb, cr, kr=0.2126, kb=0.0722), _rgb(100, 100, 180, kr=0.299, kb=0.114)
    assert seen == pytest.approx(meant, abs=3)


def _rgb(y: int, cb: int, cr: int, *, kr: float, kb: float) -> list[float]:
    luma, blue, red = (y - 16) / 219, (cb - 128) / 112, (cr - 128) / 112
    r, b = luma + red * (1 - kr), luma + blue * (1 - kb)
    return [255 * r, 255 * (luma - kr * r - kb * b) / (1 - kr - kb), 255 * b]
