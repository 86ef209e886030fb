"""From a recipe to its frames: shots in order, with colours that follow the acts, grain, and words on top."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from simulator.art.palettes import Palette, mixed, palette, palette_name
from simulator.caption import overlays
from simulator.recipe import Recipe
from simulator.shots import ClipShot, ReferenceShot, SceneShot, luma_of, tint

Array = npt.NDArray[Any]

_CROSSFADE = 1.5
_GRAINS = 8


class Look:
    """Which colours and words hold at a moment: acts in order, each fading into the next one's colours."""

    def __init__(self, recipe: Recipe) -> None:
        self._acts = recipe.acts
        self._palettes = [palette(act.colours, act.prompt) for act in recipe.acts]
        self._words = [overlays(act.prompt, recipe.width, recipe.height) for act in recipe.acts]

    def palette(self, at: float) -> Palette:
        """The colours at `at` seconds."""
        number, since = self._act(at)
        if number == 0:
            return self._palettes[0]
        return mixed(self._palettes[number - 1], self._palettes[number], since / _CROSSFADE)

    def caption(self, at: float, luma: Array) -> None:
        """Write the words that belong at `at` seconds on a luma plane."""
        for overlay in self._words[self._act(at)[0]]:
            overlay.put(luma)

    def _act(self, at: float) -> tuple[int, float]:
        start = 0.0
        for number, act in enumerate(self._acts):
            if at < start + act.seconds or number == len(self._acts) - 1:
                return number, at - start
            start += act.seconds
        raise AssertionError("a recipe has at least one act")


class Film:
    """All frames of a recipe, in order."""

    def __init__(self, recipe: Recipe, inputs: Path, fps: int) -> None:
        """`inputs` is the directory of the files the recipe names."""
        self.recipe = recipe
        self._inputs = inputs
        self._fps = fps
        self._look = Look(recipe)
        rng = np.random.default_rng(1)
        shape = (recipe.height + _GRAINS, recipe.width + _GRAINS)
        self._grain = np.round(rng.standard_normal(shape) * 1.1).astype(np.int8)

    def frames(self) -> Iterator[av.VideoFrame]:
        """Exactly `seconds * fps` frames, yuv420p, of the recipe's size."""
        total = self.recipe.seconds * self._fps
        with contextlib.closing(self._shots()) as shots:
            for number, frame in zip(range(total), shots, strict=False):
                luma = luma_of(frame)
                self._put_grain(luma, number)
                self._look.caption(number / self._fps, luma)
                frame.pts = number
                frame.time_base = Fraction(1, self._fps)
                yield frame

    def _shots(self) -> Generator[av.VideoFrame, None, None]:
        """Frames without end: the clip first if there is one, then the picture or the scene."""
        start = 0
        if self.recipe.clip:
            start = self.recipe.acts[0].seconds * self._fps
            for number, frame in enumerate(self._clip().frames(start)):
                if self._is_recoloured:
                    tint(frame, self._look.palette(number / self._fps))
                yield frame
        shot = self._main_shot()
        for number in itertools.count(start):
            yield shot.frame((number - start) / self._fps, self._look.palette(number / self._fps))

    def _clip(self) -> ClipShot:
        return ClipShot(self._inputs / str(self.recipe.clip), self.recipe, self._fps)

    def _main_shot(self) -> SceneShot | ReferenceShot:
        if self.recipe.clip:
            return ReferenceShot(self.recipe, self._clip().last(), tinted=self._is_recoloured)
        if self.recipe.reference:
            with Image.open(self._inputs / self.recipe.reference) as picture:
                return ReferenceShot(self.recipe, picture, tinted=self._is_recoloured)
        return SceneShot(self.recipe)

    @property
    def _is_recoloured(self) -> bool:
        return self.recipe.acts[0].colours != palette_name(self.recipe.composition)

    def _put_grain(self, luma: Array, number: int) -> None:
        """Add shifted grain, in place. Luma stays within 16..235, so a few steps cannot wrap around."""
        row, column = (number * 5) % _GRAINS, (number * 3) % _GRAINS
        height, width = luma.shape
        luma += self._grain[row : row + height, column : column + width].view(np.uint8)
