"""The selection of a scene for a prompt."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simulator.scenes.aurora import Aurora
from simulator.scenes.city import CityLights
from simulator.scenes.nebula import Nebula
from simulator.scenes.palettes import Palette, first_match, seed_from_text
from simulator.scenes.primitives import Grid, Stars, create_grid
from simulator.scenes.ridges import Ridges
from simulator.scenes.sea import Sea
from simulator.scenes.silk import Silk

Array = npt.NDArray[Any]

FAMILIES = ("mountains", "dunes", "aurora", "sea", "nebula", "silk", "city")

# A prompt that names a place gets a scene of that place.
_KEYWORDS: dict[str, str] = {
    "mountains": "mountain mountains hill hills valley forest fog mist peak landscape castle cabin train",
    "dunes": "desert dune dunes sand camel savanna field fields",
    "aurora": "aurora night lake northern winter snow polar fox owl",
    "sea": "sea ocean wave waves beach ship boat island surf water whale dolphin lighthouse sunset",
    "nebula": "space star stars galaxy nebula planet astronaut cosmos universe moon rocket",
    "silk": "abstract silk fabric dance dancer flow liquid ink smoke logo product dress music",
    "city": "city street lights neon tokyo rain car cafe bokeh crowd market party robot",
}


class Scene(Protocol):
    """An animation whose moments can be drawn independently of each other, in any order."""

    stars: Stars | None

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        ...


def choose_family(text: str) -> str:
    """Return the scene family for a prompt: by its words, else by its hash."""
    return first_match(text, _KEYWORDS) or FAMILIES[seed_from_text(f"family {text}") % len(FAMILIES)]


def build_scene(composition: str, width: int, height: int) -> Scene:
    """Return the scene that a composition text stands for, on a canvas of that many pixels."""
    rng = np.random.default_rng(seed_from_text(f"composition {composition}"))
    return _create_scene(choose_family(composition), rng, create_grid(width, height))


def _create_scene(family: str, rng: np.random.Generator, grid: Grid) -> Scene:
    match family:
        case "mountains" | "dunes":
            return Ridges(rng, grid, dunes=family == "dunes")
        case "aurora":
            return Aurora(rng, grid)
        case "sea":
            return Sea(rng, grid)
        case "nebula":
            return Nebula(rng, grid)
        case "silk":
            return Silk(rng, grid)
        case _:
            return CityLights(rng, grid)
