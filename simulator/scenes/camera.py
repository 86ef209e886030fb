"""Movements of the camera over a drawn scene: closer, back, up, sideways, around, unsteady."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.primitives import Stars

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class View:
    """What the camera sees: a part of the scene that is `zoom` times smaller, off its middle by `x` and `y`.

    Both are parts of the whole scene's width and height. The part never reaches over an edge.
    """

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def resample(self, image: Array) -> Array:
        """Return what is seen of an (h, w, 3) image, at its size."""
        height, width = image.shape[:2]
        rows, row_fractions = self._samples(height, self.y)
        columns, column_fractions = self._samples(width, self.x)
        above = image[rows]
        lines = above + (image[np.minimum(rows + 1, height - 1)] - above) * row_fractions[:, None, None]
        left = lines.take(columns, axis=1)
        right = lines.take(np.minimum(columns + 1, width - 1), axis=1)
        seen: Array = left + (right - left) * column_fractions[None, :, None]
        return seen

    def move_stars(self, stars: Stars) -> Stars:
        """Return the stars that are seen, where they are seen."""
        x = (stars.x - 0.5 - self.x) * self.zoom + 0.5
        y = (stars.y - 0.5 - self.y) * self.zoom + 0.5
        seen = (x > 0) & (x < 1) & (y > 0) & (y < 1)
        return Stars(x[seen], y[seen], stars.radius[seen], stars.intensity[seen], stars.phase[seen])

    def _samples(self, count: int, offset: float) -> tuple[Array, Array]:
        """Return the pixels of an axis that are seen, and how far each is on the way to the next."""
        middle = (count - 1) / 2
        position = (np.arange(count) - middle) / self.zoom + middle + offset * count
        position = np.clip(position, 0, count - 1)
        whole = np.floor(position).astype(np.int64)
        return whole, (position - whole).astype(np.float32)


class Camera:
    """A camera that moves by `push`, `pull`, `rise`, `pan`, `turn` or `shake`; else it is still."""

    def __init__(self, move: str, pace: float) -> None:
        self._move, self._pace = move, pace

    def view_at(self, t: float) -> View | None:
        """Return what is seen at `t` seconds; `None` if that is the whole scene."""
        # It sets off at once and settles, so that a long video does not run out of scene.
        way = 1 - math.exp(-t * self._pace / 5)
        match self._move:
            case "push":
                return View(1 + 0.28 * way)
            case "pull":
                return View(1.3 - 0.28 * way)
            case "rise":
                return View(1.22, y=0.08 - 0.16 * way)
            case "pan":
                return View(1.22, x=-0.08 + 0.16 * way)
            case "turn":
                return View(
                    1.16, x=0.06 * math.sin(t * self._pace * 0.35), y=0.03 * math.cos(t * self._pace * 0.35)
                )
            case "shake":
                return View(
                    1.1, x=0.008 * (math.sin(t * 5.3) + math.sin(t * 3.1)), y=0.008 * math.sin(t * 4.4 + 1)
                )
            case _:
                return None
