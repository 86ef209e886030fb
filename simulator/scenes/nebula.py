"""A nebula among stars."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Grid, Noise, Stars, create_stars, smoothstep

Array = npt.NDArray[Any]


class Nebula:
    """Glowing gas clouds that drift past each other, a bright core, dust lanes and sharp stars."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self._grid = grid
        self._gas_noise = Noise(rng, roughness=1.75)
        self._dust_noise = Noise(rng, roughness=1.95)
        self._core_position = (
            float(rng.uniform(-0.6, 0.6)) * grid.right,
            float(rng.uniform(-0.45, 0.3)) * grid.bottom,
        )
        self._phases = rng.uniform(0, 6.3, 6)
        self.stars: Stars | None = create_stars(rng, 420)

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        zoom = 0.19 / (1 + 0.012 * t)
        x, y = grid.x * zoom, grid.y * zoom
        coarse = self._gas_noise.sample(x + 0.0035 * t, y + 0.1)
        fine = self._gas_noise.sample(x * 1.9 - 0.0025 * t + 0.37, y * 1.9 + 0.53)
        dust = self._dust_noise.sample(x * 1.3 + 0.61 - 0.002 * t, y * 1.3 + 0.002 * t)
        phases = self._phases
        veil = np.sin(grid.x * 1.6 + phases[0] + 2.6 * (coarse - 0.5) * 3 + 0.08 * t) * np.sin(
            grid.y * 1.4 + phases[1] + 2.2 * (fine - 0.5) * 3
        )
        distance = np.hypot(grid.x - self._core_position[0], (grid.y - self._core_position[1]) * 1.15) / max(
            grid.right, grid.bottom
        )
        core = np.exp(-(distance**2) * 2.2)
        gas = coarse * 0.62 + fine * 0.38
        light = np.clip(gas * 1.32 - 0.26 + 0.14 * veil, 0, 1) ** 1.5 * (0.30 + 1.0 * core)
        lanes = smoothstep(0.42, 0.68, dust)
        light = light * (1 - 0.62 * lanes * (0.4 + 0.6 * core))
        image = palette.map_tones((0.02 + light * 0.94).astype(np.float32))
        rim = np.clip(1 - np.abs(dust - 0.47) * 9, 0, 1) ** 2 * core * gas
        image += (rim * 0.30 + core**3 * gas**2 * 0.55)[:, :, None] * palette.glow
        return image
