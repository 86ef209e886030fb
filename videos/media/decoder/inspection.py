"""Measures what a finished video file really is. Nothing that a server said about it is believed."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from videos.media.decoder.clip import (
    MAX_FRAME_PIXELS,
    MAX_SAMPLES,
    Clip,
    frames_within_pixels,
    open_clip,
)
from videos.media.decoder.completeness import incomplete_error
from videos.media.errors import NotAVideoError
from videos.media.facts import VideoFacts

# x264's own longest GOP is 250 frames. In a longer one only the last keyframe is decoded, so that a long clip
# with a single keyframe is not decoded from end to end.
MAX_TAIL_FRAMES = 600
MAX_TAIL_PIXELS = 1_000_000_000  # of all those frames: 480 of 1920x1080

# Of the picture as it is displayed, which a pixel's shape can make larger than it is stored.
MAX_SIDE = 16_384


@dataclass
class PacketStats:
    """What one pass over the packets found. Timestamps are in ticks of the video track's time base.

    `packets` counts them by stream index, `frame_count` the displayed frames, `since_keyframe` the packets
    after the last keyframe.
    """

    packets: Counter[int] = field(default_factory=Counter)
    frame_count: int = 0
    start: int | None = None
    end: int = 0
    last_keyframe: int = 0
    since_keyframe: int = 0

    def add(self, packet: Packet[Stream]) -> None:
        """Count a packet of the video track."""
        self.since_keyframe = 0 if packet.is_keyframe else self.since_keyframe + 1
        pts = packet.dts if packet.pts is None else packet.pts  # AVI knows only the order of decoding
        if pts is None:
            return
        if packet.is_keyframe:
            self.last_keyframe = pts
        if not packet.is_discard:
            self.frame_count += 1
            self.start = pts if self.start is None else min(self.start, pts)
            self.end = max(self.end, pts + (packet.duration or 0))


def inspect_video(path: Path) -> VideoFacts:
    """Measure the file at `path`, having made sure that it is a whole video that plays.

    Every packet is read and the first and the last frame are decoded; the frames between are not, so damage
    inside them is not found. Memory does not grow with the file. Raises NotAVideoError when it is anything
    else or truncated, OSError when it cannot be read. A fragmented MP4 that was cut exactly between two
    fragments is a shorter, whole MP4: only someone who knows the length that was sent can tell.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with open_clip(path) as clip:
        stats = scan_packets(clip)
        frame = _decode_both_ends(clip, stats)
        width, height = display_size(clip, frame)
        return VideoFacts(
            width=width,
            height=height,
            duration_seconds=_duration(clip, stats),
            frame_count=stats.frame_count,
            has_audio=bool(clip.container.streams.audio),
            byte_count=path.stat().st_size,
            sha256=sha256,
            container=clip.format,
            codec=clip.stream.codec_context.codec.canonical_name,
            pixel_format=frame.format.name,
            bit_depth=frame.format.components[0].bits,
            audio_codecs=tuple(
                stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
                for stream in clip.container.streams.audio
            ),
        )


def display_size(clip: Clip, frame: VideoFrame) -> tuple[int, int]:
    """Return width and height in pixels as a player displays `frame`: aspect ratio and rotation applied.

    Raises NotAVideoError when that is larger than any picture.
    """
    aspect_ratio = clip.stream.sample_aspect_ratio or 1
    width, height = max(1, round(frame.width * aspect_ratio)), frame.height
    if max(width, height) > MAX_SIDE or width * height > MAX_FRAME_PIXELS:
        raise NotAVideoError("The video's picture is too large.", detail=f"displayed as {width}x{height}")
    return (height, width) if frame.rotation % 180 else (width, height)


def scan_packets(clip: Clip) -> PacketStats:
    """Demux the whole clip. Raises NotAVideoError when a track's samples are cut short or missing."""
    stats = PacketStats()
    for count, packet in enumerate(clip.container.demux()):
        if count > MAX_SAMPLES:
            raise NotAVideoError("The video has too many frames.", detail=f"more than {MAX_SAMPLES} packets")
        if packet.is_corrupt:
            raise incomplete_error(f"short packet at byte {packet.pos}")
        if packet.dts is None and not packet.size:
            continue  # PyAV's sign that a track has ended
        stats.packets[packet.stream_index] += 1
        if packet.stream_index == clip.stream.index:
            stats.add(packet)
    for stream in clip.container.streams if clip.has_sample_table else ():
        found, promised = stats.packets[stream.index], len(stream.index_entries)
        if found < promised:
            detail = f"{found} of {promised} samples of the {stream.type} track are there"
            raise incomplete_error(detail)
    if not stats.frame_count:
        raise NotAVideoError("The video has no frames.", detail="no packet of the video track is displayed")
    return stats


def _decode_both_ends(clip: Clip, stats: PacketStats) -> VideoFrame:
    """Decode the first and the last frame and return the first. Raises NotAVideoError or FFmpeg's error."""
    clip.seek(stats.start or 0)
    first = next(clip.container.decode(clip.stream), None)
    clip.seek(stats.last_keyframe)
    tail = clip.container.decode(clip.stream)
    if stats.since_keyframe > min(MAX_TAIL_FRAMES, frames_within_pixels(clip.stream, MAX_TAIL_PIXELS)):
        tail = islice(tail, 1)
    last = deque(tail, maxlen=1)
    if first is None or not last:
        raise NotAVideoError(
            "The video cannot be decoded.", detail="the first or the last frame gave no picture"
        )
    return first


def _duration(clip: Clip, stats: PacketStats) -> float:
    """Return the video track's length in seconds: what its packets span, else what its header says."""
    ticks = stats.end - (stats.start or 0) or clip.stream.duration or 0
    return float(ticks * clip.time_base)
