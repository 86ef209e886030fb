"""Going on from the end of a clip where a backend cannot: its last frame, and two clips made one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from videos.media.clip import Clip, NotAVideo, forgiving_frames, open_clip
from videos.media.frames import FrameScaler, matrix_of
from videos.media.inspect import Tally, read_every_packet, shown_size
from videos.media.poster import replacing, upright_picture
from videos.media.reference import Reference, fit_frame
from videos.media.soundtrack import BIT_RATE, RATE, ClipAudio, Soundtrack, sound_of

__all__ = ["NotAVideo", "concat_videos", "last_frame"]

# Visually the same as what went in: above 40 dB for anything but noise, at about the size of the originals.
QUALITY = {"preset": "veryfast", "crf": "14", "rc-lookahead": "20"}
THREADS = 2  # each costs memory for a picture

MAX_SECONDS = 3600  # of one clip; what claims to be longer is made to waste time
ORDINARY_RATE = Fraction(24)  # frames a second, of a clip that does not say
FINEST = 10_000  # ticks a second at least, so that uneven times of frames are kept
LAG = 5  # seconds that a clip's sound may lie behind its pictures in the file

# The mean difference (0-255) of two small pictures below which one repeats the other, encoded anew.
REPEATED = 5.0


def last_frame(path: Path, size: str) -> Reference:
    """Return the last frame that the clip at `path` shows, upright, with exactly the pixels of `size`.

    Raises NotAVideo when it is no MP4 that plays, ValueError for a malformed `size`, OSError when the file
    cannot be read.
    """
    with open_clip(path) as clip:
        tally = read_every_packet(clip)
        frame = _last_shown(clip, tally)
        picture = upright_picture(frame, shown_size(clip, frame), Interpolation.BICUBIC)
    return fit_frame(picture, size)


def concat_videos(
    first: Path, second: Path, target: Path, *, between_frames: Callable[[], None] = lambda: None
) -> None:
    """Write to `target` one MP4 (H.264, AAC) that shows `first` and then `second`.

    It has the first one's size as shown and its frame rate; the second one's first frame is left out where it
    repeats the last of the first. Sound is continued, silent where one has none; without any there is no
    track. Both are encoded anew, at a quality that the eye cannot tell from the original. Memory does not
    grow with the length. `between_frames` is called all along; what it raises stops the work. `target` is
    either whole or not there. Raises NotAVideo when a clip cannot be decoded or would take more than an hour
    to watch, OSError when a file cannot be read or written.
    """
    with open_clip(first) as one, open_clip(second) as two:
        parts = [_Part.of(clip) for clip in (one, two)]
        size = _even(shown_size(one, parts[0].opening[0]))
        matrix = matrix_of(parts[0].opening[0])
        with replacing(target) as temporary, _writing(temporary) as container:
            film = _Output(container, parts, size, matrix)
            begin, last = Fraction(0), None
            for part in parts:
                shape = FrameScaler(part.clip, size, matrix)
                origin = part.origin(shape, last)
                placing = _ClipWriter(film, part, shape, origin, begin, is_first=part is parts[0])
                last = placing.run(between_frames)
                begin = placing.end
            film.finish()


@dataclass(frozen=True)
class _Part:
    """One of the clips, read through once. Times are ticks of its own pictures' time base."""

    clip: Clip
    tally: Tally
    opening: Sequence[VideoFrame]  # the first two frames, or the only one
    sound: AudioStream | None

    @classmethod
    def of(cls, clip: Clip) -> _Part:
        tally = read_every_packet(clip)
        clip.seek(tally.start or 0)
        opening = list(islice(forgiving_frames(clip), 2))
        if not opening:
            raise NotAVideo("The video cannot be decoded.", detail="no frame could be decoded")
        if (tally.end - (tally.start or 0)) * clip.time_base > MAX_SECONDS:
            raise NotAVideo("The video is too long to be joined.", detail=f"ends at tick {tally.end}")
        return cls(clip, tally, opening, sound_of(clip.container))

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        rate = self.clip.stream.average_rate or self.clip.stream.guessed_rate
        if rate is None or not 1 <= rate <= 240:
            return ORDINARY_RATE
        return Fraction(rate).limit_denominator(1001)

    def origin(self, shape: FrameScaler, before: VideoFrame | None) -> int:
        """The time of its first frame that is to be shown after `before`."""
        begins_with_it = before is not None and _alike(shape(self.opening[0]), before)
        return _ticks(self.opening[1 if begins_with_it and len(self.opening) > 1 else 0])


class _Output:
    """The file that is written: frames at their ticks, rising, and the soundtrack."""

    def __init__(
        self, container: OutputContainer, parts: Sequence[_Part], size: tuple[int, int], matrix: int
    ) -> None:
        rate = parts[0].rate
        fineness = math.ceil(FINEST / rate.numerator)
        self.step = rate.denominator * fineness  # ticks from frame to frame
        self.time_base = Fraction(1, rate.numerator * fineness)
        self.last = -1
        self._container = container
        self._video: VideoStream = container.add_stream("libx264", rate=rate, options=QUALITY)
        context = self._video.codec_context
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = self.time_base
        context.thread_count = THREADS
        source = parts[0].clip.stream.codec_context
        context.colorspace, context.color_range = matrix, 1  # limited
        context.color_primaries, context.color_trc = source.color_primaries, source.color_trc
        self.sound = self._soundtrack([part.sound for part in parts if part.sound])

    def _soundtrack(self, sounds: Sequence[AudioStream]) -> Soundtrack | None:
        if not sounds:
            return None
        layout = "stereo" if max(each.channels for each in sounds) > 1 else "mono"
        stream = self._container.add_stream("aac", rate=RATE, layout=layout)
        stream.codec_context.bit_rate = BIT_RATE
        return Soundtrack(stream, self._mux)

    def show(self, frame: VideoFrame, tick: int) -> bool:
        """Show `frame` from `tick` on. Returns False where another is shown then or later."""
        if tick <= self.last:
            return False
        self.last = tick
        frame.pts, frame.time_base, frame.duration = tick, self.time_base, self.step
        frame.pict_type = PictureType.NONE  # else the encoder would repeat the original's choices
        self._mux(self._video.encode(frame))
        return True

    def finish(self) -> None:
        """Write what the encoders still hold."""
        self._mux(self._video.encode(None))
        if self.sound:
            self.sound.finish()

    def _mux(self, packets: Sequence[Packet[Any]]) -> None:
        with _as_file_errors():
            self._container.mux(packets)


