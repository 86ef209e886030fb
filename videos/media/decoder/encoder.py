"""Writes clips into one MP4 (H.264, AAC): what joining two clips and copying one have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from videos.media.decoder.clip import Clip, decode_valid_frames
from videos.media.decoder.frames import FrameScaler
from videos.media.decoder.inspection import PacketStats, scan_packets
from videos.media.decoder.soundtrack import BIT_RATE, SAMPLE_RATE, ClipAudio, Soundtrack, audio_stream
from videos.media.errors import NotAVideoError

ENCODER_THREADS = 2  # each costs the memory of a frame

MAX_SECONDS = 3600  # of one clip; one that claims to be longer was made to waste time
DEFAULT_FRAME_RATE = Fraction(24)  # frames per second, of a clip that does not say
MIN_TICKS_PER_SECOND = 10_000  # of the time base, so that variable frame rates are kept
MAX_AUDIO_LAG = 5  # seconds that a clip's audio may lie behind its frames in the file


@dataclass(frozen=True)
class Part:
    """One of the clips, scanned once. Timestamps are in ticks of its video track's time base."""

    clip: Clip
    stats: PacketStats
    opening: Sequence[VideoFrame]  # the first two frames, or the only one
    audio: AudioStream | None

    @classmethod
    def open(cls, clip: Clip) -> Part:
        """Scan the clip. Raises NotAVideoError when it cannot be decoded or is too long."""
        stats = scan_packets(clip)
        clip.seek(stats.start or 0)
        opening = list(islice(decode_valid_frames(clip), 2))
        if not opening:
            raise NotAVideoError("The video cannot be decoded.", detail="no frame could be decoded")
        if (stats.end - (stats.start or 0)) * clip.time_base > MAX_SECONDS:
            raise NotAVideoError("The video is longer than an hour.", detail=f"ends at tick {stats.end}")
        return cls(clip, stats, opening, audio_stream(clip.container))

    @property
    def frame_rate(self) -> Fraction:
        """Frames per second."""
        rate = self.clip.stream.average_rate or self.clip.stream.guessed_rate
        if rate is None or not 1 <= rate <= 240:
            return DEFAULT_FRAME_RATE
        return Fraction(rate).limit_denominator(1001)


class Output:
    """The file that is written: one video track with rising timestamps, and the soundtrack.

    `options` are those of x264. `frame_ticks` is the duration of a frame in ticks of `time_base`, `last_tick`
    where the last one is shown.
    """

    def __init__(
        self,
        container: OutputContainer,
        parts: Sequence[Part],
        size: tuple[int, int],
        matrix: int,
        options: Mapping[str, str],
    ) -> None:
        rate = parts[0].frame_rate
        factor = math.ceil(MIN_TICKS_PER_SECOND / rate.numerator)
        self.frame_ticks = rate.denominator * factor
        self.time_base = Fraction(1, rate.numerator * factor)
        self.last_tick = -1
        self._container = container
        self._video: VideoStream = container.add_stream("libx264", rate=rate, options=dict(options))
        context = self._video.codec_context
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = self.time_base
        context.thread_count = ENCODER_THREADS
        source = parts[0].clip.stream.codec_context
        context.colorspace, context.color_range = matrix, 1  # limited range
        context.color_primaries, context.color_trc = source.color_primaries, source.color_trc
        self.soundtrack = self._add_soundtrack([part.audio for part in parts if part.audio])

    def _add_soundtrack(self, tracks: Sequence[AudioStream]) -> Soundtrack | None:
        if not tracks:
            return None
        layout = "stereo" if max(track.channels for track in tracks) > 1 else "mono"
        stream = self._container.add_stream("aac", rate=SAMPLE_RATE, layout=layout)
        stream.codec_context.bit_rate = BIT_RATE
        return Soundtrack(stream, self._mux)

    def show(self, frame: VideoFrame, tick: int) -> bool:
        """Show `frame` from `tick` on. Returns False where another is already shown then or later."""
        if tick <= self.last_tick:
            return False
        self.last_tick = tick
        frame.pts, frame.time_base, frame.duration = tick, self.time_base, self.frame_ticks
        frame.pict_type = PictureType.NONE  # else the encoder would repeat the original's choices
        self._mux(self._video.encode(frame))
        return True

    def finish(self) -> None:
        """Flush the encoders."""
        self._mux(self._video.encode(None))
        if self.soundtrack:
            self.soundtrack.finish()

    def _mux(self, packets: Sequence[Packet[Any]]) -> None:
        with _as_os_errors():
            self._container.mux(packets)


