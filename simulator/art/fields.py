"""Building blocks of scenes: grids, tileable noise, soft steps, points of light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Grid:
    """Pixel coordinates of a small canvas: x a row, y a column, in half short sides from the middle."""

    width: int
    height: int
    x: Array
    y: Array

    @property
    def pixel(self) -> float:
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


def grid(width: int, height: int) -> Grid:
    """Coordinates for a canvas of that many pixels."""
    half = min(width, height) / 2
    x = ((np.arange(width) + 0.5 - width / 2) / half).astype(np.float32)[None, :]
    y = ((np.arange(height) + 0.5 - height / 2) / half).astype(np.float32)[:, None]
    return Grid(width, height, x, y)


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between (the other way round when low > high)."""
    share = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    result: Array = share * share * (3 - 2 * share)
    return result


class Noise:
    """Cloudy noise in 0..1 that tiles: made once by filtering white noise, sampled bilinearly."""

    def __init__(self, rng: np.random.Generator, *, side: int = 512, roughness: float = 1.6) -> None:
        """`roughness`: exponent of the spectrum's fall; 1.2 is grainy, 2.4 is billowy."""
        spectrum = np.fft.rfft2(rng.standard_normal((side, side)))
        reach = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
        reach[0, 0] = 1
        cloud = np.fft.irfft2(spectrum / reach**roughness, (side, side))
        cloud = (cloud - cloud.mean()) / cloud.std()
        self._cloud: Array = (0.5 + 0.5 * np.tanh(cloud * 0.7)).astype(np.float32)
        self._side = side

    def sample(self, across: Array, down: Array) -> Array:
        """The noise over columns `across` (1, w) and rows `down` (h, 1); one unit is one tile."""
        rows, row_share = self._split(down.ravel())
        columns, column_share = self._split(across.ravel())
        above = self._cloud[rows]
        lines = above + (self._cloud[(rows + 1) % self._side] - above) * row_share[:, None]
        left = lines.take(columns, axis=1)
        right = lines.take((columns + 1) % self._side, axis=1)
        result: Array = left + (right - left) * column_share[None, :]
        return result

    def line(self, along: Array, track: float) -> Array:
        """A one-dimensional profile in 0..1 read along one track of the noise; keeps the shape of `along`."""
        places, share = self._split(along.ravel())
        row = self._cloud[int(track * self._side) % self._side]
        values: Array = row[places] + (row[(places + 1) % self._side] - row[places]) * share
        return values.reshape(along.shape)

    def _split(self, place: Array) -> tuple[Array, Array]:
        scaled = place * self._side
        whole = np.floor(scaled)
        return whole.astype(np.int64) % self._side, (scaled - whole).astype(np.float32)


@dataclass
class Stars:
    """Sharp points of light, drawn on the full-size picture: places in 0..1, sizes in pixels at 720 lines."""

    across: Array
    down: Array
    radius: Array
    light: Array
    beat: Array

    def brightness(self, at: float) -> Array:
        """How bright each star is (0..1) at time `at` in seconds: they twinkle, each to its own beat."""
        result: Array = self.light * (0.75 + 0.25 * np.sin(at * (0.6 + self.beat * 2.2) + self.beat * 40))
        return result


def stars(rng: np.random.Generator, count: int, *, lowest: float = 1.0) -> Stars:
    """`count` stars spread from the top down to `lowest` (0 top .. 1 bottom): many faint, few bright."""
    light = rng.random(count) ** 4 * 0.9 + 0.1
    return Stars(rng.random(count), rng.random(count) * lowest, 0.55 + light * 1.3, light, rng.random(count))
