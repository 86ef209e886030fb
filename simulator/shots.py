"""Shots, the sources of full-size yuv420p frames: an enlarged scene, a picture moved over, a clip played."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation
from PIL import Image, ImageOps

from simulator.art.fields import Stars, grid, smoothstep
from simulator.art.palettes import Palette, seed_of
from simulator.art.scenes import scene_for
from simulator.recipe import Recipe

Array = npt.NDArray[Any]

# Scenes are soft by nature, so they are drawn small and enlarged; stars and words are drawn at full size.
_CANVAS = 560
_FINE_CANVAS = 720


class SceneShot:
    """A generative scene, enlarged, with its stars, a vignette and a breath of film grain."""

    def __init__(self, recipe: Recipe) -> None:
        canvas = _FINE_CANVAS if recipe.fine else _CANVAS
        share = canvas / max(recipe.width, recipe.height)
        width, height = (max(16, int(side * share) // 2 * 2) for side in (recipe.width, recipe.height))
        self._size = (recipe.width, recipe.height)
        self._scene = scene_for(recipe.composition, width, height)
        canvas_grid = grid(width, height)
        away = np.hypot(canvas_grid.x / canvas_grid.right, canvas_grid.y / canvas_grid.bottom)
        self._vignette = (65535 * (1 - 0.34 * smoothstep(0.55, 1.5, away)))[:, :, None].astype(np.float32)

    def frame(self, at: float, colours: Palette) -> av.VideoFrame:
        """A frame of the recipe's size at `at` seconds."""
        light = self._scene.frame(at, colours)
        # Highlights roll off instead of clipping: anything above the knee is pressed into what is left.
        over = np.maximum(light - np.float32(0.8), 0)
        light = np.minimum(light, np.float32(0.8)) + over / (1 + over * 5)
        # Sixteen bits up to the last step, which dithers: eight would show bands in the gradients.
        pixels = np.ascontiguousarray((light * self._vignette).clip(0, 65535).astype(np.uint16))
        small = av.VideoFrame.from_ndarray(pixels, format="rgb48le")
        width, height = self._size
        frame = small.reformat(width, height, "yuv420p", interpolation=Interpolation.BICUBIC)
        if self._scene.stars:
            _put_stars(luma_of(frame), self._scene.stars, at)
        return frame


class ReferenceShot:
    """A picture that is the first frame, then slowly approached while the light on it begins to move."""

    def __init__(self, recipe: Recipe, picture: Image.Image, *, tinted: bool) -> None:
        self._size = (recipe.width, recipe.height)
        self._tinted = tinted
        self._picture = _covering(picture, self._size)
        rng = np.random.default_rng(seed_of(f"move {recipe.composition}"))
        self._aim = (float(rng.uniform(0.25, 0.75)), float(rng.uniform(0.3, 0.7)))
        self._phase = float(rng.uniform(0, 6.3))
        self._lamp = grid(64, max(16, round(64 * recipe.height / recipe.width)))

    def frame(self, at: float, colours: Palette) -> av.VideoFrame:
        """A frame of the recipe's size at `at` seconds; at 0 it is the picture itself, unless tinted."""
        width, height = self._size
        zoom = 1 + 0.11 * (1 - math.exp(-((at / 9) ** 1.5)))
        box_width, box_height = width / zoom, height / zoom
        left, top = (width - box_width) * self._aim[0], (height - box_height) * self._aim[1]
        box = (left, top, left + box_width, top + box_height)
        view = self._picture.resize(self._size, Image.Resampling.BILINEAR, box=box) if at else self._picture
        frame = _as_frame(view)
        if at:
            self._light(frame, at, colours)
        if self._tinted:
            tint(frame, colours)
        return frame

    def _light(self, frame: av.VideoFrame, at: float, colours: Palette) -> None:
        """Let a wide soft lamp in the act's own light wander over the picture."""
        ease = min(1.0, at / 2.5) ** 2
        lamp = self._lamp
        x = math.sin(at * 0.33 + self._phase) * lamp.right
        y = math.cos(at * 0.27 + self._phase * 1.7) * lamp.bottom * 0.7
        spot = np.exp(-((lamp.x - x) ** 2 + (lamp.y - y) ** 2) * 0.8)
        _scale_luma(frame, 1 + (spot - 0.45) * (ease * 0.22))
        _lean(frame, colours.glow, spot * (ease * 26))


