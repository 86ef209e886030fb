"""Writes a film to disk: the MP4, its thumbnail and its sprite sheet, all or nothing."""

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

from simulator import sound
from simulator.camera import Film
from simulator.recipe import Recipe
from simulator.shots import picture_of

VIDEO, THUMBNAIL, SPRITESHEET = "video.mp4", "thumbnail.webp", "spritesheet.jpg"
SHEET_COLUMNS, SHEET_ROWS = 5, 5
_TILE = 192
PARTIAL = ".part"
_AUDIO_BLOCK = 1024


def render(
    recipe: Recipe, inputs: Path, target: Path, fps: int, pulse: Callable[[], None] = lambda: None
) -> None:
    """Make the directory `target` with VIDEO, THUMBNAIL and SPRITESHEET in it.

    `inputs` holds the files the recipe names; `pulse` is called before every frame and may raise to give up.
    The files have other names until the very end: if VIDEO exists, all three are whole. Two processes may
    make one film at a time, as when one that lost its parent is not aware of it yet.
    """
    target.mkdir(parents=True, exist_ok=True)
    partial = _partial(target / VIDEO)
    stills = _Stills(recipe, fps)
    # faststart rewrites the file when it is closed, so this has to be a file and not a pipe.
    with av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = _video_stream(container, recipe, fps)
        audio = container.add_stream("aac", rate=sound.RATE, layout="mono", bit_rate=96_000)
        _write_sound(container, audio, recipe)
        for number, frame in enumerate(Film(recipe, inputs, fps).frames()):
            pulse()
            stills.see(number, frame)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    stills.save(target)
    partial.replace(target / VIDEO)


def _partial(path: Path) -> Path:
    """The name under which this process alone writes what will be `path`."""
    return path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")


def _video_stream(container: OutputContainer, recipe: Recipe, fps: int) -> VideoStream:
    # mbtree off: measured, its results vary between runs on frames 720 wide, and one prompt is one film.
    options = {"preset": "veryfast", "crf": "20" if recipe.fine else "22", "x264-params": "mbtree=0"}
    stream = container.add_stream("libx264", rate=fps, options=options)
    stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, "yuv420p"
    stream.time_base = Fraction(1, fps)
    stream.thread_count = 1
    return stream


def _write_sound(container: OutputContainer, stream: AudioStream, recipe: Recipe) -> None:
    """Encode the whole tone; the muxer interleaves it with the pictures."""
    samples = sound.tone(recipe.composition, recipe.seconds)
    for start in range(0, len(samples), _AUDIO_BLOCK):
        block = samples[None, start : start + _AUDIO_BLOCK]
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate = sound.RATE
        frame.pts = start
        frame.time_base = Fraction(1, sound.RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


class _Stills:
    """Picks the thumbnail and the tiles of the sprite sheet from the frames as they pass."""

    def __init__(self, recipe: Recipe, fps: int) -> None:
        total = recipe.seconds * fps
        self._tiles = SHEET_COLUMNS * SHEET_ROWS
        self._due = [number * total // self._tiles for number in range(self._tiles)]
        share = _TILE / max(recipe.width, recipe.height)
        self._tile = (round(recipe.width * share), round(recipe.height * share))
        self._sheet = Image.new("RGB", (self._tile[0] * SHEET_COLUMNS, self._tile[1] * SHEET_ROWS))
        self._thumbnail: Image.Image | None = None

    def see(self, number: int, frame: av.VideoFrame) -> None:
        """Take from frame `number` what is due from it."""
        if self._thumbnail is None:
            self._thumbnail = picture_of(frame)
        due = [place for place, wanted in enumerate(self._due) if wanted == number]
        if due:
            tile = picture_of(frame).resize(self._tile, Image.Resampling.BILINEAR, reducing_gap=2.0)
        for place in due:
            row, column = divmod(place, SHEET_COLUMNS)
            self._sheet.paste(tile, (column * self._tile[0], row * self._tile[1]))

    def save(self, target: Path) -> None:
        """Write both pictures."""
        if self._thumbnail is None:
            raise ValueError("a film without frames has no thumbnail")
        thumbnail, sheet = _partial(target / THUMBNAIL), _partial(target / SPRITESHEET)
        self._thumbnail.save(thumbnail, "WEBP", quality=80, method=2)
        self._sheet.save(sheet, "JPEG", quality=82)
        thumbnail.replace(target / THUMBNAIL)
        sheet.replace(target / SPRITESHEET)
