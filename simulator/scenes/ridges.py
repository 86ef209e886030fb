"""Mountain ridges or dunes under a low sun."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, smoothstep

Array = npt.NDArray[Any]


class Ridges:
    """Hazy ridges behind each other with slow parallax and a low sun: sharp mountains or soft dunes."""

    def __init__(self, rng: np.random.Generator, grid: Grid, *, dunes: bool, is_high: bool) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._is_dunes = dunes
        self._layer_count = 4 if dunes else 6
        self._profile_noise = Noise(rng, roughness=2.5 if dunes else 1.62)
        self._cloud_noise = Noise(rng, roughness=1.9)
        self._noise_rows = rng.random(self._layer_count)
        self._sun_x = float(rng.uniform(-0.55, 0.55)) * grid.right
        self._sun_y = float(rng.uniform(-0.42, -0.12)) - (0.33 if is_high else 0)
        self._sun_radius = float(rng.uniform(0.13, 0.24))
        self._direction = float(rng.choice([-1.0, 1.0]))
        self._horizon_y = 0.1 * grid.bottom

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        sun_y = self._sun_y * grid.bottom - 0.012 * t
        height = (grid.y + grid.bottom) / (self._horizon_y + grid.bottom)
        tone = np.repeat(0.16 + 0.62 * np.clip(height, 0, 1.1) ** 1.5, grid.width, axis=1).astype(np.float32)
        distance = np.hypot(grid.x - self._sun_x, grid.y - sun_y)
        clouds = self._cloud_noise.sample(grid.x * 0.1 + 0.004 * t * self._direction, grid.y * 0.42)
        tone += (clouds - 0.5) * 0.3 * smoothstep(self._horizon_y, -0.7 * grid.bottom, grid.y)
        tone += 0.34 * np.exp(-distance * 1.5)
        disc = smoothstep(
            self._sun_radius + 1.2 * grid.pixel_size, self._sun_radius - 1.2 * grid.pixel_size, distance
        )
        tone = tone + (1.0 - tone) * disc * 0.92
        for layer in range(self._layer_count):
            self._draw_ridge(tone, layer, t)
        image = palette.map_tones(tone)
        image += (np.exp(-distance * 2.1) * 0.26)[:, :, None] * palette.glow
        return image

    def _draw_ridge(self, tone: Array, layer: int, t: float) -> None:
        """Draw one ridge over what is behind it, in place; distant ridges are hazier."""
        grid = self._grid
        nearness = (layer + 1) / self._layer_count
        zoom = (0.10 if self._is_dunes else 0.075) + 0.03 * nearness
        drift = self._direction * t * 0.0035 * nearness**1.6
        x = grid.x * zoom + drift + self._noise_rows[layer]
        profile = self._profile_noise.sample_row(x, float(self._noise_rows[layer]))
        amplitude = (0.2 + 0.42 * nearness) * 1.05
        crest = (
            self._horizon_y
            + (0.02 + 0.78 * nearness**1.25) * 0.72 * grid.bottom
            - (profile - 0.35) * amplitude
        )
        first_row = max(0, int((float(crest.min()) + grid.bottom) / grid.pixel_size) - 2)
        below = grid.y[first_row:] - crest
        coverage = np.clip(below / grid.pixel_size + 0.5, 0, 1)
        haze = 0.60 - 0.56 * nearness**0.8
        ridge_tone = haze + 0.15 * (1 - 0.75 * nearness) * np.clip(below * 2.2, 0, 1)
        if self._is_dunes:
            ridge_tone = ridge_tone + self._sun_facing(x, layer) * np.exp(-below * 3.0) * (
                0.3 - 0.1 * nearness
            )
        lower_tone = tone[first_row:]
        lower_tone += (ridge_tone - lower_tone) * coverage

    def _sun_facing(self, x: Array, layer: int) -> Array:
        """Return how far each column of a dune faces the sun, -0.35 .. 0.8."""
        step = 0.012
        noise_row = float(self._noise_rows[layer])
        right = self._profile_noise.sample_row(x + step, noise_row)
        left = self._profile_noise.sample_row(x - step, noise_row)
        slope = (right - left) / step
        side = -math.copysign(1.0, self._sun_x)
        facing: Array = np.clip(slope * side * 0.09, -0.35, 0.8)
        return facing
