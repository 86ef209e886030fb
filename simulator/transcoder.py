"""The transcoder: writes a rendered video in a format that browsers may not play."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import av
from av import AudioFrame, VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream


@dataclass(frozen=True)
class VideoFormat:
    """A container with its codecs. `suffix` is the ending of its file names."""

    suffix: str
    media_type: str
    codec: str
    pixels: str
    audio_codec: str
    audio_rate: int = 48_000
    tag: str | None = None
    options: dict[str, str] = field(default_factory=dict)


_FAST = {"preset": "ultrafast"}
FORMATS = {
    "hevc": VideoFormat(
        "mp4",
        "video/mp4",
        "libx265",
        "yuv420p",
        "aac",
        tag="hvc1",
        options={**_FAST, "x265-params": "log-level=0"},
    ),
    "h264_10bit": VideoFormat("mp4", "video/mp4", "libx264", "yuv420p10le", "aac", options=_FAST),
    "prores": VideoFormat(
        "mov", "video/quicktime", "prores", "yuv422p10le", "pcm_s16le", options={"profile": "0"}
    ),
    "webm": VideoFormat(
        "webm",
        "video/webm",
        "libvpx-vp9",
        "yuv420p",
        "libopus",
        options={"deadline": "realtime", "cpu-used": "8"},
    ),
    "avi": VideoFormat("avi", "video/x-msvideo", "mjpeg", "yuvj420p", "pcm_s16le"),
}


def transcode(source: Path, name: str) -> Path:
    """Return the video in the format of that name, beside its source and made when first asked for."""
    wanted = FORMATS[name]
    target = source.with_suffix(f".{name}.{wanted.suffix}")
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}.part")
        with av.open(str(source), "r") as video, av.open(str(partial), "w", format=wanted.suffix) as output:
            _convert(video, output, wanted)
        partial.replace(target)
    return target


def _convert(source: InputContainer, output: OutputContainer, wanted: VideoFormat) -> None:
    outputs: dict[int, VideoStream | AudioStream] = {}
    for stream in source.streams.video[:1]:
        outputs[stream.index] = _add_video_stream(output, stream, wanted)
    for sound in source.streams.audio[:1]:
        outputs[sound.index] = _add_audio_stream(output, wanted)
    for packet in source.demux(*(source.streams[index] for index in outputs)):
        target = outputs[packet.stream.index]
        for frame in packet.decode():
            if isinstance(target, VideoStream) and isinstance(frame, VideoFrame):
                frame.pict_type = PictureType.NONE  # the encoder decides; the source's choice does not fit
                output.mux(target.encode(frame))
            elif isinstance(target, AudioStream) and isinstance(frame, AudioFrame):
                output.mux(target.encode(frame))
    for target in outputs.values():
        output.mux(target.encode(None))


def _add_video_stream(output: OutputContainer, source: VideoStream, wanted: VideoFormat) -> VideoStream:
    stream = output.add_stream(wanted.codec, rate=source.average_rate, options=wanted.options)
    if not isinstance(stream, VideoStream):
        raise TypeError(f"{wanted.codec} encodes no video")
    stream.width, stream.height, stream.pix_fmt = source.width, source.height, wanted.pixels
    if wanted.tag is not None:
        stream.codec_context.codec_tag = wanted.tag
    return stream


def _add_audio_stream(output: OutputContainer, wanted: VideoFormat) -> AudioStream:
    stream = output.add_stream(wanted.audio_codec, rate=wanted.audio_rate, layout="mono")
    if not isinstance(stream, AudioStream):
        raise TypeError(f"{wanted.audio_codec} encodes no sound")
    return stream
