from __future__ import annotations

import hashlib
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.media.conftest import FRAGMENTED, VideoMaker, encode_image, rotate_to_portrait, write_silence
from videos.containers import MP4
from videos.media.decoder.inspection import inspect_video
from videos.media.errors import NotAVideoError
from videos.media.facts import VideoFacts

LAYOUTS = {"index in front": "faststart", "index at the end": "", "fragmented": FRAGMENTED}


def test_it_measures_a_video(video: Path) -> None:
    content = video.read_bytes()

    facts = inspect_video(video)

    assert facts == VideoFacts(
        width=320,
        height=180,
        duration_seconds=2.0,
        frame_count=48,
        has_audio=True,
        byte_count=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        container=MP4,
        codec="h264",
        pixel_format="yuv420p",
        bit_depth=8,
        audio_codecs=("aac",),
    )
    assert video.read_bytes() == content


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_takes_every_layout_of_an_mp4(make_video: VideoMaker, layout: str) -> None:
    facts = inspect_video(make_video(f"layout-{layout}.mp4", movflags=LAYOUTS[layout]))

    assert (facts.width, facts.height, facts.frame_count) == (320, 180, 48)
    assert facts.duration_seconds == pytest.approx(2.0, abs=0.05)


def test_it_says_when_there_is_no_sound(make_video: VideoMaker) -> None:
    assert not inspect_video(make_video("silent.mp4", audio=False)).has_audio


def test_it_gives_the_size_as_shown(make_video: VideoMaker, tmp_path: Path) -> None:
    turned = rotate_to_portrait(make_video("for-turning.mp4"), tmp_path / "turned.mp4")

    facts = inspect_video(turned)

    assert (facts.width, facts.height) == (180, 320)


def test_it_takes_a_portrait(make_video: VideoMaker) -> None:
    facts = inspect_video(make_video("portrait.mp4", size=(180, 320), count=12))

    assert (facts.width, facts.height) == (180, 320)


def test_it_takes_a_single_frame(make_video: VideoMaker) -> None:
    facts = inspect_video(make_video("single.mp4", count=1, audio=False))

    assert facts.frame_count == 1
    assert facts.duration_seconds == pytest.approx(1 / 24, abs=0.001)


def test_it_measures_uneven_frames_by_their_times(make_video: VideoMaker) -> None:
    video = make_video("uneven.mp4", count=5, times=[0, 40, 1000, 1010, 3000], audio=False)

    facts = inspect_video(video)

    assert facts.frame_count == 5
    assert 3.0 <= facts.duration_seconds <= 5.0


def test_it_decodes_a_long_stretch_without_keyframes(make_video: VideoMaker) -> None:
    facts = inspect_video(
        make_video("stretch.mp4", size=(64, 64), count=700, keyframe_every=1000, audio=False)
    )

    assert facts.frame_count == 700


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99, 1.0])
def test_it_refuses_a_video_cut_short(
    make_video: VideoMaker, tmp_path: Path, layout: str, share: float
) -> None:
    whole = make_video(f"layout-{layout}.mp4", movflags=LAYOUTS[layout]).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: min(int(len(whole) * share), len(whole) - 1)])

    with pytest.raises(NotAVideoError, match="incomplete") as refusal:
        inspect_video(cut)

    assert refusal.value.detail


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99, 1.0])
def test_it_refuses_missing_samples_when_no_box_tells(video: Path, tmp_path: Path, share: float) -> None:
    whole = video.read_bytes()
    # A length of 0 means "to the end of the file", so that only the missing samples betray the cut.
    at = whole.index(b"mdat") - 4
    endless = whole[:at] + bytes(4) + whole[at + 4 :]
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(endless)
    assert inspect_video(cut).frame_count == 48
    samples = len(whole) - at - 8
    cut.write_bytes(endless[: at + 8 + min(int(samples * share), samples - 1)])

    with pytest.raises(NotAVideoError, match="incomplete"):
        inspect_video(cut)


def test_it_refuses_missing_samples_after_a_cut_between_two(video: Path, tmp_path: Path) -> None:
    whole = video.read_bytes()
    at = whole.index(b"mdat") - 4
    with av.open(str(video)) as container:
        last = max(packet.pos for packet in container.demux() if packet.pos is not None)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes((whole[:at] + bytes(4) + whole[at + 4 :])[:last])

    with pytest.raises(NotAVideoError, match="incomplete") as refusal:
        inspect_video(cut)

    assert "samples" in refusal.value.detail


def test_it_refuses_a_cut_between_a_fragment_and_its_samples(make_video: VideoMaker, tmp_path: Path) -> None:
    whole = make_video("layout-fragmented.mp4", movflags=FRAGMENTED).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: whole.rindex(b"mdat") - 4])

    with pytest.raises(NotAVideoError, match="incomplete"):
        inspect_video(cut)


def test_it_refuses_a_video_whose_samples_are_zeros(video: Path, tmp_path: Path) -> None:
    whole = video.read_bytes()
    start = whole.index(b"mdat") + 4
    hollow = tmp_path / "hollow.mp4"
    hollow.write_bytes(whole[:start] + bytes(len(whole) - start))

    with pytest.raises(NotAVideoError, match="cannot be decoded"):
        inspect_video(hollow)


PRETENDERS = {
    "nothing": b"",
    "a byte": b"\0",
    "zeros": bytes(5000),
    "noise": bytes(range(256)) * 40,
    "a page": b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
    "a reply": b'{"error": {"message": "Video not ready", "code": 404}}',
    "a playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
    "only a beginning": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41",
    "an endless box": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\xff\xff\xff\xffmoov",
    "a picture": encode_image(Image.new("RGB", (64, 64)), "PNG"),
}


@pytest.mark.parametrize("kind", PRETENDERS)
def test_it_refuses_what_is_no_mp4(tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str) -> None:
    pretender = tmp_path / "video.mp4"
    pretender.write_bytes(PRETENDERS[kind])

    with pytest.raises(NotAVideoError) as refusal:
        inspect_video(pretender)

    assert str(refusal.value).endswith(".")
    assert refusal.value.detail
    assert capfd.readouterr() == ("", "")


def test_it_refuses_a_still_picture_in_boxes(tmp_path: Path) -> None:
    still = tmp_path / "video.mp4"
    still.write_bytes(encode_image(Image.new("RGB", (64, 64)), "AVIF"))

    with pytest.raises(NotAVideoError, match="picture"):
        inspect_video(still)


def test_it_refuses_sound_alone(tmp_path: Path) -> None:
    song = tmp_path / "song.mp4"
    with av.open(str(song), "w", format="mp4") as container:
        write_silence(container, container.add_stream("aac", rate=48000, layout="mono"), seconds=1)

    with pytest.raises(NotAVideoError, match="no video track"):
        inspect_video(song)


def test_it_leaves_a_missing_file_to_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        inspect_video(tmp_path / "gone.mp4")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8))
def test_it_judges_any_damage_without_another_error(
    video: Path, tmp_path: Path, edits: list[tuple[int, int]]
) -> None:
    damaged = bytearray(video.read_bytes())
    for position, value in edits:
        damaged[position] = value
    path = tmp_path / "damaged.mp4"
    path.write_bytes(damaged)

    try:
        facts = inspect_video(path)
    except NotAVideoError:
        return
    assert facts.frame_count > 0
    assert facts.byte_count == len(damaged)
