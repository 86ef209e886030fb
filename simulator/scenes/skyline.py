"""The towers of a city, seen from above its roofs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, smoothstep

Array = npt.NDArray[Any]

_LAYERS = 4
_STRIP = 3.2  # how much longer a row of houses is than half of the frame, so that the camera can glide along


class Skyline:
    """Rows of houses behind each other in the haze, with lit windows, under a low sun."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._clouds = Noise(rng, roughness=1.9)
        self._sun_x = float(rng.uniform(-0.5, 0.5)) * grid.right
        self._rows = [self._build(rng, layer) for layer in range(_LAYERS)]

    def _build(self, rng: np.random.Generator, layer: int) -> tuple[Array, Array]:
        """Return a row of houses: the height of its roofs (w,), and its windows (h, w), 0 dark .. 1 lit."""
        grid, nearness = self._grid, (layer + 1) / _LAYERS
        width = int(_STRIP * grid.right / grid.pixel_size)
        roofs = np.zeros(width, np.float32)
        windows = np.zeros((grid.height, width), np.float32)
        unit = (0.012 + 0.014 * nearness) / grid.pixel_size  # pixels of a window and its wall
        column = 0.0
        while column < width:
            house = unit * int(rng.integers(4, 11))
            tall = float(rng.beta(1.6, 3.0))
            first, last = int(column), min(width, int(column + house))
            roofs[first:last] = (0.12 + 0.9 * tall) * (0.5 + 0.35 * nearness)
            self._light_windows(rng, windows[:, first:last], unit)
            column += house + (unit if rng.random() < 0.3 else 0)
        return roofs, windows

    def _light_windows(self, rng: np.random.Generator, wall: Array, unit: float) -> None:
        height, width = wall.shape
        rows, columns = np.arange(height) / (unit * 1.5), np.arange(width) / unit
        is_lit = rng.random((int(rows[-1]) + 2, int(width / unit) + 2)) < 0.3
        pane = np.outer((rows % 1 > 0.35) & (rows % 1 < 0.85), (columns % 1 > 0.25) & (columns % 1 < 0.8))
        wall[:] = pane * is_lit[rows.astype(int)][:, columns.astype(int)]

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        horizon = 0.28 * grid.bottom
        height = np.clip((grid.y + grid.bottom) / (horizon + grid.bottom), 0, 1.1)
        distance = np.hypot(grid.x - self._sun_x, grid.y - 0.5 * horizon)
        clouds = self._clouds.sample(grid.x * 0.1 + 0.004 * t, grid.y * 0.45)
        tone = (
            0.18
            + 0.50 * height**1.5
            + 0.26 * (clouds - 0.5) * (1.2 - height)
            + 0.30 * np.exp(-distance * 1.6)
        )
        tone = np.broadcast_to(tone, (grid.height, grid.width)).astype(np.float32)
        lights = np.zeros_like(tone)
        for layer in range(_LAYERS):
            self._draw_row(tone, lights, layer, t)
        image = palette.map_tones(tone)
        image += (np.exp(-distance * 2.0) * 0.2)[:, :, None] * palette.glow
        image += lights[:, :, None] * (
            palette.glow * np.float32(0.6) + palette.colour_at(0.9) * np.float32(0.2)
        )
        return image

    def _draw_row(self, tone: Array, lights: Array, layer: int, t: float) -> None:
        """Draw a row of houses over what is behind it, in place."""
        grid, nearness = self._grid, (layer + 1) / _LAYERS
        roofs, windows = self._rows[layer]
        offset = (0.1 + 0.016 * t * nearness**1.4) / grid.pixel_size
        columns = (np.arange(grid.width) + int(offset)) % len(roofs)
        following = (columns + 1) % len(roofs)
        fraction = np.float32(offset - int(offset))
        roof = roofs[columns] + (roofs[following] - roofs[columns]) * fraction
        foot = (0.30 + 0.75 * nearness) * grid.bottom
        coverage = np.clip((grid.y - (foot - roof)) / grid.pixel_size + 0.5, 0, 1)
        haze = 0.52 - 0.46 * nearness**0.7 + 0.16 * (1 - nearness) * smoothstep(0.0, 1.0, grid.y)
        tone += (haze - tone) * coverage
        lit = windows[:, columns] * (1 - fraction) + windows[:, following] * fraction
        lights *= 1 - coverage
        lights += lit * coverage * np.float32(0.35 + 0.5 * nearness)