class _ClipWriter:
    """Puts one part on the film, from `begin` (seconds on the film) on.

    The first keeps the times of its frames; what follows is brought to the film's rate.
    """

    def __init__(
        self, film: _Output, part: _Part, shape: FrameScaler, origin: int, begin: Fraction, *, is_first: bool
    ) -> None:
        self._film, self._part, self._shape = film, part, shape
        self._origin = origin * part.clip.time_base  # seconds
        length = (part.tally.end - origin) * part.clip.time_base
        self._base = max(round(begin / film.time_base), film.last + 1)
        self._grid = None if is_first else film.step
        self._waiting: tuple[int, VideoFrame] | None = None
        self._placed = ClipAudio(film.sound.layout) if film.sound else None
        self._begin = begin
        self.end = begin + max(length, Fraction(0))
        self._last: VideoFrame | None = None

    def run(self, between_frames: Callable[[], None]) -> VideoFrame | None:
        """Decode and place all of it. Returns the last frame shown."""
        clip = self._part.clip
        clip.seek(self._part.tally.start or 0)
        tracks: list[VideoStream | AudioStream] = [clip.stream]
        if self._part.sound:
            tracks.append(self._part.sound)
        for packet in clip.container.demux(*tracks):
            between_frames()
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame):
                    self._see(frame)
                elif isinstance(frame, AudioFrame):
                    self._hear(frame)
        if self._waiting is not None:  # shown once at least, however short
            end = round(self.end / self._film.time_base)
            self._show_waiting(until=max(end, self._waiting[0] + 1))
        self._hear(None)
        if self._film.sound:
            self._film.sound.fill(self._sample(self.end))
        return self._last

    def _see(self, frame: VideoFrame) -> None:
        if frame.pts is None:
            return
        seconds = frame.pts * self._part.clip.time_base - self._origin
        if seconds < 0:
            return
        if self._grid is None:
            self._show(self._base + round(seconds / self._film.time_base), self._shape(frame))
            return
        tick = self._base + round(seconds / (self._grid * self._film.time_base)) * self._grid
        self._show_waiting(until=tick)
        self._waiting = tick, self._shape(frame)

    def _show_waiting(self, *, until: int) -> None:
        """Show the frame that was waiting for its end, again and again up to there, for a second at most."""
        if self._waiting is None or self._grid is None:
            return
        begin, frame = self._waiting
        self._waiting = None
        second = round(1 / self._film.time_base)
        for tick in range(begin, min(until, begin + second), self._grid):
            self._show(tick, frame)

    def _show(self, tick: int, frame: VideoFrame) -> None:
        if self._film.show(frame, tick):
            self._last = frame
        if self._film.sound:
            # Else the muxer would hold all pictures of a clip whose sound ends early.
            self._film.sound.fill(
                min(self._sample(tick * self._film.time_base - LAG), self._sample(self.end))
            )

    def _hear(self, frame: AudioFrame | None) -> None:
        if self._film.sound is None or self._placed is None:
            return
        until = self._sample(self.end)
        for seconds, samples in self._placed.samples(frame):
            at = self._sample(self._begin + seconds - self._origin)
            early = max(0, self._sample(self._begin) - at)
            self._film.sound.lay(samples[:, early:], at + early, until=until)

    @staticmethod
    def _sample(seconds: Fraction) -> int:
        return round(seconds * RATE)


def _last_shown(clip: Clip, tally: Tally) -> VideoFrame:
    """Return the frame shown last: of what follows the last keyframe, else of all that can be decoded."""
    for begin in (tally.last_keyframe, tally.start or 0):
        clip.seek(begin)
        last: VideoFrame | None = None
        for frame in forgiving_frames(clip):
            if last is None or _ticks(frame) >= _ticks(last):
                last = frame
        if last is not None:
            return last
    raise NotAVideo("The video cannot be decoded.", detail="no frame could be decoded")


def _alike(one: VideoFrame, other: VideoFrame) -> bool:
    small = [
        frame.reformat(width=64, height=36, format="rgb24", interpolation=Interpolation.AREA, threads=1)
        .to_ndarray()
        .astype(np.int16)
        for frame in (one, other)
    ]
    return float(np.abs(small[0] - small[1]).mean()) < REPEATED


def _ticks(frame: VideoFrame) -> int:
    return frame.pts or 0


def _even(size: tuple[int, int]) -> tuple[int, int]:
    """H.264 in its common form has no odd sides."""
    width, height = (max(2, side - side % 2) for side in size)
    return width, height


@contextmanager
def _writing(path: Path) -> Iterator[OutputContainer]:
    with _as_file_errors():
        container = av.open(f"file:{path}", "w", format="mp4", options={"movflags": "faststart"})
    try:
        yield container
    finally:
        with _as_file_errors():
            container.close()


@contextmanager
def _as_file_errors() -> Iterator[None]:
    """A full disk is no fault of a clip: `open_clip` would call every error of FFmpeg one."""
    try:
        yield
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error
