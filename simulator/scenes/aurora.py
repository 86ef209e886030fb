"""Northern lights over a lake."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, create_stars, smoothstep

Array = npt.NDArray[Any]


class Aurora:
    """Curtains of light above a lake that reflects them."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self._grid = grid
        self._ray_noise = Noise(rng, roughness=1.35)
        self._fold_noise = Noise(rng, roughness=2.2)
        self._hill_noise = Noise(rng, roughness=2.0)
        self._curtain_seeds = rng.random((3, 3))
        self._shore_y = 0.56 * grid.bottom
        self.stars: Stars | None = create_stars(rng, 260, max_y=0.66)
        self._shore_row = int((self._shore_y + grid.bottom) / grid.pixel_size)

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        y = grid.y[: self._shore_row]
        height = (y + grid.bottom) / (self._shore_y + grid.bottom)
        tone = np.repeat(0.03 + 0.20 * height**1.4, grid.width, axis=1).astype(np.float32)
        sky = palette.map_tones(tone)
        for curtain in range(3):
            self._draw_curtain(sky, y, curtain, t, palette)
        self._draw_hills(sky, y, palette)
        return np.concatenate([sky, self._reflect_sky(sky, t, palette)])

    def _draw_curtain(self, sky: Array, y: Array, curtain: int, t: float, palette: Palette) -> None:
        """Add one curtain: a sharp lower edge, fading upwards, with fine vertical rays that drift."""
        grid = self._grid
        seed_a, seed_b, seed_c = (float(value) for value in self._curtain_seeds[curtain])
        sway = self._fold_noise.sample_row(grid.x * 0.15 + seed_a + 0.006 * t, seed_b)
        lean = y * np.float32(0.016 * (curtain - 1))
        ray_x = grid.x * 0.05 + sway * 0.16 + seed_c + 0.003 * t * (1 - curtain) + lean
        rays = (
            self._ray_noise.sample_row(ray_x, seed_a) * 0.75
            + self._ray_noise.sample_row(ray_x * 2.3 + 0.02 * t, seed_b) * 0.25
        )
        pulse = 0.45 + 0.55 * smoothstep(
            0.35, 0.75, self._fold_noise.sample_row(grid.x * 0.06 - 0.012 * t + seed_b, seed_c)
        )
        lower_edge = (0.30 - 0.30 * curtain - (sway - 0.5) * 0.95) * grid.bottom
        above = np.maximum(lower_edge - y, 0)
        fade_height = (0.30 + 0.6 * rays) * grid.bottom
        light = smoothstep(0.0, 0.16, above) * np.exp(-above / fade_height) * (rays**1.6 * 1.9 * pulse)
        altitude = np.clip(above / (0.9 * grid.bottom), 0, 1)
        low_colour, high_colour = palette.colour_at(0.72 - 0.12 * curtain), palette.colour_at(0.42)
        strength = np.float32(1.9 - 0.35 * curtain)
        sky += (light * (1 - altitude) * strength)[:, :, None] * low_colour
        sky += (light * altitude * strength * 1.3)[:, :, None] * high_colour

    def _draw_hills(self, sky: Array, y: Array, palette: Palette) -> None:
        grid = self._grid
        for noise_row, rise, tone in ((0.3, 0.62, 0.10), (0.7, 0.36, 0.035)):
            profile = self._hill_noise.sample_row(grid.x * (0.08 + 0.05 * noise_row) + noise_row, noise_row)
            crest = self._shore_y - profile * rise * 0.62 * grid.bottom + 0.03
            coverage = np.clip((y - crest) / grid.pixel_size + 0.5, 0, 1)[:, :, None]
            sky += (palette.colour_at(tone) * 0.8 - sky) * coverage

    def _reflect_sky(self, sky: Array, t: float, palette: Palette) -> Array:
        """Return the lake: the sky upside down, distorted by ripples that grow towards the viewer."""
        grid = self._grid
        count = grid.height - self._shore_row
        depth = (np.arange(count) / max(count, 1)).astype(np.float32)
        phase = 26.0 / (depth + 0.16)
        ripple = np.sin(phase - t * 1.7) + 0.6 * np.sin(phase * 1.73 + t * 1.1)
        rows = (
            self._shore_row - 1 - np.arange(count) * 1.15 + ripple * (0.6 + 5.0 * depth) * grid.height / 400
        )
        image = sky[np.clip(rows, 0, self._shore_row - 1).astype(np.int64)]
        reflectance = (0.62 - 0.3 * depth + 0.03 * ripple)[:, None, None].astype(np.float32)
        water: Array = image * reflectance + palette.colour_at(0.06) * (1 - reflectance) * 0.8
        return water
