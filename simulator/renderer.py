"""The renderer: writes a video to disk as MP4, thumbnail and sprite sheet, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image

from simulator.audio import SAMPLE_RATE, synthesize_chord
from simulator.compositor import Compositor
from simulator.scene_spec import SceneSpec
from simulator.yuv import frame_to_image

VIDEO, THUMBNAIL, SPRITESHEET = "video.mp4", "thumbnail.webp", "spritesheet.jpg"
SHEET_COLUMNS, SHEET_ROWS = 5, 5
_TILE_LONG_SIDE = 192
PARTIAL_SUFFIX = ".part"
_AUDIO_BLOCK = 1024


def render_video(
    spec: SceneSpec, inputs: Path, target: Path, fps: int, before_frame: Callable[[], None] = lambda: None
) -> None:
    """Create the directory `target` with VIDEO, THUMBNAIL and SPRITESHEET in it.

    `inputs` is the directory of the input files that the spec names. `before_frame` is called before each
    frame and may raise to abort. The files have temporary names until the end: if VIDEO exists, all three are
    complete. Two processes may render the same video, as an orphaned one may not have noticed yet.
    """
    target.mkdir(parents=True, exist_ok=True)
    partial = _partial_path(target / VIDEO)
    stills = _StillsCollector(spec, fps)
    # faststart rewrites the file when it is closed, so this has to be a file and not a pipe.
    with av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = _add_video_stream(container, spec, fps)
        if not spec.silent:
            audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono", bit_rate=96_000)
            _encode_audio(container, audio, spec)
        for number, frame in enumerate(Compositor(spec, inputs, fps).frames()):
            before_frame()
            stills.add_frame(number, frame)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    stills.save(target)
    partial.replace(target / VIDEO)


def _partial_path(path: Path) -> Path:
    """Return the temporary name, unique to this process, for what will be `path`."""
    return path.with_name(f"{path.name}.{os.getpid()}{PARTIAL_SUFFIX}")


def _add_video_stream(container: OutputContainer, spec: SceneSpec, fps: int) -> VideoStream:
    # mbtree off: measured, its output varies between runs when frames are 720 pixels wide, and the same spec
    # must always give the same bytes.
    options = {"preset": "veryfast", "crf": "20" if spec.high_quality else "22", "x264-params": "mbtree=0"}
    stream = container.add_stream("libx264", rate=fps, options=options)
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
    stream.time_base = Fraction(1, fps)
    stream.thread_count = 1
    return stream


def _encode_audio(container: OutputContainer, stream: AudioStream, spec: SceneSpec) -> None:
    """Encode the whole sound track; the muxer interleaves it with the frames."""
    samples = synthesize_chord(spec.composition, spec.seconds)
    for start in range(0, len(samples), _AUDIO_BLOCK):
        block = samples[None, start : start + _AUDIO_BLOCK]
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        frame.time_base = Fraction(1, SAMPLE_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


class _StillsCollector:
    """Collects the thumbnail and the tiles of the sprite sheet while the frames go by."""

    def __init__(self, spec: SceneSpec, fps: int) -> None:
        total = spec.seconds * fps
        tiles = SHEET_COLUMNS * SHEET_ROWS
        self._frame_of_tile = [tile * total // tiles for tile in range(tiles)]
        scale = _TILE_LONG_SIDE / max(spec.width, spec.height)
        self._tile_size = (round(spec.width * scale), round(spec.height * scale))
        self._sheet = Image.new("RGB", (self._tile_size[0] * SHEET_COLUMNS, self._tile_size[1] * SHEET_ROWS))
        self._thumbnail: Image.Image | None = None

    def add_frame(self, number: int, frame: av.VideoFrame) -> None:
        """Use frame `number` for the thumbnail (the first frame) and for the tiles that show it."""
        if self._thumbnail is None:
            self._thumbnail = frame_to_image(frame)
        tiles = [tile for tile, wanted in enumerate(self._frame_of_tile) if wanted == number]
        if tiles:
            image = frame_to_image(frame).resize(self._tile_size, Image.Resampling.BILINEAR, reducing_gap=2.0)
        for tile in tiles:
            row, column = divmod(tile, SHEET_COLUMNS)
            self._sheet.paste(image, (column * self._tile_size[0], row * self._tile_size[1]))

    def save(self, target: Path) -> None:
        """Write both images to the directory `target`."""
        if self._thumbnail is None:
            raise ValueError("a video without frames has no thumbnail")
        thumbnail, sheet = _partial_path(target / THUMBNAIL), _partial_path(target / SPRITESHEET)
        self._thumbnail.save(thumbnail, "WEBP", quality=80, method=2)
        self._sheet.save(sheet, "JPEG", quality=82)
        thumbnail.replace(target / THUMBNAIL)
        sheet.replace(target / SPRITESHEET)