class ClipShot:
    """An uploaded video, cut to fill the frame, at the film's own frame rate."""

    def __init__(self, path: Path, recipe: Recipe, fps: int) -> None:
        self._path = path
        self._size = (recipe.width, recipe.height)
        self._fps = fps

    def frames(self, count: int) -> Iterator[av.VideoFrame]:
        """Exactly `count` frames; the last picture stands when the clip is shorter."""
        given = 0
        view: Image.Image | None = None
        with av.open(str(self._path)) as container:
            for source in container.decode(video=0):
                due = min(count, int(((source.time or 0.0) + 1e-6) * self._fps) + 1)
                if due <= given:
                    continue
                view = _covering(picture_of(source), self._size)
                for _ in range(due - given):
                    yield _as_frame(view)
                given = due
        if view is None:
            raise ValueError("the clip has no frames")
        for _ in range(count - given):
            yield _as_frame(view)

    def last(self) -> Image.Image:
        """The clip's last picture."""
        with av.open(str(self._path)) as container:
            for source in container.decode(video=0):
                final = source
            return _covering(picture_of(final), self._size)


def tint(frame: av.VideoFrame, colours: Palette) -> None:
    """Lean the whole picture towards the middle of a palette: how a remix recolours what it did not draw."""
    _lean(frame, colours.at(0.62), np.full((16, 16), 60.0))


def picture_of(frame: av.VideoFrame) -> Image.Image:
    """The frame as an RGB picture."""
    return Image.fromarray(frame.to_ndarray(format="rgb24"))


def luma_of(frame: av.VideoFrame) -> Array:
    """The luma plane of a yuv420p frame, (height, width) uint8, writable in place."""
    return _plane(frame, 0)


def _as_frame(view: Image.Image) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.asarray(view), format="rgb24").reformat(format="yuv420p")


def _covering(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture as RGB at that size, cut at the edges rather than stretched."""
    picture = picture.convert("RGB")
    return picture if picture.size == size else ImageOps.fit(picture, size)


def _plane(frame: av.VideoFrame, number: int) -> Array:
    plane = frame.planes[number]
    whole: Array = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return whole[:, : plane.width]


def _enlarged(field: Array, plane: Array) -> Array:
    """A small field stretched over a plane, as float32."""
    height, width = plane.shape
    picture = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))


def _scale_luma(frame: av.VideoFrame, gain: Array) -> None:
    luma = _plane(frame, 0)
    luma[:] = np.clip((luma - np.float32(16)) * _enlarged(gain, luma) + 16, 16, 235)


def _lean(frame: av.VideoFrame, colour: Array, strength: Array) -> None:
    """Shift both chroma planes towards an RGB colour (0..1); `strength`: chroma steps over a small field."""
    red, green, blue = (float(value) for value in colour)
    towards = (-0.169 * red - 0.331 * green + 0.5 * blue, 0.5 * red - 0.419 * green - 0.081 * blue)
    for number, lean in enumerate(towards, start=1):
        chroma = _plane(frame, number)
        chroma[:] = np.clip(chroma + _enlarged(strength * (lean * 2), chroma), 16, 240)


def _put_stars(luma: Array, stars: Stars, at: float) -> None:
    """Add points of light to a luma plane, sharp at any size."""
    height, width = luma.shape
    unit = min(height, width) / 720
    reach = 3
    offset = np.arange(-reach, reach + 1)
    x, y = stars.across * width, stars.down * height
    columns, rows = x.astype(np.int64), y.astype(np.int64)
    across = offset[None, :] + (columns + 0.5 - x)[:, None]
    down = offset[None, :] + (rows + 0.5 - y)[:, None]
    width_of = (stars.radius * unit)[:, None]
    spots = np.exp(-((down / width_of) ** 2))[:, :, None] * np.exp(-((across / width_of) ** 2))[:, None, :]
    light = spots * (stars.brightness(at) * 190)[:, None, None]
    pick_rows = np.clip(rows[:, None, None] + offset[None, :, None], 0, height - 1)
    pick_columns = np.clip(columns[:, None, None] + offset[None, None, :], 0, width - 1)
    lit = np.minimum(luma[pick_rows, pick_columns] + light, 235).astype(np.uint8)
    np.maximum.at(luma, (pick_rows, pick_columns), lit)
