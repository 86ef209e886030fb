"""Under the surface of the sea."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, smoothstep

Array = npt.NDArray[Any]


class Underwater:
    """Rays that fall from a rippled surface into the deep, over a ground of rocks."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._noise = Noise(rng, roughness=1.6)
        self._sun_x = float(rng.uniform(-0.6, 0.6)) * grid.right
        self._ground_seed = float(rng.random())
        depth = (grid.y + grid.bottom) / (2 * grid.bottom)
        self._depth = depth.astype(np.float32)
        # Rays spread from a point above the surface: each pixel is on one of them.
        self._ray = (grid.x - self._sun_x) / (depth * 1.6 + 0.9)

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        away = np.exp(-(((grid.x - self._sun_x) / (1.4 * grid.right)) ** 2))
        tone = 0.80 - 0.70 * self._depth**0.75 + 0.10 * (away - 0.5)
        rays = self._noise.sample_row(self._ray * 0.16 + 0.006 * t, 0.2) * 0.6
        rays = rays + self._noise.sample_row(self._ray * 0.37 - 0.009 * t, 0.7) * 0.4
        beams = np.clip(rays - 0.42, 0, 1) * np.exp(-self._depth * 2.1) * 1.5
        self._draw_ground(tone := tone.astype(np.float32), t)
        image = palette.map_tones(tone)
        image += (beams + self._surface(t))[:, :, None].astype(np.float32) * palette.glow * 0.55
        return image

    def _surface(self, t: float) -> Array:
        """Return (h, w) light of the ripples seen from below, near the upper edge."""
        near = np.maximum(self._depth, 0.02)
        ripples = self._noise.sample(self._grid.x * 0.3 + 0.02 * t, 0.09 / near + 0.05 * t)
        light: Array = np.clip(ripples - 0.45, 0, 1) * np.exp(-self._depth * 9) * 2.2
        return light

    def _draw_ground(self, tone: Array, t: float) -> None:
        grid = self._grid
        for layer, (height, shade) in enumerate(((0.72, 0.15), (0.9, 0.05))):
            bumps = self._noise.sample_row(
                grid.x * (0.10 + 0.06 * layer) + 0.002 * t * layer, self._ground_seed + 0.3 * layer
            )
            crest = (height - (bumps - 0.5) * 0.42) * grid.bottom
            coverage = smoothstep(-0.02, 0.05, grid.y - crest)
            tone += (np.float32(shade) - tone) * coverage
