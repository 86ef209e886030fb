"""Subjects: what a prompt names, as a figure in the scene, in its light."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid
from simulator.scenes.shapes import draw_shape

Array = npt.NDArray[Any]

_FLYING = frozenset({"bird", "balloon", "kite", "rocket", "planet"})
_FLOATING = frozenset({"boat", "sailboat"})
_TRAVELLING = frozenset(
    {"boat", "sailboat", "car", "train", "bird", "fish", "turtle", "whale", "fox", "horse"}
)
_FOREGROUND = 0.9  # from where on the ground is the frame's lower edge
_GLOWING = frozenset({"lantern"})
# Heights as a part of the frame's short side, where they are not a third of it.
_HEIGHTS = {
    "lighthouse": 0.62,
    "castle": 0.5,
    "bird": 0.16,
    "tree": 0.6,
    "person": 0.42,
    "planet": 0.7,
    "fish": 0.3,
}


@dataclass(frozen=True)
class Setting:
    """Where subjects stand in a scene.

    `ground` is where, 0 in the middle .. 1 at the lower edge, `scale` how large they are there. `is_lit` says
    whether their surface is seen, or their outline against the light. Where it `is_weightless` they hang in
    the middle. `reflects` is how much of them the ground mirrors, 0..1.
    """

    ground: float
    scale: float = 1.0
    is_lit: bool = False
    is_weightless: bool = False
    reflects: float = 0.0


def ground_y(grid: Grid, ground: float) -> float:
    """Return where subjects stand: in a tall frame near its middle, except those before its lower edge."""
    return ground * (grid.bottom if ground > _FOREGROUND else min(grid.bottom, 1.0))


class Subject:
    """One figure. It stands, floats, hovers or travels through the frame."""

    def __init__(
        self, rng: np.random.Generator, grid: Grid, name: str, setting: Setting, place: float
    ) -> None:
        """`place` is where it is from left to right, -1..1."""
        self._grid, self._setting = grid, setting
        self._flies = name in _FLYING and not setting.is_lit
        self._floats = name in _FLOATING
        self._travels = name in _TRAVELLING
        self._glows = name in _GLOWING
        height = _HEIGHTS.get(name, 0.34) * 2 * setting.scale
        if self._flies:
            height *= 0.8
        self._side = max(8, int(height / grid.pixel_size))
        self._x = place * 0.55 * grid.right
        self._bottom_y = self._lower_edge(rng, height)
        self._phase = float(rng.uniform(0, 6.3))
        self._mask = draw_shape(name, self._side)
        self._slope_y, self._slope_x = np.gradient(_inflated(self._mask))

    def _lower_edge(self, rng: np.random.Generator, height: float) -> float:
        grid, setting = self._grid, self._setting
        if setting.is_weightless:
            return height / 2 + float(rng.uniform(-0.1, 0.15)) * grid.bottom
        if self._flies:
            return max(float(rng.uniform(-0.45, -0.1)) * grid.bottom, height + 0.08 - grid.bottom)
        return ground_y(grid, setting.ground) + (0.06 * height if self._floats else 0)

    def draw(self, image: Array, t: float, palette: Palette) -> None:
        """Draw it as it is at `t` seconds on an (h, w, 3) image, in place."""
        x, y = self._position(t)
        colours = self._shaded(t, palette) if self._setting.is_lit else self._backlit(palette)
        if self._glows:
            colours = colours * 0.4 + palette.colour_at(0.92) * 0.6
            self._draw_halo(image, x, y, palette)
        if self._setting.reflects and not self._flies:
            fade = np.linspace(self._setting.reflects, 0, self._side)[:, None].astype(np.float32)
            _paste(image, colours[::-1], self._mask[::-1] * fade, self._left(x), self._row(y))
        _paste(image, colours, self._mask, self._left(x), self._row(y) - self._side)

    def _draw_halo(self, image: Array, x: float, y: float, palette: Palette) -> None:
        """Add the light that it throws on what is around it."""
        grid, height = self._grid, self._side * self._grid.pixel_size
        distance = np.hypot(grid.x - x, grid.y - (y - height / 2)) / height
        image += (
            np.exp(-((distance * 1.3) ** 2))[:, :, None].astype(np.float32) * palette.glow * np.float32(0.4)
        )

    def _position(self, t: float) -> tuple[float, float]:
        """Return the middle and the lower edge at `t` seconds."""
        sway = math.sin(t * 0.9 + self._phase)
        x, y = self._x, self._bottom_y
        if self._travels:
            x += (t - 2.5) * 0.07
        if self._floats or self._flies or self._setting.is_weightless:
            y += 0.018 * sway
        return x, y

    def _shaded(self, t: float, palette: Palette) -> Array:
        """Return the colours of its surface in a light that wanders around it."""
        angle = -2.3 + 0.22 * t
        facing = self._slope_x * math.cos(angle) + self._slope_y * math.sin(angle)
        tone = 0.52 - 0.42 * np.tanh(facing)
        gloss = np.clip(tone - 0.7, 0, 1)[:, :, None] * palette.glow
        colours: Array = palette.map_tones(tone.astype(np.float32)) + gloss
        return colours

    def _backlit(self, palette: Palette) -> Array:
        """Return the colours of its outline: dark, with a rim where the light catches its upper edges."""
        rim = np.clip(self._slope_y * 0.5, 0, 0.3)
        return palette.map_tones((0.05 + rim).astype(np.float32))

    def _left(self, x: float) -> float:
        return (x + self._grid.right) / self._grid.pixel_size - self._side / 2

    def _row(self, y: float) -> float:
        return (y + self._grid.bottom) / self._grid.pixel_size


def create_subjects(
    rng: np.random.Generator, grid: Grid, names: tuple[str, ...], setting: Setting
) -> list[Subject]:
    """Return the named subjects, side by side; one alone is in the middle, or near it."""
    if len(names) == 1:
        places = [0.0 if setting.is_lit else float(rng.uniform(-0.4, 0.4))]
    else:
        places = [float(place) for place in np.linspace(-0.6, 0.6, len(names))]
        setting = replace(setting, scale=setting.scale * min(1.0, 0.6 * grid.right))  # side by side, apart
    return [Subject(rng, grid, name, setting, place) for name, place in zip(names, places, strict=True)]


def _inflated(mask: Array) -> Array:
    """Return the height of a cushion with the outline of the mask, in pixels."""
    side = len(mask)
    height = np.zeros_like(mask)
    for radius in (0.02, 0.05, 0.1, 0.2):
        height += _blurred(mask, radius * side) * np.float32(radius * side * 1.3)
    return height


def _blurred(mask: Array, radius: float) -> Array:
    """Return the mask under a Gaussian blur with a standard deviation of so many pixels; the outside is 0."""
    padding = int(radius * 3) + 1
    padded = np.pad(mask, padding)
    side = len(padded)
    frequencies = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    gains = np.exp(-2 * (math.pi * radius * frequencies) ** 2)
    blurred = np.fft.irfft2(np.fft.rfft2(padded) * gains, padded.shape)
    return blurred[padding:-padding, padding:-padding].astype(np.float32)


def _paste(image: Array, colours: Array, mask: Array, left: float, top: float) -> None:
    """Blend colours into an image at a place between pixels, so that slow movements do not jump."""
    column, row = math.floor(left), math.floor(top)
    mask = _shifted(_shifted(mask, left - column, 1), top - row, 0)
    height, width = mask.shape
    first_row, first_column = max(0, -row), max(0, -column)
    last_row, last_column = min(height, len(image) - row), min(width, image.shape[1] - column)
    if first_row >= last_row or first_column >= last_column:
        return
    inside = np.s_[first_row:last_row, first_column:last_column]
    box = image[row + first_row : row + last_row, column + first_column : column + last_column]
    box += (colours[inside] - box) * mask[inside][:, :, None]


def _shifted(mask: Array, fraction: float, axis: int) -> Array:
    """Return the mask moved by less than a pixel along an axis. What leaves it is cut off."""
    if not fraction:
        return mask
    moved = np.roll(mask, 1, axis)
    moved[(0, slice(None)) if axis == 0 else (slice(None), 0)] = 0
    return mask * np.float32(1 - fraction) + moved * np.float32(fraction)
