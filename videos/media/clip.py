"""An MP4 on disk, opened so that a hostile or half-sent file does no harm: for the others here."""

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

# 8K. One decoded picture of this size takes about 50 MB, and a decoder may hold sixteen.
MAX_PICTURE_PIXELS = 8192 * 4320

# A clip with a fragment for every frame has thousands of boxes; a file with more than this is made to waste
# time.
MAX_BOXES = 200_000

# AVIF and HEIC pictures are built of the same boxes as an MP4 and would open as a clip of one frame.
STILL_PICTURE_BRANDS = frozenset(
    {b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
)


class NotAVideoError(ValueError):
    """The file is not a playable MP4. `str()` is one sentence for people, `detail` a line for operators."""

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
        """Seconds in one tick of the video track's timestamps."""
        return self.stream.time_base or Fraction(1, av.time_base)

    def seek(self, timestamp: int) -> None:
        """Go to the last keyframe at or before `timestamp` (ticks); the next frames come from there."""
        self.container.seek(timestamp, stream=self.stream)

    def keyframes(self) -> list[int]:
        """Decoding timestamps (ticks, rising) of the keyframes the file's index names; may be empty."""
        return [entry.timestamp for entry in self.stream.index_entries if entry.is_keyframe]


@contextmanager
def open_clip(path: Path) -> Iterator[Clip]:
    """Open the MP4 at `path` for reading, decoding on one thread.

    Raises NotAVideoError when its boxes are not those of a whole MP4, when it has no video track, and for
    every error of FFmpeg inside the block; OSError when the file cannot be read. FFmpeg is told the format,
    because left to guess it would also take a playlist, which makes it open other files and addresses.
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

    Each is the first frame that can be had cheaply inside its window, a keyframe if there is one, or the
    frame still on the screen when none begins inside it. Frames are decoded from the nearest keyframe on, so
    no frame is decoded twice. Raises NotAVideoError when nothing can be decoded.
    """
    keyframes = clip.keyframes()
    clip.seek(0)
    frames = forgiving_frames(clip)
    current = next(frames, None)
    if current is None:
        raise NotAVideoError(
            "The video cannot be decoded.", detail="no frame of the video track could be decoded"
        )
    ahead: VideoFrame | None = None
    origin = _ticks(current)
    for begin, end in windows:
        first, last = (origin + round(Fraction(moment) / clip.time_base) for moment in (begin, end))
        keyframe = _last_at_or_before(keyframes, last)
        if keyframe is not None and keyframe > _ticks(ahead or current):
            clip.seek(keyframe)
            frames = forgiving_frames(clip)
            current, ahead = next(frames, current), None
        while _ticks(current) < first:
            ahead = ahead or next(frames, None)
            if ahead is None or _ticks(ahead) > last:
                break
            current, ahead = ahead, None
        yield current


def forgiving_frames(clip: Clip) -> Iterator[VideoFrame]:
    """Yield the frames from here to the end in the order they are shown, leaving out what is damaged."""
    for packet in clip.container.demux(clip.stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        yield from (frame for frame in frames if frame.pts is not None)


def _ticks(frame: VideoFrame) -> int:
    return cast(int, frame.pts)


def _last_at_or_before(timestamps: list[int], limit: int) -> int | None:
    position = bisect_right(timestamps, limit)
    return timestamps[position - 1] if position else None


def _video_stream(container: InputContainer) -> VideoStream:
    """Return the first video track that is not cover art, set to decode on one thread with little memory."""
    for stream in container.streams.video:
        if stream.disposition & Disposition.attached_pic:
            continue
        if stream.codec_context is None:
            raise NotAVideoError(
                "The video is in a format that cannot be decoded.", detail="no decoder for the track"
            )
        if stream.width * stream.height > MAX_PICTURE_PIXELS:
            raise NotAVideoError(
                "The video's picture is too large.", detail=f"{stream.width}x{stream.height}"
            )
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MAX_PICTURE_PIXELS)}
        return stream
    raise NotAVideoError(
        "The file has no video track.", detail=f"tracks: {[s.type for s in container.streams]}"
    )


def _require_whole_mp4(path: Path) -> None:
    """Raise NotAVideoError unless the file is a row of MP4 boxes, `ftyp` first, the last ending where it
    ends.

    FFmpeg reads a file that was cut short without a complaint; the boxes give their lengths, so a cut shows
    here.
    """
    with path.open("rb") as file:
        if b"moov" not in set(_boxes(file)):
            raise _incomplete("no moov box")


def _boxes(file: BinaryIO) -> Iterator[bytes]:
    """Yield the type of each top-level box (ISO/IEC 14496-12, 4.2)."""
    end = file.seek(0, 2)
    offset = count = 0
    while offset < end:
        file.seek(offset)
        header = file.read(16)
        size, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if count == 0:
            _require_file_type(header)
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        elif size == 0:
            size = end - offset
        if len(header) < 8 or size < 8 or size > end - offset:
            raise _incomplete(f"box {kind!r} at byte {offset} of {end} claims {size} bytes")
        count += 1
        if count > MAX_BOXES:
            raise NotAVideoError("The file is not an MP4 video.", detail=f"more than {MAX_BOXES} boxes")
        yield kind
        offset += size
    if count == 0:
        raise NotAVideoError("The file is empty.", detail="0 bytes")


def _require_file_type(header: bytes) -> None:
    """Raise NotAVideoError unless `header`, the file's first 16 bytes, opens an `ftyp` box of a film."""
    if header[4:8] != b"ftyp":
        raise NotAVideoError("The file is not an MP4 video.", detail=f"starts with {header!r}")
    if header[8:12] in STILL_PICTURE_BRANDS:
        raise NotAVideoError("The file is a picture, not a video.", detail=f"brand {header[8:12]!r}")


def _incomplete(detail: str) -> NotAVideoError:
    return NotAVideoError("The video file is incomplete.", detail=detail)
