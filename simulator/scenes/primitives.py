"""Building blocks of scenes: coordinate grids, tileable noise, smooth steps, stars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Grid:
    """Pixel coordinates of a canvas: x a row, y a column, 0 in the middle; half the short side is 1."""

    width: int
    height: int
    x: Array
    y: Array

    @property
    def pixel_size(self) -> float:
        """The size of one pixel, in the units of x and y."""
        return 2.0 / min(self.width, self.height)

    @property
    def right(self) -> float:
        """x of the right edge; the left edge is its negative."""
        return self.width / min(self.width, self.height)

    @property
    def bottom(self) -> float:
        """y of the lower edge; the upper edge is its negative."""
        return self.height / min(self.width, self.height)


def create_grid(width: int, height: int) -> Grid:
    """Return the coordinates of a canvas of that many pixels."""
    half = min(width, height) / 2
    x = ((np.arange(width) + 0.5 - width / 2) / half).astype(np.float32)[None, :]
    y = ((np.arange(height) + 0.5 - height / 2) / half).astype(np.float32)[:, None]
    return Grid(width, height, x, y)


def smoothstep(low: float, high: float, value: Array) -> Array:
    """Return 0 below `low`, 1 above `high`, smooth in between; the other way round when low > high."""
    fraction = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    result: Array = fraction * fraction * (3 - 2 * fraction)
    return result


class Noise:
    """Tileable cloud noise in 0..1: filtered white noise, computed once and sampled with interpolation."""

    def __init__(self, rng: np.random.Generator, *, side: int = 512, roughness: float = 1.6) -> None:
        """`side`: pixels of a tile. `roughness`: how fast the spectrum falls, 1.2 grainy, 2.4 smooth."""
        spectrum = np.fft.rfft2(rng.standard_normal((side, side)))
        frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
        frequency[0, 0] = 1
        values = np.fft.irfft2(spectrum / frequency**roughness, (side, side))
        values = (values - values.mean()) / values.std()
        self._values: Array = (0.5 + 0.5 * np.tanh(values * 0.7)).astype(np.float32)
        self._side = side

    def sample(self, x: Array, y: Array) -> Array:
        """Return the noise at columns `x` (1, w) and rows `y` (h, 1), as (h, w); one unit is one tile."""
        rows, row_fractions = self._split(y.ravel())
        columns, column_fractions = self._split(x.ravel())
        above = self._values[rows]
        lines = above + (self._values[(rows + 1) % self._side] - above) * row_fractions[:, None]
        left = lines.take(columns, axis=1)
        right = lines.take((columns + 1) % self._side, axis=1)
        result: Array = left + (right - left) * column_fractions[None, :]
        return result

    def sample_row(self, x: Array, y: float) -> Array:
        """Return one-dimensional noise at `x`, in its shape, from the row at `y` of the tile."""
        columns, fractions = self._split(x.ravel())
        row = self._values[int(y * self._side) % self._side]
        values: Array = row[columns] + (row[(columns + 1) % self._side] - row[columns]) * fractions
        return values.reshape(x.shape)

    def _split(self, position: Array) -> tuple[Array, Array]:
        """Return the pixel indexes of positions within the tile, and the fractions behind them."""
        scaled = position * self._side
        whole = np.floor(scaled)
        return whole.astype(np.int64) % self._side, (scaled - whole).astype(np.float32)


@dataclass
class Stars:
    """Sharp points of light, drawn on the full-size frame.

    x and y: positions, 0..1 from the left and the top. radius: in pixels of a frame whose short side is 720.
    intensity and phase: 0..1.
    """

    x: Array
    y: Array
    radius: Array
    intensity: Array
    phase: Array

    def brightness_at(self, t: float) -> Array:
        """Return how bright each star is (0..1) at `t` seconds: they twinkle, each at its own pace."""
        twinkle = 0.75 + 0.25 * np.sin(t * (0.6 + self.phase * 2.2) + self.phase * 40)
        result: Array = self.intensity * twinkle
        return result


def create_stars(rng: np.random.Generator, count: int, *, max_y: float = 1.0) -> Stars:
    """Return `count` stars between the top and `max_y` (0 top .. 1 bottom): many faint, few bright."""
    intensity = rng.random(count) ** 4 * 0.9 + 0.1
    x = rng.random(count)
    y = rng.random(count) * max_y
    return Stars(x, y, 0.55 + intensity * 1.3, intensity, rng.random(count))
