"""Weather in front of a scene: rain, snow, fog, a storm."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise

Array = npt.NDArray[Any]


class Weather(Protocol):
    """Something between the scene and the camera."""

    def draw(self, image: Array, t: float, palette: Palette) -> None:
        """Draw it as it is at `t` seconds on an (h, w, 3) image, in place."""
        ...


class Rain:
    """Slanted streaks in two depths. In a storm they are denser, all is darker, and lightning flickers."""

    def __init__(self, rng: np.random.Generator, grid: Grid, *, is_storm: bool = False) -> None:
        self._is_storm = is_storm
        count = 420 if is_storm else 240
        self._layers = [
            (_streaks(rng, grid, count // 2, length=0.10), 1.9),
            (_streaks(rng, grid, count, length=0.05), 1.2),
        ]
        self._flashes = sorted(float(each) for each in rng.uniform(0.5, 12, 3))
        self._slant = 0.28 if is_storm else 0.12

    def draw(self, image: Array, t: float, palette: Palette) -> None:
        """Draw it as it is at `t` seconds on an (h, w, 3) image, in place."""
        if self._is_storm:
            image *= np.float32(0.72 + self._flash(t))
        height = len(image)
        light = np.zeros(image.shape[:2], np.float32)
        for streaks, speed in self._layers:
            fallen = int(t * speed * height)
            light += np.roll(streaks, (fallen, -int(fallen * self._slant)), (0, 1))
        image += light[:, :, None] * (palette.colour_at(0.85) * np.float32(0.22))

    def _flash(self, t: float) -> float:
        return sum(0.5 * math.exp(-(t - at) * 7) for at in self._flashes if t >= at)


class Snow:
    """Flakes in three depths; the near ones are larger, faster and softer."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self._layers = [
            (_flakes(rng, grid, 260, 0.004), 0.05),
            (_flakes(rng, grid, 110, 0.008), 0.09),
            (_flakes(rng, grid, 26, 0.018), 0.15),
        ]

    def draw(self, image: Array, t: float, palette: Palette) -> None:
        """Draw it as it is at `t` seconds on an (h, w, 3) image, in place."""
        height = len(image)
        light = np.zeros(image.shape[:2], np.float32)
        for number, (flakes, speed) in enumerate(self._layers):
            drift = int(height * 0.02 * math.sin(t * 0.7 + number * 2))
            light += np.roll(flakes, (int(t * speed * height), drift), (0, 1))
        white = np.minimum(light, 0.85)[:, :, None]
        image += (palette.colour_at(0.97) - image) * white


class Fog:
    """Banks of fog that drift by, denser towards the ground."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self._grid = grid
        self._noise = Noise(rng, roughness=2.1)
        self._depth = (0.25 + 0.45 * (grid.y + grid.bottom) / (2 * grid.bottom)).astype(np.float32)

    def draw(self, image: Array, t: float, palette: Palette) -> None:
        """Draw it as it is at `t` seconds on an (h, w, 3) image, in place."""
        grid = self._grid
        banks = self._noise.sample(grid.x * 0.11 + 0.012 * t, grid.y * 0.3)
        density = np.clip(banks * 1.5 - 0.25, 0, 1) * self._depth
        image += (palette.colour_at(0.62) - image) * density[:, :, None]


def create_weather(name: str, rng: np.random.Generator, grid: Grid) -> Weather | None:
    """Return the named weather; `None` for none."""
    match name:
        case "rain" | "storm":
            return Rain(rng, grid, is_storm=name == "storm")
        case "snow":
            return Snow(rng, grid)
        case "fog":
            return Fog(rng, grid)
        case _:
            return None


def _streaks(rng: np.random.Generator, grid: Grid, count: int, *, length: float) -> Array:
    """Return (h, w) light of `count` upright streaks, `length` times as long as the frame is high."""
    light = np.zeros((grid.height, grid.width), np.float32)
    steps = np.arange(max(2, int(length * grid.height)))
    profile = np.sin(np.pi * (steps + 0.5) / len(steps)).astype(np.float32)
    rows, columns = rng.integers(0, grid.height, count), rng.integers(0, grid.width, count)
    strength = rng.uniform(0.35, 1.0, count).astype(np.float32)
    np.maximum.at(
        light,
        ((rows[:, None] + steps) % grid.height, np.repeat(columns[:, None], len(steps), axis=1)),
        strength[:, None] * profile,
    )
    return light


def _flakes(rng: np.random.Generator, grid: Grid, count: int, radius: float) -> Array:
    """Return (h, w) coverage of `count` soft discs; `radius` as a part of the short side."""
    coverage = np.zeros((grid.height, grid.width), np.float32)
    pixels = max(0.7, radius * min(grid.width, grid.height))
    reach = math.ceil(pixels * 2)
    offsets = np.arange(-reach, reach + 1)
    spot = np.exp(-((np.hypot(offsets[:, None], offsets[None, :]) / pixels) ** 2)).astype(np.float32)
    rows = (rng.integers(0, grid.height, count)[:, None, None] + offsets[None, :, None]) % grid.height
    columns = (rng.integers(0, grid.width, count)[:, None, None] + offsets[None, None, :]) % grid.width
    strength = rng.uniform(0.4, 1.0, count).astype(np.float32)[:, None, None]
    np.maximum.at(coverage, (rows, columns), strength * spot)
    return coverage
