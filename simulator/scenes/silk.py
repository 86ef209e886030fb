"""Folds of silk."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Stars

Array = npt.NDArray[Any]


class Silk:
    """Folds of cloth: a domain-warped sine field, shaded by one light."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._phases = rng.uniform(0, 6.3, (4, 2))
        self._angle = float(rng.uniform(-0.9, 0.9))
        self._scale = float(rng.uniform(1.15, 1.6))

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        cos, sin = np.float32(np.cos(self._angle)), np.float32(np.sin(self._angle))
        x = (grid.x * cos - grid.y * sin) * np.float32(self._scale)
        y = (grid.x * sin + grid.y * cos) * np.float32(self._scale)
        for step in range(4):
            amplitude = np.float32(0.85 / (1 + 0.45 * step))
            frequency = 1.2 + 0.7 * step
            x_phase, y_phase = (float(value) for value in self._phases[step])
            x, y = (
                x + amplitude * np.sin(y * np.float32(frequency) + np.float32(x_phase + 0.17 * t)),
                y + amplitude * np.sin(x * np.float32(frequency * 0.83) + np.float32(y_phase + 0.13 * t)),
            )
        height = np.sin(x * np.float32(1.15) + np.float32(0.11 * t)) + np.float32(0.35) * np.sin(y * 2)
        return self._shade(height.astype(np.float32), palette)

    def _shade(self, height: Array, palette: Palette) -> Array:
        """Return the colours for a height field under diffuse and glossy light from the upper left."""
        dy, dx = np.gradient(height, np.float32(self._grid.pixel_size))
        shadow = (dx * 0.55 + dy * 0.83) * np.float32(0.13)
        gloss = 1.0 / np.sqrt(1.0 + (dx**2 + dy**2) * 0.14)
        diffuse = np.clip(0.5 - shadow, 0, 1.15)
        tone = (0.02 + 0.50 * (height * 0.37 + 0.5) + 0.50 * diffuse * gloss - 0.06).astype(np.float32)
        image = palette.map_tones(tone)
        highlight = np.clip(diffuse - 0.62, 0, 1) ** 2 * gloss * 1.5
        image += highlight[:, :, None] * palette.glow
        return image
