"""The audio track of a video that is being written, placed sample by sample so that it cannot drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

SAMPLE_RATE = 48_000  # samples per second
BIT_RATE = 256_000
AAC_FRAME_SAMPLES = 1024
SILENCE_CHUNK = SAMPLE_RATE  # samples written at once

# Timestamps that are off by no more than this are rounded, not gaps. Samples.
MAX_JITTER = SAMPLE_RATE // 100

# With any other rate a few bytes could become a second of audio, or hours of audio a few bytes.
VALID_SAMPLE_RATES = range(4_000, 400_000)

Samples = NDArray[np.float32]  # channels by samples


class Soundtrack:
    """One AAC track. What is written ends up at its own sample; what nothing is written to is silent."""

    def __init__(self, stream: AudioStream, mux: Callable[[Sequence[Packet[Any]]], None]) -> None:
        self._stream = stream
        self._mux = mux
        self._channels = stream.channels
        self._buffer: Samples = np.zeros((self._channels, 0), np.float32)
        self._written = 0

    @property
    def layout(self) -> str:
        """The channel layout, such as "stereo"."""
        return self._stream.layout.name

    @property
    def position(self) -> int:
        """The sample that comes next."""
        return self._written + int(self._buffer.shape[1])

    def write(self, samples: Samples, position: int, *, until: int) -> None:
        """Put `samples` at the sample `position`.

        A gap before them becomes silence. What overlaps with earlier samples, or lies beyond the sample
        `until`, is cut off.
        """
        if abs(position - self.position) <= MAX_JITTER:
            position = self.position
        self.fill(min(position, until))
        self._append(samples[:, max(0, self.position - position) : max(0, until - position)])

    def fill(self, until: int) -> None:
        """Write silence up to the sample `until`."""
        while self.position < until:
            count = min(SILENCE_CHUNK, until - self.position)
            self._append(np.zeros((self._channels, count), np.float32))

    def finish(self) -> None:
        """Write what is left and flush the encoder."""
        if self._buffer.shape[1]:
            self._encode(self._buffer)
        self._mux(self._stream.encode(None))

    def _append(self, samples: Samples) -> None:
        self._buffer = np.concatenate([self._buffer, samples], axis=1)
        while self._buffer.shape[1] >= AAC_FRAME_SAMPLES:
            self._encode(self._buffer[:, :AAC_FRAME_SAMPLES])
            self._buffer = self._buffer[:, AAC_FRAME_SAMPLES:]

    def _encode(self, samples: Samples) -> None:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", self.layout)
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), self._written
        self._written += samples.shape[1]
        self._mux(self._stream.encode(frame))


class ClipAudio:
    """The audio of one clip, converted to the soundtrack's sample rate and channel `layout`."""

    def __init__(self, layout: str) -> None:
        self._layout = layout
        self._resampler: AudioResampler | None = None
        self._format: tuple[str, str, int] | None = None

    def resample(self, frame: AudioFrame | None) -> list[tuple[Fraction, Samples]]:
        """Return the samples of `frame`, each block with its time on the clip in seconds.

        None at the end returns what the resampler still holds. A frame without a timestamp, or with a sample
        rate that makes no sense, is left out.
        """
        if frame is not None:
            if frame.pts is None or frame.time_base is None or frame.sample_rate not in VALID_SAMPLE_RATES:
                return []
            format_ = frame.format.name, frame.layout.name, frame.sample_rate
            if format_ != self._format:  # a resampler takes one format only
                self._format = format_
                self._resampler = AudioResampler("fltp", self._layout, SAMPLE_RATE)
        if self._resampler is None:
            return []
        return [
            (
                Fraction(block.pts) * (block.time_base or Fraction(1, SAMPLE_RATE)),
                block.to_ndarray().astype(np.float32, copy=False),
            )
            for block in self._resampler.resample(frame)
            if block.pts is not None
        ]


def audio_stream(container: InputContainer) -> AudioStream | None:
    """Return the first audio track that can be decoded, or None."""
    decodable = (stream for stream in container.streams.audio if stream.codec_context is not None)
    return next((stream for stream in decodable if stream.sample_rate in VALID_SAMPLE_RATES), None)
