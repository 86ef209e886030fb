"""Scenes without a horizon: nebula, silk, and the soft lights of a city at night."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.art.fields import Grid, Noise, Stars, smoothstep, stars
from simulator.art.palettes import Palette

Array = npt.NDArray[Any]


class Nebula:
    """Clouds of lit gas drifting past each other, a bright heart, dust lanes, sharp stars."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self._grid = grid
        self._gas = Noise(rng, roughness=1.75)
        self._dust = Noise(rng, roughness=1.95)
        self._heart = (
            float(rng.uniform(-0.6, 0.6)) * grid.right,
            float(rng.uniform(-0.45, 0.3)) * grid.bottom,
        )
        self._bend = rng.uniform(0, 6.3, 6)
        self.stars: Stars | None = stars(rng, 420)

    def frame(self, at: float, palette: Palette) -> Array:
        """The picture at `at` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        zoom = 0.19 / (1 + 0.012 * at)
        x, y = grid.x * zoom, grid.y * zoom
        one = self._gas.sample(x + 0.0035 * at, y + 0.1)
        two = self._gas.sample(x * 1.9 - 0.0025 * at + 0.37, y * 1.9 + 0.53)
        dust = self._dust.sample(x * 1.3 + 0.61 - 0.002 * at, y * 1.3 + 0.002 * at)
        bend = self._bend
        veil = np.sin(grid.x * 1.6 + bend[0] + 2.6 * (one - 0.5) * 3 + 0.08 * at) * np.sin(
            grid.y * 1.4 + bend[1] + 2.2 * (two - 0.5) * 3
        )
        away = np.hypot(grid.x - self._heart[0], (grid.y - self._heart[1]) * 1.15) / max(
            grid.right, grid.bottom
        )
        heart = np.exp(-(away**2) * 2.2)
        gas = one * 0.62 + two * 0.38
        light = np.clip(gas * 1.32 - 0.26 + 0.14 * veil, 0, 1) ** 1.5 * (0.30 + 1.0 * heart)
        lanes = smoothstep(0.42, 0.68, dust)
        light = light * (1 - 0.62 * lanes * (0.4 + 0.6 * heart))
        picture = palette.paint((0.02 + light * 0.94).astype(np.float32))
        rim = np.clip(1 - np.abs(dust - 0.47) * 9, 0, 1) ** 2 * heart * gas
        picture += (rim * 0.30 + heart**3 * gas**2 * 0.55)[:, :, None] * palette.glow
        return picture


class Silk:
    """Folds of lit cloth: sines bent by sines, shaded as if by one lamp."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._phases = rng.uniform(0, 6.3, (4, 2))
        self._turn = float(rng.uniform(-0.9, 0.9))
        self._scale = float(rng.uniform(1.15, 1.6))

    def frame(self, at: float, palette: Palette) -> Array:
        """The picture at `at` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        cos, sin = np.float32(np.cos(self._turn)), np.float32(np.sin(self._turn))
        x = (grid.x * cos - grid.y * sin) * np.float32(self._scale)
        y = (grid.x * sin + grid.y * cos) * np.float32(self._scale)
        for step in range(4):
            bend = np.float32(0.85 / (1 + 0.45 * step))
            pace = 1.2 + 0.7 * step
            one, two = (float(value) for value in self._phases[step])
            x, y = (
                x + bend * np.sin(y * np.float32(pace) + np.float32(one + 0.17 * at)),
                y + bend * np.sin(x * np.float32(pace * 0.83) + np.float32(two + 0.13 * at)),
            )
        height = np.sin(x * np.float32(1.15) + np.float32(0.11 * at)) + np.float32(0.35) * np.sin(y * 2)
        return self._lit(height.astype(np.float32), palette)

    def _lit(self, height: Array, palette: Palette) -> Array:
        """Colour by height, then a diffuse and a glossy light from the upper left."""
        down, across = np.gradient(height, np.float32(self._grid.pixel))
        facing = (across * 0.55 + down * 0.83) * np.float32(0.13)
        gloss = 1.0 / np.sqrt(1.0 + (across**2 + down**2) * 0.14)
        lamp = np.clip(0.5 - facing, 0, 1.15)
        tone = (0.02 + 0.50 * (height * 0.37 + 0.5) + 0.50 * lamp * gloss - 0.06).astype(np.float32)
        picture = palette.paint(tone)
        shine = np.clip(lamp - 0.62, 0, 1) ** 2 * gloss * 1.5
        picture += shine[:, :, None] * palette.glow
        return picture


class CityLights:
    """Out-of-focus lamps at night, swaying and twinkling, with their reflections on a wet street."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._haze = Noise(rng, roughness=2.3)
        count = 84
        near = np.sort(rng.random(count) ** 1.6)
        self._near = near
        self._x = rng.uniform(-1.15, 1.15, count) * grid.right
        self._y = (rng.normal(-0.06, 0.16 + 0.3 * near, count)) * grid.bottom
        self._radius = 0.035 + 0.17 * near**1.5
        self._tone = rng.uniform(0.5, 0.95, count)
        self._glows = rng.random(count) < 0.35
        self._light = (0.85 - 0.52 * near) * rng.uniform(0.5, 1.25, count)
        self._beat = rng.uniform(0, 6.3, (count, 3))
        self._street = 0.36 * grid.bottom

    def frame(self, at: float, palette: Palette) -> Array:
        """The picture at `at` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        band = np.exp(-(((grid.y - 0.02) / (0.5 * grid.bottom)) ** 2))
        haze = self._haze.sample(grid.x * 0.16 + 0.006 * at, grid.y * 0.2)
        tone = (0.035 + 0.30 * band * (0.25 + 0.9 * haze)).astype(np.float32)
        picture = palette.paint(tone)
        for lamp in range(len(self._near)):
            self._put_lamp(picture, lamp, at, palette)
        return picture

    def _put_lamp(self, picture: Array, lamp: int, at: float, palette: Palette) -> None:
        sway, beat, pulse = (float(value) for value in self._beat[lamp])
        near = float(self._near[lamp])
        x = float(self._x[lamp]) + (0.03 + 0.10 * near) * np.sin(at * 0.22 + sway)
        y = float(self._y[lamp]) + (0.02 + 0.06 * near) * np.cos(at * 0.19 + beat)
        light = float(self._light[lamp]) * (0.80 + 0.20 * np.sin(at * (0.5 + 0.9 * near) + pulse))
        own = palette.glow if self._glows[lamp] else palette.at(float(self._tone[lamp]))
        colour = own * np.float32(light)
        radius = float(self._radius[lamp])
        self._put_disc(picture, (x, y), (radius, radius), colour)
        mirrored = 2 * self._street - y
        if near < 0.55 and y < self._street < mirrored:
            self._put_disc(
                picture, (x, mirrored), (radius * 0.8, radius * 3.2), colour * np.float32(0.28), soft=0.9
            )

    def _put_disc(
        self,
        picture: Array,
        centre: tuple[float, float],
        radii: tuple[float, float],
        colour: Array,
        soft: float = 0.12,
    ) -> None:
        """Add an ellipse of light, brighter at its rim as a lens makes it; `soft` is the edge's share."""
        grid = self._grid
        (x, y), (wide, tall) = centre, radii
        left, right = self._span(x, wide, grid.right, grid.width)
        top, bottom = self._span(y, tall, grid.bottom, grid.height)
        if left >= right or top >= bottom:
            return
        away = np.hypot((grid.x[:, left:right] - x) / wide, (grid.y[top:bottom] - y) / tall)
        edge = soft + 1.5 * grid.pixel / min(wide, tall)
        cover = smoothstep(1.0, 1.0 - min(edge, 0.95), away) * (0.72 + 0.38 * np.clip(away, 0, 1) ** 5)
        picture[top:bottom, left:right] += cover[:, :, None] * colour

    def _span(self, middle: float, reach: float, edge: float, count: int) -> tuple[int, int]:
        pixel = self._grid.pixel
        first = int((middle - reach + edge) / pixel)
        last = int((middle + reach + edge) / pixel) + 2
        return max(0, first), min(count, last)
