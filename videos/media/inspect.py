"""What a finished video file really is. Nothing a server said about it is believed."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from videos.media.clip import Clip, NotAVideoError, open_clip

__all__ = ["NotAVideoError", "VideoFacts", "inspect_video"]

# x264's own longest distance between keyframes is 250 frames. Past this one the last keyframe alone must do,
# so that a long clip with a single keyframe is not decoded from end to end.
MAX_FRAMES_TO_THE_LAST = 600


@dataclass(frozen=True)
class VideoFacts:
    """Measured facts of one video file.

    `width` and `height` are pixels as shown (rotation and pixel shape applied), `duration_seconds` the length
    of the video track, `frame_count` the frames shown, `sha256` 64 lowercase hexadecimal digits of the whole
    file.
    """

    width: int
    height: int
    duration_seconds: float
    frame_count: int
    has_audio: bool
    byte_count: int
    sha256: str


@dataclass
class Tally:
    """What one pass over the packets found. Times are in ticks of the video track's time base."""

    packets: Counter[int] = field(default_factory=Counter)
    shown: int = 0
    start: int | None = None
    end: int = 0
    last_keyframe: int = 0
    since_keyframe: int = 0

    def add(self, packet: Packet[Stream]) -> None:
        self.since_keyframe = 0 if packet.is_keyframe else self.since_keyframe + 1
        if packet.pts is None:
            return
        if packet.is_keyframe:
            self.last_keyframe = packet.pts
        if not packet.is_discard:
            self.shown += 1
            self.start = packet.pts if self.start is None else min(self.start, packet.pts)
            self.end = max(self.end, packet.pts + (packet.duration or 0))


def inspect_video(path: Path) -> VideoFacts:
    """Measure the file at `path`, having made sure that it is a whole MP4 that plays.

    Every packet is read to the end and the first and the last frame are decoded; the frames between are not,
    so damage inside them is not found. Memory does not grow with the file. Raises NotAVideoError when it is
    anything else or cut short, OSError when it cannot be read. A fragmented MP4 cut exactly between two
    fragments is a shorter, whole MP4: only whoever knows the length sent can tell.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with open_clip(path) as clip:
        tally = read_every_packet(clip)
        frame = _decode_both_ends(clip, tally)
        width, height = shown_size(clip, frame)
        return VideoFacts(
            width=width,
            height=height,
            duration_seconds=_duration(clip, tally),
            frame_count=tally.shown,
            has_audio=bool(clip.container.streams.audio),
            byte_count=path.stat().st_size,
            sha256=sha256,
        )


def shown_size(clip: Clip, frame: VideoFrame) -> tuple[int, int]:
    """Return width and height in pixels as a player shows `frame`: pixel shape and rotation applied."""
    shape = clip.stream.sample_aspect_ratio or 1
    width, height = max(1, round(frame.width * shape)), frame.height
    return (height, width) if frame.rotation % 180 else (width, height)


def read_every_packet(clip: Clip) -> Tally:
    """Demux to the end. Raises NotAVideoError when a track's samples are cut short or missing."""
    tally = Tally()
    for packet in clip.container.demux():
        if packet.is_corrupt:
            raise NotAVideoError("The video file is incomplete.", detail=f"short packet at byte {packet.pos}")
        if packet.dts is None and not packet.size:
            continue  # PyAV's sign that a track has ended
        tally.packets[packet.stream_index] += 1
        if packet.stream_index == clip.stream.index:
            tally.add(packet)
    for stream in clip.container.streams:
        found, promised = tally.packets[stream.index], len(stream.index_entries)
        if found < promised:
            detail = f"{found} of {promised} samples of the {stream.type} track are there"
            raise NotAVideoError("The video file is incomplete.", detail=detail)
    if not tally.shown:
        raise NotAVideoError("The video has no frames.", detail="no packet of the video track is shown")
    return tally


def _decode_both_ends(clip: Clip, tally: Tally) -> VideoFrame:
    """Decode the first and the last frame and return the first. Raises NotAVideoError or FFmpeg's error."""
    clip.seek(tally.start or 0)
    first = next(clip.container.decode(clip.stream), None)
    clip.seek(tally.last_keyframe)
    tail = clip.container.decode(clip.stream)
    if tally.since_keyframe > MAX_FRAMES_TO_THE_LAST:
        tail = islice(tail, 1)
    last = deque(tail, maxlen=1)
    if first is None or not last:
        raise NotAVideoError(
            "The video cannot be decoded.", detail="the first or the last frame gave no picture"
        )
    return first


def _duration(clip: Clip, tally: Tally) -> float:
    """Return the video track's length in seconds: what its packets span, else what its header says."""
    ticks = tally.end - (tally.start or 0) or clip.stream.duration or 0
    return float(ticks * clip.time_base)