class ClipWriter:
    """Writes one clip to the output, from `start` (seconds of the output) on.

    The first clip keeps the timestamps of its frames; the next is converted to the output's frame rate.
    """

    def __init__(
        self,
        output: Output,
        part: Part,
        scaler: FrameScaler,
        first_pts: int,
        start: Fraction,
        *,
        is_first: bool,
    ) -> None:
        self._output, self._part, self._scaler = output, part, scaler
        self._origin = first_pts * part.clip.time_base  # seconds of the clip
        duration = (part.stats.end - first_pts) * part.clip.time_base
        self._start = start
        self._start_tick = max(round(start / output.time_base), output.last_tick + 1)
        self.end = start + max(duration, Fraction(0))
        self._keeps_timestamps = is_first
        self._pending: tuple[int, VideoFrame] | None = None
        self._clip_audio = ClipAudio(output.soundtrack.layout) if output.soundtrack else None
        self._last_frame: VideoFrame | None = None

    def run(self, between_frames: Callable[[], None]) -> VideoFrame | None:
        """Decode and write all of the clip. Returns the last frame shown."""
        clip = self._part.clip
        clip.seek(self._part.stats.start or 0)
        tracks: list[VideoStream | AudioStream] = [clip.stream]
        if self._part.audio:
            tracks.append(self._part.audio)
        for packet in clip.container.demux(*tracks):
            between_frames()
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame):
                    self._add_video(frame)
                elif isinstance(frame, AudioFrame):
                    self._add_audio(frame)
        if self._pending is not None:  # shown once at least, however short
            end_tick = round(self.end / self._output.time_base)
            self._flush_pending(until=max(end_tick, self._pending[0] + 1))
        self._add_audio(None)
        if self._output.soundtrack:
            self._output.soundtrack.fill(self._sample(self.end))
        return self._last_frame

    def _add_video(self, frame: VideoFrame) -> None:
        if frame.pts is None:
            return
        seconds = frame.pts * self._part.clip.time_base - self._origin
        if seconds < 0:
            return
        if self._keeps_timestamps:
            tick = self._start_tick + round(seconds / self._output.time_base)
            self._show(tick, self._scaler(frame))
            return
        step = self._output.frame_ticks
        tick = self._start_tick + round(seconds / (step * self._output.time_base)) * step
        self._flush_pending(until=tick)
        self._pending = tick, self._scaler(frame)

    def _flush_pending(self, *, until: int) -> None:
        """Repeat the pending frame up to the tick `until`, for a second at most."""
        if self._pending is None:
            return
        tick, frame = self._pending
        self._pending = None
        one_second = round(1 / self._output.time_base)
        for repeated in range(tick, min(until, tick + one_second), self._output.frame_ticks):
            self._show(repeated, frame)

    def _show(self, tick: int, frame: VideoFrame) -> None:
        if self._output.show(frame, tick):
            self._last_frame = frame
        if self._output.soundtrack:
            # Otherwise the muxer would buffer all frames of a clip whose audio ends early.
            reached = self._sample(tick * self._output.time_base - MAX_AUDIO_LAG)
            self._output.soundtrack.fill(min(reached, self._sample(self.end)))

    def _add_audio(self, frame: AudioFrame | None) -> None:
        """Write an audio frame; None flushes what the resampler holds."""
        if self._output.soundtrack is None or self._clip_audio is None:
            return
        until = self._sample(self.end)
        for seconds, samples in self._clip_audio.resample(frame):
            position = self._sample(self._start + seconds - self._origin)
            early = max(0, self._sample(self._start) - position)
            self._output.soundtrack.write(samples[:, early:], position + early, until=until)

    @staticmethod
    def _sample(seconds: Fraction) -> int:
        return round(seconds * SAMPLE_RATE)


def even_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size rounded down to even numbers: yuv420p has no odd width or height."""
    width, height = (max(2, side - side % 2) for side in size)
    return width, height


@contextmanager
def open_output(path: Path) -> Iterator[OutputContainer]:
    with _as_os_errors():
        container = av.open(f"file:{path}", "w", format="mp4", options={"movflags": "faststart"})
    try:
        yield container
    finally:
        with _as_os_errors():
            container.close()


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """Raise FFmpeg's errors as OSError: a full disk is not the clip's fault, which `open_clip` would say."""
    try:
        yield
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error
