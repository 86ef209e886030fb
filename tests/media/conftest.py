"""Real videos and images, made on the spot: the media code is never given a file that only pretends."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
import pillow_heif
import pytest
from av.audio.stream import AudioStream
from av.container import OutputContainer
from django.conf import settings
from numpy.typing import NDArray
from PIL import Image

if not settings.configured and not os.environ.get("DJANGO_SETTINGS_MODULE"):
    settings.configure()  # the media code needs Django's defaults and nothing of ours

pillow_heif.register_heif_opener()

Picture = NDArray[np.uint8]
Painter = Callable[[int, int, int], Picture]

FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof"

IDENTITY = bytes.fromhex("00010000 00000000 00000000 00000000 00010000 00000000 00000000 00000000 40000000")
# What a phone held upright writes: turn the picture a quarter clockwise to show it.
QUARTER_CLOCKWISE = bytes.fromhex(
    "00000000 00010000 00000000 ffff0000 00000000 00000000 00b40000 00000000 40000000"
)


def blocks(index: int, width: int, height: int) -> Picture:
    """Paint moving blocks of many colours: a picture with contrast everywhere."""
    random = np.random.default_rng(7)
    base = random.integers(0, 255, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    large = base.repeat(8, 0).repeat(8, 1)[:height, :width]
    return np.ascontiguousarray(np.roll(large, index * 3, 1))


def grey_clock(index: int, width: int, height: int) -> Picture:
    """Paint a flat grey that tells the frame's number: 4 steps of brightness for each frame, from 20 on."""
    return np.full((height, width, 3), min(250, 20 + 4 * index), np.uint8)


def red_top_left(index: int, width: int, height: int) -> Picture:
    """Paint blue with a red quarter at the top left."""
    picture = np.full((height, width, 3), (0, 0, 255), np.uint8)
    picture[: height // 2, : width // 2] = (255, 0, 0)
    return picture


class VideoMaker(Protocol):
    def __call__(self, name: str = ..., **how: Any) -> Path: ...


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> VideoMaker:
    folder = tmp_path_factory.mktemp("videos")

    def make(name: str = "video.mp4", **how: Any) -> Path:
        return write_video(folder / name, **how)

    return make


@pytest.fixture(scope="session")
def video(make_video: VideoMaker) -> Path:
    """Two seconds, 320x180, 24 frames per second, audio, index in front."""
    return make_video("plain.mp4")


def write_video(
    path: Path,
    *,
    size: tuple[int, int] = (320, 180),
    count: int = 48,
    paint: Painter = blocks,
    audio: bool = True,
    movflags: str = "faststart",
    keyframe_every: int = 12,
    times: list[int] | None = None,
    yuv: tuple[int, int, int] | None = None,
) -> Path:
    """Write a video of `count` frames at 24 per second, or displayed at `times` (ms), or in colour `yuv`."""
    width, height = size
    with av.open(
        str(path), "w", format="mp4", options={"movflags": movflags} if movflags else {}
    ) as container:
        video: Any = container.add_stream("libx264", rate=1000 if times else 24)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"crf": "4"}  # close to exact, for the tests that read numbers off brightness
        video.gop_size = keyframe_every
        video.thread_count = 1
        sound = container.add_stream("aac", rate=48000, layout="mono") if audio else None
        for index in range(count):
            frame = flat(yuv, size) if yuv else av.VideoFrame.from_ndarray(paint(index, width, height))
            frame.pts = times[index] if times else index
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            write_silence(container, sound, seconds=count / 24)
    return path


def flat(yuv: tuple[int, int, int], size: tuple[int, int]) -> av.VideoFrame:
    """Return a frame of one colour, given as the very Y, Cb and Cr to be stored."""
    width, height = size
    planes = np.full((height * 3 // 2, width), yuv[0], np.uint8)
    planes[height : height * 5 // 4] = yuv[1]
    planes[height * 5 // 4 :] = yuv[2]
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def write_silence(container: OutputContainer, sound: AudioStream, *, seconds: float) -> None:
    for position in range(0, max(1024, int(48000 * seconds)), 1024):
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate, silence.pts = 48000, position
        container.mux(sound.encode(silence))
    container.mux(sound.encode(None))


def rotate_to_portrait(path: Path, target: Path) -> Path:
    """Copy the video at `path` with the display matrix that a phone held upright writes."""
    data = path.read_bytes()
    head, track = data.split(b"tkhd", 1)
    assert IDENTITY in track
    target.write_bytes(head + b"tkhd" + track.replace(IDENTITY, QUARTER_CLOCKWISE, 1))
    return target


def encode_image(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return `image` as the bytes of a `kind` ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def colourful_image(width: int = 320, height: int = 180) -> Image.Image:
    return Image.fromarray(blocks(0, width, height))
