"""Opens an MP4 so that a hostile or truncated file does no harm; the other modules here build on it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, cast

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

# 8K. One decoded frame of this size takes about 50 MB, and a decoder may hold sixteen.
MAX_FRAME_PIXELS = 8192 * 4320

# A clip with a fragment for every frame has thousands of boxes; a file with more than this was made to waste
# time.
MAX_BOXES = 200_000

# AVIF and HEIC images are built of the same boxes as an MP4 and would open as a clip of one frame.
STILL_IMAGE_BRANDS = frozenset(
    {b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
)


class NotAVideoError(ValueError):
    """The file is not an MP4 that plays. `str()` is a sentence for people, `detail` a line for operators."""

    def __init__(self, message: str, *, detail: str) -> None:
        super().__init__(message)
        self.detail = detail


@dataclass(frozen=True)
class Clip:
    """An open MP4 and its first video track. Valid only inside `open_clip`."""

    container: InputContainer
    stream: VideoStream

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick of the video track's timestamps."""
        return self.stream.time_base or Fraction(1, av.time_base)

    def seek(self, timestamp: int) -> None:
        """Go to the last keyframe at or before `timestamp` (ticks); decoding continues from there."""
        self.container.seek(timestamp, stream=self.stream)

    def keyframes(self) -> list[int]:
        """Return the decoding timestamps (ticks, rising) of the keyframes in the index; may be empty."""
        return [entry.timestamp for entry in self.stream.index_entries if entry.is_keyframe]


@contextmanager
def open_clip(path: Path) -> Iterator[Clip]:
    """Open the MP4 at `path` for reading, with a decoder on one thread.

    Raises NotAVideoError when its boxes are not those of a whole MP4, when it has no video track, and for
    every error of FFmpeg inside the block; OSError when the file cannot be read. FFmpeg is told the format:
    left to guess, it would also take a playlist, which makes it open other files and addresses.
    """
    _require_whole_mp4(path)
    try:
        with av.open(f"file:{path}", "r", format="mp4", metadata_errors="replace") as container:
            yield Clip(container, _video_stream(container))
    except (av.FFmpegError, OverflowError) as error:
        raise NotAVideoError(
            "The video cannot be decoded.", detail=f"{type(error).__name__}: {error}"
        ) from error


def frames_within(clip: Clip, windows: list[tuple[float, float]]) -> Iterator[VideoFrame]:
    """Yield one frame for each of the rising, non-overlapping `windows` (seconds from the first frame).

    It is the cheapest one that begins inside its window, a keyframe if there is one, or the frame that is
    still displayed when none begins inside it. Decoding starts at the nearest keyframe, and no frame is
    decoded twice. Raises NotAVideoError when nothing can be decoded.
    """
    keyframes = clip.keyframes()
    clip.seek(0)
    frames = decode_valid_frames(clip)
    current = next(frames, None)
    if current is None:
        raise NotAVideoError(
            "The video cannot be decoded.", detail="no frame of the video track could be decoded"
        )
    ahead: VideoFrame | None = None
    first_pts = _pts(current)
    for window in windows:
        first, last = (first_pts + round(Fraction(seconds) / clip.time_base) for seconds in window)
        keyframe = _last_at_or_before(keyframes, last)
        if keyframe is not None and keyframe > _pts(ahead or current):
            clip.seek(keyframe)
            frames = decode_valid_frames(clip)
            current, ahead = next(frames, current), None
        while _pts(current) < first:
            ahead = ahead or next(frames, None)
            if ahead is None or _pts(ahead) > last:
                break
            current, ahead = ahead, None
        yield current


def decode_valid_frames(clip: Clip) -> Iterator[VideoFrame]:
    """Yield the frames from here to the end in the order they are displayed, leaving out damaged ones."""
    for packet in clip.container.demux(clip.stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        yield from (frame for frame in frames if frame.pts is not None)


def _pts(frame: VideoFrame) -> int:
    return cast(int, frame.pts)


def _last_at_or_before(timestamps: list[int], limit: int) -> int | None:
    position = bisect_right(timestamps, limit)
    return timestamps[position - 1] if position else None


def _video_stream(container: InputContainer) -> VideoStream:
    """Return the first video track that is not cover art, set to decode on one thread with limited memory."""
    for stream in container.streams.video:
        if stream.disposition & Disposition.attached_pic:
            continue
        if stream.codec_context is None:
            raise NotAVideoError(
                "The video is in a format that cannot be decoded.", detail="no decoder for the track"
            )
        if stream.width * stream.height > MAX_FRAME_PIXELS:
            raise NotAVideoError(
                "The video's picture is too large.", detail=f"{stream.width}x{stream.height}"
            )
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MAX_FRAME_PIXELS)}
        return stream
    raise NotAVideoError(
        "The file has no video track.", detail=f"tracks: {[s.type for s in container.streams]}"
    )


def _require_whole_mp4(path: Path) -> None:
    """Raise NotAVideoError unless the file is a sequence of MP4 boxes, `ftyp` first, that ends with the last.

    FFmpeg reads a truncated file without complaint; the boxes give their lengths, so truncation shows here.
    """
    with path.open("rb") as file:
        if b"moov" not in set(_boxes(file)):
            raise _incomplete_error("no moov box")


def _boxes(file: BinaryIO) -> Iterator[bytes]:
    """Yield the type of each top-level box (ISO/IEC 14496-12, 4.2)."""
    end = file.seek(0, 2)
    offset = count = 0
    while offset < end:
        file.seek(offset)
        header = file.read(16)
        size, box_type = int.from_bytes(header[:4], "big"), header[4:8]
        if count == 0:
            _require_mp4_brand(header)
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        elif size == 0:
            size = end - offset
        if len(header) < 8 or size < 8 or size > end - offset:
            raise _incomplete_error(f"box {box_type!r} at byte {offset} of {end} claims {size} bytes")
        count += 1
        if count > MAX_BOXES:
            raise NotAVideoError("The file is not an MP4 video.", detail=f"more than {MAX_BOXES} boxes")
        yield box_type
        offset += size
    if count == 0:
        raise NotAVideoError("The file is empty.", detail="0 bytes")


def _require_mp4_brand(header: bytes) -> None:
    """Raise NotAVideoError unless `header`, the file's first 16 bytes, opens an `ftyp` box of a video."""
    if header[4:8] != b"ftyp":
        raise NotAVideoError("The file is not an MP4 video.", detail=f"starts with {header!r}")
    if header[8:12] in STILL_IMAGE_BRANDS:
        raise NotAVideoError("The file is a picture, not a video.", detail=f"brand {header[8:12]!r}")


def _incomplete_error(detail: str) -> NotAVideoError:
    return NotAVideoError("The video file is incomplete.", detail=detail)
