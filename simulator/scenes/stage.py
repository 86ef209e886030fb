"""A photographer's table: a seamless backdrop under one soft light."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, smoothstep
from simulator.scenes.subjects import ground_y

Array = npt.NDArray[Any]

FLOOR = 0.62  # where things stand: 0 in the middle .. 1 at the lower edge


class Stage:
    """A backdrop that curves into a table top, and a pool of light that wanders over both."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._grain = Noise(rng, roughness=1.5)
        self._start = float(rng.uniform(-0.7, -0.3)) * grid.right
        self._ground_y = ground_y(grid, FLOOR)
        self._floor = smoothstep(0.3 * self._ground_y, 0.8 * self._ground_y, grid.y)

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        lamp_x = self._start * np.cos(0.25 * t)
        wall = np.exp(
            -(((grid.x - lamp_x) / 1.1) ** 2) - ((grid.y + 0.35 * grid.bottom) / (0.9 * grid.bottom)) ** 2
        )
        pool = np.exp(-(((grid.x - 0.3 * lamp_x) / 0.8) ** 2) - ((grid.y - self._ground_y) / 0.26) ** 2)
        texture = self._grain.sample(grid.x * 0.5, grid.y * 2.2) - 0.5
        tone = (
            0.10 + 0.42 * wall * (1 - 0.6 * self._floor) + self._floor * (0.07 + 0.30 * pool + 0.10 * texture)
        )
        image = palette.map_tones(tone.astype(np.float32))
        image += (pool * self._floor * 0.10)[:, :, None] * palette.glow
        self._draw_contact_shadow(image)
        return image

    def _draw_contact_shadow(self, image: Array) -> None:
        grid = self._grid
        distance = np.hypot(grid.x / 0.42, (grid.y - self._ground_y - 0.02) / 0.09)
        image *= (1 - 0.55 * np.exp(-(distance**2)))[:, :, None].astype(np.float32)
