"""The sound of a film that is being put together, laid down sample by sample so that it cannot drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.packet import Packet
from numpy.typing import NDArray

RATE = 48_000  # samples per second
BIT_RATE = 256_000
BLOCK = 1024  # samples in one frame of AAC
SILENCE_AT_ONCE = RATE  # samples

# Timestamps that are off by no more than this are rounded ones, not gaps. Samples.
JITTER = RATE // 100

# Rates of sound that make no sense would make a second of it out of a few bytes, or bytes out of hours.
SANE_RATES = range(4_000, 400_000)

Samples = NDArray[np.float32]  # channels by samples


class Soundtrack:
    """One track of AAC. What is laid down ends up at its own sample; what nothing is laid on is silent."""

    def __init__(self, stream: AudioStream, mux: Callable[[Sequence[Packet[Any]]], None]) -> None:
        self._stream = stream
        self._mux = mux
        self._channels = stream.channels
        self._buffer: Samples = np.zeros((self._channels, 0), np.float32)
        self._written = 0

    @property
    def layout(self) -> str:
        return self._stream.layout.name

    @property
    def position(self) -> int:
        """The sample that comes next."""
        return self._written + int(self._buffer.shape[1])

    def lay(self, samples: Samples, at: int, *, until: int) -> None:
        """Put `samples` at the sample `at`: after silence where there is a gap, cut where the place is taken
        or where they go beyond `until`.
        """
        if abs(at - self.position) <= JITTER:
            at = self.position
        self.fill(min(at, until))
        self._add(samples[:, max(0, self.position - at) : max(0, until - at)])

    def fill(self, until: int) -> None:
        """Be silent up to the sample `until`."""
        while self.position < until:
            self._add(np.zeros((self._channels, min(SILENCE_AT_ONCE, until - self.position)), np.float32))

    def finish(self) -> None:
        """Write what is left."""
        if self._buffer.shape[1]:
            self._write(self._buffer)
        self._mux(self._stream.encode(None))

    def _add(self, samples: Samples) -> None:
        self._buffer = np.concatenate([self._buffer, samples], axis=1)
        while self._buffer.shape[1] >= BLOCK:
            self._write(self._buffer[:, :BLOCK])
            self._buffer = self._buffer[:, BLOCK:]

    def _write(self, samples: Samples) -> None:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", self.layout)
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._written
        self._written += samples.shape[1]
        self._mux(self._stream.encode(frame))


class ClipAudio:
    """The sound of one clip, in the soundtrack's own samples, each with its time (seconds) on the clip."""

    def __init__(self, layout: str) -> None:
        self._layout = layout
        self._resampler: AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None

    def samples(self, frame: AudioFrame | None) -> list[tuple[Fraction, Samples]]:
        """Return what `frame` gives, or at the end, with None, what was held back. Leaves out a frame that
        has no time, or makes no sense.
        """
        if frame is not None:
            if frame.pts is None or frame.time_base is None or frame.sample_rate not in SANE_RATES:
                return []
            kind = frame.format.name, frame.layout.name, frame.sample_rate
            if kind != self._kind:  # a resampler takes one kind only
                self._kind, self._resampler = kind, AudioResampler("fltp", self._layout, RATE)
        if self._resampler is None:
            return []
        return [
            (
                Fraction(each.pts) * (each.time_base or Fraction(1, RATE)),
                each.to_ndarray().astype(np.float32, copy=False),
            )
            for each in self._resampler.resample(frame)
            if each.pts is not None
        ]


def sound_of(container: av.container.InputContainer) -> AudioStream | None:
    """Return the first track of sound that can be decoded."""
    tracks = (each for each in container.streams.audio if each.codec_context is not None)
    return next((each for each in tracks if each.sample_rate in SANE_RATES), None)
