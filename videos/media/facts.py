"""What is found out about a file, as values. No FFmpeg, no Pillow, no Django: all sides use them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from videos.containers import MP4, Container

POSTER_TYPE = "image/webp"
SCRUB_TYPE = "image/jpeg"
THUMBNAIL_TYPE = "image/webp"
THUMBNAIL_SIDE = 480  # pixels: twice what a grid shows, for sharp screens

# Of an image that a page sends as it is: what is taken of every format. Of those that take less memory to
# decode it may be more. All are scaled to a side of 4096 anyway.
MAX_UPLOAD_PIXELS = 25_000_000

# FFmpeg's names of codecs, as people know them. Others are shown as FFmpeg names them.
CODEC_NAMES = {
    "av1": "AV1",
    "ffv1": "FFV1",
    "h264": "H.264",
    "hevc": "HEVC",
    "mjpeg": "Motion JPEG",
    "mpeg4": "MPEG-4 Visual",
    "prores": "ProRes",
    "rawvideo": "uncompressed",
    "vp8": "VP8",
    "vp9": "VP9",
}

# What every browser plays, on every system, in an MP4.
BROWSER_CODEC = "h264"
BROWSER_PIXEL_FORMATS = frozenset({"yuv420p", "yuvj420p"})
BROWSER_AUDIO_CODECS = frozenset({"aac", "mp3", "mp3float"})


@dataclass(frozen=True)
class VideoFacts:
    """Measured facts of one video file.

    `width` and `height` are the display size in pixels (sample aspect ratio and rotation applied),
    `duration_seconds` the length of the video track, `frame_count` the number of displayed frames, `sha256`
    64 lowercase hexadecimal digits of the whole file. `codec`, `pixel_format` and `audio_codecs` are FFmpeg's
    names, `bit_depth` is that of one colour component.
    """

    width: int
    height: int
    duration_seconds: float
    frame_count: int
    has_audio: bool
    byte_count: int
    sha256: str
    container: Container
    codec: str
    pixel_format: str
    bit_depth: int
    audio_codecs: tuple[str, ...] = ()

    @property
    def codec_name(self) -> str:
        """The codec as people know it, with what sets it apart from the usual: "HEVC", "H.264 10-bit"."""
        name = CODEC_NAMES.get(self.codec, self.codec)
        if self.codec in ("h264", "hevc", "vp9", "av1"):
            if self.bit_depth > 8:
                return f"{name} {self.bit_depth}-bit"
            if self.codec == BROWSER_CODEC and self.pixel_format not in BROWSER_PIXEL_FORMATS:
                return f"{name} {self.pixel_format}"
        return name

    @property
    def plays_in_browsers(self) -> bool:
        """Whether every browser plays it."""
        return (
            self.container is MP4
            and self.codec == BROWSER_CODEC
            and self.pixel_format in BROWSER_PIXEL_FORMATS
            and BROWSER_AUDIO_CODECS.issuperset(self.audio_codecs)
        )


@dataclass(frozen=True)
class ScrubSheet:
    """The layout of a sprite sheet: `count` tiles in reading order, `columns` to a row, sizes in pixels."""

    columns: int
    rows: int
    count: int
    tile_width: int
    tile_height: int


@dataclass(frozen=True)
class Reference:
    """A clean image: encoded bytes, their type and file extension (no dot), width and height in pixels.

    `thumbnail` is the same image as a WebP, its longer side at most 480 px; empty for one that is only sent.
    """

    content: bytes
    content_type: str
    extension: str
    width: int
    height: int
    thumbnail: bytes = b""


def parse_size(size: str) -> tuple[int, int]:
    """Return width and height of a size such as "1280x720". Raises ValueError when it is not one."""
    match = re.fullmatch(r"([1-9][0-9]{1,3})x([1-9][0-9]{1,3})", size)
    if match is None:
        raise ValueError(f"not a size such as 1280x720: {size!r}")
    return int(match[1]), int(match[2])
