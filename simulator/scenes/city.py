"""The out-of-focus lights of a city at night."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, smoothstep

Array = npt.NDArray[Any]


class CityLights:
    """Bokeh: out-of-focus lamps that sway and twinkle, and their reflections on a wet street."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._haze_noise = Noise(rng, roughness=2.3)
        count = 84
        nearness = np.sort(rng.random(count) ** 1.6)
        self._nearness = nearness
        self._x = rng.uniform(-1.15, 1.15, count) * grid.right
        self._y = (rng.normal(-0.06, 0.16 + 0.3 * nearness, count)) * grid.bottom
        self._radius = 0.035 + 0.17 * nearness**1.5
        self._tone = rng.uniform(0.5, 0.95, count)
        self._has_glow_colour = rng.random(count) < 0.35
        self._intensity = (0.85 - 0.52 * nearness) * rng.uniform(0.5, 1.25, count)
        self._phases = rng.uniform(0, 6.3, (count, 3))
        self._street_y = 0.36 * grid.bottom

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        band = np.exp(-(((grid.y - 0.02) / (0.5 * grid.bottom)) ** 2))
        haze = self._haze_noise.sample(grid.x * 0.16 + 0.006 * t, grid.y * 0.2)
        tone = (0.035 + 0.30 * band * (0.25 + 0.9 * haze)).astype(np.float32)
        image = palette.map_tones(tone)
        for lamp in range(len(self._nearness)):
            self._draw_lamp(image, lamp, t, palette)
        return image

    def _draw_lamp(self, image: Array, lamp: int, t: float, palette: Palette) -> None:
        x_phase, y_phase, twinkle_phase = (float(value) for value in self._phases[lamp])
        nearness = float(self._nearness[lamp])
        x = float(self._x[lamp]) + (0.03 + 0.10 * nearness) * np.sin(t * 0.22 + x_phase)
        y = float(self._y[lamp]) + (0.02 + 0.06 * nearness) * np.cos(t * 0.19 + y_phase)
        light = float(self._intensity[lamp]) * (
            0.80 + 0.20 * np.sin(t * (0.5 + 0.9 * nearness) + twinkle_phase)
        )
        base_colour = (
            palette.glow if self._has_glow_colour[lamp] else palette.colour_at(float(self._tone[lamp]))
        )
        colour = base_colour * np.float32(light)
        radius = float(self._radius[lamp])
        self._draw_disc(image, (x, y), (radius, radius), colour)
        mirrored_y = 2 * self._street_y - y
        if nearness < 0.55 and y < self._street_y < mirrored_y:
            self._draw_disc(
                image, (x, mirrored_y), (radius * 0.8, radius * 3.2), colour * np.float32(0.28), softness=0.9
            )

    def _draw_disc(
        self,
        image: Array,
        centre: tuple[float, float],
        radii: tuple[float, float],
        colour: Array,
        softness: float = 0.12,
    ) -> None:
        """Add an ellipse of light, brighter at its rim, as lenses render it.

        `softness` is the width of its edge as a fraction of the radius.
        """
        grid = self._grid
        (x, y), (radius_x, radius_y) = centre, radii
        left, right = self._pixel_span(x, radius_x, grid.right, grid.width)
        top, bottom = self._pixel_span(y, radius_y, grid.bottom, grid.height)
        if left >= right or top >= bottom:
            return
        distance = np.hypot((grid.x[:, left:right] - x) / radius_x, (grid.y[top:bottom] - y) / radius_y)
        edge_width = softness + 1.5 * grid.pixel_size / min(radius_x, radius_y)
        coverage = smoothstep(1.0, 1.0 - min(edge_width, 0.95), distance) * (
            0.72 + 0.38 * np.clip(distance, 0, 1) ** 5
        )
        image[top:bottom, left:right] += coverage[:, :, None] * colour

    def _pixel_span(self, centre: float, radius: float, edge: float, count: int) -> tuple[int, int]:
        """Return the first and the end index of the pixels within `radius`; the axis ends at `edge`."""
        pixel = self._grid.pixel_size
        first = int((centre - radius + edge) / pixel)
        last = int((centre + radius + edge) / pixel) + 2
        return max(0, first), min(count, last)
