"""Trunks in the mist, and shafts of light between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, smoothstep

Array = npt.NDArray[Any]

_LAYERS = 5


class Forest:
    """Rows of trunks behind each other that fade into the light, moss before them, leaves above."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._noise = Noise(rng, roughness=1.7)
        self._light_x = float(rng.uniform(-0.6, 0.6)) * grid.right
        self._trunks = [self._plant(rng, layer) for layer in range(_LAYERS)]
        self._ground_seed = float(rng.random())

    def _plant(self, rng: np.random.Generator, layer: int) -> Array:
        """Return a row of trunks: (count, 3) with the place, the width and the lean of each."""
        count = 16 - 2 * layer
        # Each in a stretch of its own, so that there is neither a gap nor a wall.
        x = (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count * 3.2 - 1.6
        width = (0.018 + 0.022 * layer) * rng.uniform(0.6, 1.5, count)
        return np.stack([x * self._grid.right, width, rng.uniform(-0.05, 0.05, count)], axis=1)

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        distance = np.hypot((grid.x - self._light_x) / 1.3, (grid.y + 0.35 * grid.bottom) / 1.2)
        tone = (0.52 + 0.40 * np.exp(-(distance**2))).astype(np.float32)
        for layer in range(_LAYERS):
            self._draw_layer(tone, layer, t)
        image = palette.map_tones(tone)
        image += self._shafts(t)[:, :, None] * palette.glow
        return image

    def _draw_layer(self, tone: Array, layer: int, t: float) -> None:
        """Draw a row of trunks and the ground that it stands on over what is behind it, in place."""
        grid, nearness = self._grid, (layer + 1) / _LAYERS
        shade = np.float32(0.56 - 0.49 * nearness**0.8)
        drift = 0.012 * t * nearness**1.5
        coverage = np.zeros((grid.height, grid.width), np.float32)
        for x, width, lean in self._trunks[layer]:
            middle = x - drift + lean * grid.y
            edge = (width - np.abs(grid.x - middle)) / grid.pixel_size + 0.5
            np.maximum(coverage, np.clip(edge, 0, 1), out=coverage)
        bumps = self._noise.sample_row(grid.x * 0.2 + drift * 0.2 + nearness, self._ground_seed + 0.1 * layer)
        ground = (0.22 + 0.42 * nearness) * grid.bottom + (0.5 - bumps) * 0.22
        np.maximum(coverage, np.clip((grid.y - ground) / grid.pixel_size + 0.5, 0, 1), out=coverage)
        self._draw_leaves(coverage, layer, drift, t)
        tone += (shade - tone) * coverage

    def _draw_leaves(self, coverage: Array, layer: int, drift: float, t: float) -> None:
        """Cover the upper part of the frame with leaves, in place."""
        grid, nearness = self._grid, (layer + 1) / _LAYERS
        y = grid.y[: grid.height // 2]
        leaves = self._noise.sample(grid.x * 0.35 + 0.2 * layer + 0.2 * drift, y * 0.35 + 0.004 * t)
        canopy = smoothstep(0.5, 0.62, leaves + 0.36 * (-y / grid.bottom - 0.62) * (1 + nearness))
        np.maximum(coverage[: len(y)], canopy * 0.9, out=coverage[: len(y)])

    def _shafts(self, t: float) -> Array:
        """Return (h, w) light of sunbeams that fall from the upper edge."""
        grid = self._grid
        slanted = grid.x - self._light_x + 0.55 * (grid.y + grid.bottom)
        rays = self._noise.sample_row(slanted * 0.16 + 0.004 * t, 0.4)
        fading = np.exp(-(grid.y + grid.bottom) / 1.6)
        light: Array = np.clip(rays - 0.5, 0, 1) ** 1.3 * 0.9 * fading
        return light
