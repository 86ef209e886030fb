"""The selection of a scene for a prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simulator.scenes.aurora import Aurora
from simulator.scenes.camera import Camera
from simulator.scenes.city import CityLights
from simulator.scenes.directions import Directions, read_directions
from simulator.scenes.forest import Forest
from simulator.scenes.interior import Interior
from simulator.scenes.nebula import Nebula
from simulator.scenes.palettes import Palette, seed_from_text
from simulator.scenes.primitives import Grid, Stars, create_grid
from simulator.scenes.ridges import Ridges
from simulator.scenes.sea import Sea
from simulator.scenes.silk import Silk
from simulator.scenes.skyline import Skyline
from simulator.scenes.stage import FLOOR, Stage
from simulator.scenes.subjects import Setting, create_subjects
from simulator.scenes.underwater import Underwater
from simulator.scenes.weather import create_weather

Array = npt.NDArray[Any]


class Scene(Protocol):
    """An animation whose moments can be drawn independently of each other, in any order."""

    stars: Stars | None

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        ...


_HIGH = ("day", "night")  # when sun or moon stand high
_OTHERS: dict[str, Callable[[np.random.Generator, Grid], Scene]] = {
    "aurora": Aurora,
    "nebula": Nebula,
    "silk": Silk,
    "city": CityLights,
    "stage": Stage,
    "interior": Interior,
    "forest": Forest,
    "underwater": Underwater,
    "skyline": Skyline,
}
FAMILIES = ("mountains", "dunes", "sea", *_OTHERS)
_SHELTERED = frozenset({"interior", "stage", "silk", "underwater", "nebula"})  # where no weather is
# Where the subjects of each scene are.
_SETTINGS: dict[str, Setting] = {
    "mountains": Setting(0.62, 0.8),
    "dunes": Setting(0.5, 0.7),
    "aurora": Setting(0.6, 0.8, reflects=0.35),
    "sea": Setting(0.3, 0.85, reflects=0.3),
    "nebula": Setting(0.5, is_lit=True, is_weightless=True),
    "silk": Setting(0.75),
    "city": Setting(0.95, 1.2),
    "stage": Setting(FLOOR, 1.55, is_lit=True, reflects=0.22),
    "interior": Setting(0.8, 1.1),
    "forest": Setting(0.72, 0.9, is_lit=True),
    "underwater": Setting(0.5, is_lit=True, is_weightless=True),
    "skyline": Setting(0.98, 1.1),
}


class DirectedScene:
    """A scene with what the words of its prompt ask for: subjects, weather, a camera that moves."""

    def __init__(self, composition: str, directions: Directions, grid: Grid) -> None:
        seed = seed_from_text(f"composition {composition}")
        family = directions.place or _family_by_hash(composition)
        self._scene = _create_scene(family, np.random.default_rng(seed), grid, directions.time)
        rng = np.random.default_rng(
            [seed, 1]
        )  # apart, so that the place stays as it is when its subject changes
        self._subjects = create_subjects(rng, grid, directions.subjects, _SETTINGS[family])
        weather = directions.weather if family not in _SHELTERED else ""
        self._weather = create_weather(weather, rng, grid)
        self._camera = Camera(directions.move, directions.pace)
        self._pace = directions.pace

    def frame(self, t: float, palette: Palette) -> Array:
        """Return the image at `t` seconds: (h, w, 3) light, 0..1 before clipping."""
        moment = t * self._pace
        image = self._scene.frame(moment, palette)
        for subject in self._subjects:
            subject.draw(image, moment, palette)
        if self._weather:
            self._weather.draw(image, t, palette)
        view = self._camera.view_at(t)
        return view.resample(image) if view else image

    def stars_at(self, t: float) -> Stars | None:
        """Return the stars where they are seen at `t` seconds; `None` if there are none."""
        stars, view = self._scene.stars, self._camera.view_at(t)
        return view.move_stars(stars) if stars and view else stars


def build_scene(
    composition: str, prompt: str, width: int, height: int, *, without: str = ""
) -> DirectedScene:
    """Return the scene of a composition text with what a prompt asks for, on a canvas of that many pixels.

    The composition decides the place. What the prompt, and `without`, leave open is as in the composition.
    """
    asked = read_directions(prompt, without=without)
    directions = asked.or_else(read_directions(composition, without=without))
    return DirectedScene(composition, directions, create_grid(width, height))


def _family_by_hash(text: str) -> str:
    return FAMILIES[seed_from_text(f"family {text}") % len(FAMILIES)]


def _create_scene(family: str, rng: np.random.Generator, grid: Grid, time: str) -> Scene:
    match family:
        case "mountains" | "dunes":
            return Ridges(rng, grid, dunes=family == "dunes", is_high=time in _HIGH)
        case "sea":
            return Sea(rng, grid, is_high=time in _HIGH)
        case _:
            return _OTHERS[family](rng, grid)
