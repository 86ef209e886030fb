"""Which scene a prompt gets, and the list of them all."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simulator.art.fields import Grid, Stars, grid
from simulator.art.land import Aurora, Ridges, Sea
from simulator.art.light import CityLights, Nebula, Silk
from simulator.art.palettes import Palette, first_match, seed_of

Array = npt.NDArray[Any]

FAMILIES = ("mountains", "dunes", "aurora", "sea", "nebula", "silk", "city")

# A prompt that names a place should look like it.
_WORDS: dict[str, str] = {
    "mountains": "mountain mountains hill hills valley forest fog mist peak landscape castle cabin train",
    "dunes": "desert dune dunes sand camel savanna field fields",
    "aurora": "aurora night lake northern winter snow polar fox owl",
    "sea": "sea ocean wave waves beach ship boat island surf water whale dolphin lighthouse sunset",
    "nebula": "space star stars galaxy nebula planet astronaut cosmos universe moon rocket",
    "silk": "abstract silk fabric dance dancer flow liquid ink smoke logo product dress music",
    "city": "city street lights neon tokyo rain car cafe bokeh crowd market party robot",
}


class Scene(Protocol):
    """A moving picture: any moment of it can be drawn on its own, in any order."""

    stars: Stars | None

    def frame(self, at: float, palette: Palette) -> Array:
        """The picture at `at` seconds: (h, w, 3) light, 0..1 before clipping."""
        ...


def family_of(text: str) -> str:
    """The family for a prompt: by its words, else by its seed."""
    return first_match(text, _WORDS) or FAMILIES[seed_of(f"family {text}") % len(FAMILIES)]


def scene_for(text: str, width: int, height: int) -> Scene:
    """The scene a composition's text stands for, on a canvas of that many pixels."""
    rng = np.random.default_rng(seed_of(f"composition {text}"))
    return _build(family_of(text), rng, grid(width, height))


def _build(family: str, rng: np.random.Generator, canvas: Grid) -> Scene:
    match family:
        case "mountains" | "dunes":
            return Ridges(rng, canvas, dunes=family == "dunes")
        case "aurora":
            return Aurora(rng, canvas)
        case "sea":
            return Sea(rng, canvas)
        case "nebula":
            return Nebula(rng, canvas)
        case "silk":
            return Silk(rng, canvas)
        case _:
            return CityLights(rng, canvas)
