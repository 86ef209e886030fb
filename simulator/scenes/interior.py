"""A room with tall windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, smoothstep

Array = npt.NDArray[Any]

_SOFT = 0.012  # half the width of an edge
_HAZE = 0.16  # how strongly the light shows in the air


class Interior:
    """A wall with windows, the light that they throw on the floor, and dust in it."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._noise = Noise(rng, roughness=1.8)
        self._floor_y = 0.42 * grid.bottom
        count = 3 if grid.right > 1 else 2
        self._width = 0.26 * grid.right * 2 / count
        middles = (np.arange(count) - (count - 1) / 2) * (2 * grid.right / count) + rng.uniform(-0.1, 0.1)
        self._middles = [float(each) for each in middles]
        self._slant = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 0.9))
        self._outside = self._noise.sample(grid.x * 0.25, grid.y * 0.25)

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        floor = smoothstep(self._floor_y - 0.01, self._floor_y + 0.01, grid.y)
        air = self._noise.sample(grid.x * 0.2 + 0.006 * t, grid.y * 0.3 + 0.004 * t)
        tone = 0.13 + 0.05 * air + floor * (0.03 + 0.10 * (grid.y - self._floor_y))
        panes, patches = self._panes(t), self._patches(t) * floor
        tone = tone + panes * (0.52 + 0.4 * (self._outside - 0.3)) + patches * 0.40
        beams = self._beams() * (0.5 + air)
        image = palette.map_tones(np.clip(tone + _HAZE * beams, 0, 1).astype(np.float32))
        image += (panes * 0.12 + patches * 0.16 + beams * 0.05)[:, :, None] * palette.glow
        return image

    def _panes(self, t: float) -> Array:
        """Return (h, w) how much of a window each pixel is. Curtains breathe at its sides."""
        grid = self._grid
        top, foot = -0.78 * grid.bottom, self._floor_y - 0.12
        upright = smoothstep(top - _SOFT, top + _SOFT, grid.y) * smoothstep(
            foot + _SOFT, foot - _SOFT, grid.y
        )
        rail = 1 - np.exp(-(((grid.y + 0.25 * grid.bottom) / 0.012) ** 2))
        light = np.zeros((grid.height, grid.width), np.float32)
        for number, middle in enumerate(self._middles):
            sway = 0.03 * np.sin(t * 0.8 + number + grid.y * 2.4) * (grid.y - top)
            away = np.abs(grid.x - middle)
            opening = smoothstep(
                self._width + _SOFT, self._width - 2 * _SOFT, away + 0.12 * self._width + sway
            )
            post = 1 - np.exp(-((away / 0.012) ** 2))
            light += opening * post
        panes: Array = light * upright * rail
        return panes

    def _patches(self, t: float) -> Array:
        """Return (h, w) the light of the windows on the floor, which leans away from them."""
        grid = self._grid
        depth = np.maximum(grid.y - self._floor_y, 0)
        light = np.zeros((grid.height, grid.width), np.float32)
        for middle in self._middles:
            away = np.abs(grid.x - middle - (self._slant + 0.01 * t) * depth * 1.6)
            beyond = away - self._width * (1 + 0.9 * depth)
            light += smoothstep(0.05, -0.05, beyond) * (1 - np.exp(-((away / 0.02) ** 2)))
        return light * np.exp(-depth * 1.1)

    def _beams(self) -> Array:
        """Return (h, w) light in the air between the windows and the floor."""
        grid = self._grid
        fallen = grid.y + 0.78 * grid.bottom
        light = np.zeros((grid.height, grid.width), np.float32)
        for middle in self._middles:
            away = grid.x - middle - self._slant * 0.42 * fallen
            light += np.exp(-((away / (self._width * 0.8)) ** 2))
        return light * smoothstep(-0.1, 0.5, fallen) * np.exp(-np.maximum(fallen, 0) * 0.5)
