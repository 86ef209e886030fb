"""Opens a video so that a hostile or truncated file does little harm; the other modules here build on it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videos.containers import AVI, MATROSKA, MP4, QUICKTIME, WEBM, Container
from videos.media.decoder.completeness import require_whole_video
from videos.media.errors import NotAVideoError

# 8K. One decoded frame of this size takes about 50 MB, and a decoder may hold sixteen.
MAX_FRAME_PIXELS = 8192 * 4320

# How many times as wide as high a pixel may be, or the other way round. Old discs have up to 2.
MAX_PIXEL_ASPECT = 8

MAX_STREAMS = 32  # a camera writes three or four
MAX_SAMPLES = 1_000_000  # of all tracks: an hour at 120 frames per second has about 600,000

# Pixels that may be decoded to reach the frames of one still image, or of one scrub sheet: 500 frames of
# 1920x1080. In a clip with few keyframes, the frames beyond that are not shown.
MAX_STILL_PIXELS = 1_000_000_000

# The demuxers to use. FFmpeg is told: left to guess, it would also take a playlist, which makes it open other
# files and addresses.
DEMUXERS = {MP4: "mp4", QUICKTIME: "mov", WEBM: "matroska", MATROSKA: "matroska", AVI: "avi"}


@dataclass
class Clip:
    """An open video file and its first video track. Valid only inside `open_clip`.

    `frames_left` is how many frames `frames_within` may still decode before it makes do with keyframes.
    """

    format: Container
    container: InputContainer
    stream: VideoStream
    frames_left: int

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick of the video track's timestamps."""
        return self.stream.time_base or Fraction(1, av.time_base)

    @property
    def has_sample_table(self) -> bool:
        """Whether the file lists every frame that it should have. Other containers list some, or none."""
        return self.format in (MP4, QUICKTIME)

    def seek(self, timestamp: int) -> None:
        """Go to the last keyframe at or before `timestamp` (ticks); decoding continues from there."""
        self.container.seek(timestamp, stream=self.stream)

    def keyframes(self) -> list[int]:
        """Return the decoding timestamps (ticks, rising) of the keyframes in the index; may be empty."""
        return [entry.timestamp for entry in self.stream.index_entries if entry.is_keyframe]


@contextmanager
def open_clip(path: Path) -> Iterator[Clip]:
    """Open the video at `path` for reading, with a decoder on one thread.

    Raises NotAVideoError when it is no whole file of a container that videos come in, when it has no video
    track, and for every error of FFmpeg inside the block; OSError when the file cannot be read.
    """
    format_ = require_whole_video(path)
    try:
        with av.open(
            f"file:{path}",
            "r",
            format=DEMUXERS[format_],
            options={"max_streams": str(MAX_STREAMS)},
            metadata_errors="replace",
        ) as container:
            stream = _video_stream(container)
            _check_sample_count(container)
            yield Clip(format_, container, stream, frames_within_pixels(stream, MAX_STILL_PIXELS))
    except (av.FFmpegError, OverflowError) as error:
        raise NotAVideoError(
            "The video cannot be decoded.", detail=f"{type(error).__name__}: {error}"
        ) from error


def frames_within(clip: Clip, windows: list[tuple[float, float]]) -> Iterator[VideoFrame]:
    """Yield one frame for each of the rising, non-overlapping `windows` (seconds from the first frame).

    It is the cheapest one that begins inside its window, a keyframe if there is one, or the frame that is
    still displayed when none begins inside it. Decoding starts at the nearest keyframe, and no frame is
    decoded twice. Once `clip.frames_left` is used up, it is the nearest keyframe before the window, or the
    frame before. Raises NotAVideoError when nothing can be decoded.
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
        while _pts(current) < first and clip.frames_left > 0:
            if ahead is None:
                clip.frames_left -= 1
                ahead = next(frames, None)
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


def frames_within_pixels(stream: VideoStream, pixels: int) -> int:
    """Return how many frames of the track have that many pixels together; at least 1."""
    return max(1, pixels // max(1, stream.width * stream.height))


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
        aspect = stream.sample_aspect_ratio or 1
        if not Fraction(1, MAX_PIXEL_ASPECT) <= aspect <= MAX_PIXEL_ASPECT:
            raise NotAVideoError("The video's pixels have an impossible shape.", detail=f"{aspect} to 1")
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MAX_FRAME_PIXELS)}
        return stream
    raise NotAVideoError(
        "The file has no video track.", detail=f"tracks: {[s.type for s in container.streams]}"
    )


def _check_sample_count(container: InputContainer) -> None:
    samples = sum(len(stream.index_entries) for stream in container.streams)
    if samples > MAX_SAMPLES:
        raise NotAVideoError("The video has too many frames.", detail=f"{samples} samples")
