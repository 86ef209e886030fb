"""Open water under a low sun."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, smoothstep

Array = npt.NDArray[Any]


class Sea:
    """Open water under a low sun: waves in perspective and a path of glitter."""

    def __init__(self, rng: np.random.Generator, grid: Grid, *, is_high: bool) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._cloud_noise = Noise(rng, roughness=1.8)
        self._chop_noise = Noise(rng, roughness=1.5)
        self._horizon_row = int(grid.height * rng.uniform(0.40, 0.5))
        self._sun_x = float(rng.uniform(-0.5, 0.5)) * grid.right
        self._sun_radius = float(rng.uniform(0.10, 0.17))
        self._sun_height = 0.55 * grid.bottom if is_high else self._sun_radius * 1.5
        self._waves = [
            (float(frequency), float(rng.uniform(-0.7, 0.7)), float(rng.uniform(0, 6.3)))
            for frequency in (2.3, 3.7, 5.9, 9.1, 14.3)
        ]
        horizon = grid.y[self._horizon_row, 0]
        depth = 1.0 / (grid.y[self._horizon_row :] - horizon + 0.5 * grid.pixel_size + 0.035)
        self._depth = depth.astype(np.float32)
        self._water_x = (grid.x * self._depth).astype(np.float32)

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        horizon = float(grid.y[self._horizon_row, 0])
        sun_y = horizon - self._sun_height + 0.008 * t
        y = grid.y[: self._horizon_row]
        distance = np.hypot(grid.x - self._sun_x, y - sun_y)
        rise = (horizon - y) / (horizon + grid.bottom)
        clouds = self._cloud_noise.sample(grid.x * 0.09 + 0.005 * t, (y * 0.5 + 0.003 * t) / (0.4 + rise))
        tone = 0.72 - 0.56 * rise**0.8 + (clouds - 0.5) * (0.14 + 0.3 * rise) + 0.28 * np.exp(-distance * 1.9)
        disc = smoothstep(
            self._sun_radius + 1.2 * grid.pixel_size, self._sun_radius - 1.2 * grid.pixel_size, distance
        )
        tone = (tone + (1.0 - tone) * disc * 0.95).astype(np.float32)
        sky = palette.map_tones(tone)
        sky += (np.exp(-distance * 2.2) * 0.3)[:, :, None] * palette.glow
        return np.concatenate([sky, self._draw_water(t, palette)])

    def _draw_water(self, t: float, palette: Palette) -> Array:
        """Return the rows below the horizon: darker towards the viewer, with light on the wave faces."""
        nearness = 1.0 / self._depth
        slope = np.zeros_like(self._water_x)
        for frequency, lean, phase in self._waves:
            speed = math.sqrt(frequency) * 1.5
            damping = np.exp(-self._depth * frequency * 0.035)
            crests = np.sin((self._depth + self._water_x * lean) * frequency + t * speed + phase)
            slope += crests * (damping * (0.5 / frequency**0.35))
        chop = self._chop_noise.sample(self._grid.x * 0.5 + 0.01 * t, np.log(nearness) * 0.55 + t * 0.05)
        slope += (chop - 0.5) * (0.9 - 0.55 * np.clip(nearness, 0, 1))
        tone = (
            0.46 - 0.36 * np.clip(nearness, 0, 1.2) ** 0.55 + slope * (0.035 + 0.10 * np.clip(nearness, 0, 1))
        )
        width = 0.10 + 0.34 * nearness
        glitter_path = np.exp(-(((self._grid.x - self._sun_x) / width) ** 2))
        glint = glitter_path * np.clip(slope - 0.05, 0, 1) ** 1.7 * (1.1 - np.clip(nearness * 1.5, 0, 1))
        water = palette.map_tones(
            (tone + glitter_path * (0.17 - 0.1 * np.clip(nearness, 0, 1))).astype(np.float32)
        )
        water += (glint * 1.7)[:, :, None] * (palette.glow * 0.7 + palette.colour_at(0.95) * 0.3)
        return water
