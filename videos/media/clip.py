"""Opens a video so that a hostile or truncated file does no harm; the other modules here build on it."""

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
from videos.media.completeness import require_whole_video
from videos.media.errors import NotAVideoError

__all__ = ["Clip", "NotAVideoError", "decode_valid_frames", "frames_within", "open_clip"]

# 8K. One decoded frame of this size takes about 50 MB, and a decoder may hold sixteen.
MAX_FRAME_PIXELS = 8192 * 4320

# The demuxers to use. FFmpeg is told: left to guess, it would also take a playlist, which makes it open other
# files and addresses.
DEMUXERS = {MP4: "mp4", QUICKTIME: "mov", WEBM: "matroska", MATROSKA: "matroska", AVI: "avi"}


@dataclass(frozen=True)
class Clip:
    """An open video file and its first video track. Valid only inside `open_clip`."""

    format: Container
    container: InputContainer
    stream: VideoStream

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
        with av.open(f"file:{path}", "r", format=DEMUXERS[format_], metadata_errors="replace") as container:
            yield Clip(format_, container, _video_stream(container))
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
