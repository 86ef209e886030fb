"""Scenes with a horizon: mountain ranges, dunes, the northern lights over a lake, the sea."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.art.fields import Grid, Noise, Stars, smoothstep, stars
from simulator.art.palettes import Palette

Array = npt.NDArray[Any]


class Ridges:
    """Range behind range in the haze, a low sun, slow parallax. Sharp crests: mountains; soft: dunes."""

    def __init__(self, rng: np.random.Generator, grid: Grid, *, dunes: bool) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._dunes = dunes
        self._layers = 4 if dunes else 6
        self._profile = Noise(rng, roughness=2.5 if dunes else 1.62)
        self._cloud = Noise(rng, roughness=1.9)
        self._tracks = rng.random(self._layers)
        self._sun_x = float(rng.uniform(-0.55, 0.55)) * grid.right
        self._sun_y = float(rng.uniform(-0.42, -0.12))
        self._sun_size = float(rng.uniform(0.13, 0.24))
        self._way = float(rng.choice([-1.0, 1.0]))
        self._horizon = 0.1 * grid.bottom

    def frame(self, at: float, palette: Palette) -> Array:
        """The picture at `at` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        sun_y = self._sun_y * grid.bottom - 0.012 * at
        height = (grid.y + grid.bottom) / (self._horizon + grid.bottom)
        tone = np.repeat(0.16 + 0.62 * np.clip(height, 0, 1.1) ** 1.5, grid.width, axis=1).astype(np.float32)
        away = np.hypot(grid.x - self._sun_x, grid.y - sun_y)
        clouds = self._cloud.sample(grid.x * 0.1 + 0.004 * at * self._way, grid.y * 0.42)
        tone += (clouds - 0.5) * 0.3 * smoothstep(self._horizon, -0.7 * grid.bottom, grid.y)
        tone += 0.34 * np.exp(-away * 1.5)
        disc = smoothstep(self._sun_size + 1.2 * grid.pixel, self._sun_size - 1.2 * grid.pixel, away)
        tone = tone + (1.0 - tone) * disc * 0.92
        for layer in range(self._layers):
            self._put_range(tone, layer, at)
        picture = palette.paint(tone)
        picture += (np.exp(-away * 2.1) * 0.26)[:, :, None] * palette.glow
        return picture

    def _put_range(self, tone: Array, layer: int, at: float) -> None:
        """Draw one range over what is behind it, hazier the farther away it is."""
        grid = self._grid
        near = (layer + 1) / self._layers
        zoom = (0.10 if self._dunes else 0.075) + 0.03 * near
        drift = self._way * at * 0.0035 * near**1.6
        along = grid.x * zoom + drift + self._tracks[layer]
        shape = self._profile.line(along, float(self._tracks[layer]))
        swing = (0.2 + 0.42 * near) * 1.05
        crest = self._horizon + (0.02 + 0.78 * near**1.25) * 0.72 * grid.bottom - (shape - 0.35) * swing
        first = max(0, int((float(crest.min()) + grid.bottom) / grid.pixel) - 2)
        below = grid.y[first:] - crest
        cover = np.clip(below / grid.pixel + 0.5, 0, 1)
        haze = 0.60 - 0.56 * near**0.8
        body = haze + 0.15 * (1 - 0.75 * near) * np.clip(below * 2.2, 0, 1)
        if self._dunes:
            body = body + self._lit_side(along, layer) * np.exp(-below * 3.0) * (0.3 - 0.1 * near)
        part = tone[first:]
        part += (body - part) * cover

    def _lit_side(self, along: Array, layer: int) -> Array:
        """How far each column of a dune is turned towards the sun, -0.6 .. 1."""
        step = 0.012
        track = float(self._tracks[layer])
        slope = (self._profile.line(along + step, track) - self._profile.line(along - step, track)) / step
        side = -math.copysign(1.0, self._sun_x)
        lit: Array = np.clip(slope * side * 0.09, -0.35, 0.8)
        return lit


class Aurora:
    """Curtains of light over a lake that mirrors them."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self._grid = grid
        self._streaks = Noise(rng, roughness=1.35)
        self._folds = Noise(rng, roughness=2.2)
        self._hills = Noise(rng, roughness=2.0)
        self._tracks = rng.random((3, 3))
        self._shore = 0.56 * grid.bottom
        self.stars: Stars | None = stars(rng, 260, lowest=0.66)
        self._shore_row = int((self._shore + grid.bottom) / grid.pixel)

    def frame(self, at: float, palette: Palette) -> Array:
        """The picture at `at` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        y = grid.y[: self._shore_row]
        height = (y + grid.bottom) / (self._shore + grid.bottom)
        tone = np.repeat(0.03 + 0.20 * height**1.4, grid.width, axis=1).astype(np.float32)
        sky = palette.paint(tone)
        for curtain in range(3):
            self._hang(sky, y, curtain, at, palette)
        self._put_hills(sky, y, palette)
        return np.concatenate([sky, self._mirror(sky, at, palette)])

    def _hang(self, sky: Array, y: Array, curtain: int, at: float, palette: Palette) -> None:
        """Add one curtain: sharp below, fading upwards, striped by fine vertical rays that wander."""
        grid = self._grid
        one, two, three = (float(value) for value in self._tracks[curtain])
        sway = self._folds.line(grid.x * 0.15 + one + 0.006 * at, two)
        lean = y * np.float32(0.016 * (curtain - 1))
        along = grid.x * 0.05 + sway * 0.16 + three + 0.003 * at * (1 - curtain) + lean
        rays = self._streaks.line(along, one) * 0.75 + self._streaks.line(along * 2.3 + 0.02 * at, two) * 0.25
        breath = 0.45 + 0.55 * smoothstep(
            0.35, 0.75, self._folds.line(grid.x * 0.06 - 0.012 * at + two, three)
        )
        lower = (0.30 - 0.30 * curtain - (sway - 0.5) * 0.95) * grid.bottom
        above = np.maximum(lower - y, 0)
        reach = (0.30 + 0.6 * rays) * grid.bottom
        light = smoothstep(0.0, 0.16, above) * np.exp(-above / reach) * (rays**1.6 * 1.9 * breath)
        high = np.clip(above / (0.9 * grid.bottom), 0, 1)
        low_colour, high_colour = palette.at(0.72 - 0.12 * curtain), palette.at(0.42)
        strength = np.float32(1.9 - 0.35 * curtain)
        sky += (light * (1 - high) * strength)[:, :, None] * low_colour
        sky += (light * high * strength * 1.3)[:, :, None] * high_colour

    def _put_hills(self, sky: Array, y: Array, palette: Palette) -> None:
        grid = self._grid
        for track, rise, tone in ((0.3, 0.62, 0.10), (0.7, 0.36, 0.035)):
            shape = self._hills.line(grid.x * (0.08 + 0.05 * track) + track, track)
            crest = self._shore - shape * rise * 0.62 * grid.bottom + 0.03
            cover = np.clip((y - crest) / grid.pixel + 0.5, 0, 1)[:, :, None]
            sky += (palette.at(tone) * 0.8 - sky) * cover

    def _mirror(self, sky: Array, at: float, palette: Palette) -> Array:
        """The lake: the sky upside down, broken by ripples that grow towards the viewer."""
        grid = self._grid
        count = grid.height - self._shore_row
        depth = (np.arange(count) / max(count, 1)).astype(np.float32)
        phase = 26.0 / (depth + 0.16)
        ripple = np.sin(phase - at * 1.7) + 0.6 * np.sin(phase * 1.73 + at * 1.1)
        rows = (
            self._shore_row - 1 - np.arange(count) * 1.15 + ripple * (0.6 + 5.0 * depth) * grid.height / 400
        )
        picture = sky[np.clip(rows, 0, self._shore_row - 1).astype(np.int64)]
        dim = (0.62 - 0.3 * depth + 0.03 * ripple)[:, None, None].astype(np.float32)
        water: Array = picture * dim + palette.at(0.06) * (1 - dim) * 0.8
        return water


class Sea:
    """Open water under a low sun: waves in true perspective, and a path of glitter."""

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self.stars: Stars | None = None
        self._grid = grid
        self._cloud = Noise(rng, roughness=1.8)
        self._chop = Noise(rng, roughness=1.5)
        self._horizon_row = int(grid.height * rng.uniform(0.40, 0.5))
        self._sun_x = float(rng.uniform(-0.5, 0.5)) * grid.right
        self._sun_size = float(rng.uniform(0.10, 0.17))
        self._waves = [
            (float(size), float(rng.uniform(-0.7, 0.7)), float(rng.uniform(0, 6.3)))
            for size in (2.3, 3.7, 5.9, 9.1, 14.3)
        ]
        horizon = grid.y[self._horizon_row, 0]
        depth = 1.0 / (grid.y[self._horizon_row :] - horizon + 0.5 * grid.pixel + 0.035)
        self._depth = depth.astype(np.float32)
        self._across = (grid.x * self._depth).astype(np.float32)

    def frame(self, at: float, palette: Palette) -> Array:
        """The picture at `at` seconds: (h, w, 3) light, 0..1 before clipping."""
        grid = self._grid
        horizon = float(grid.y[self._horizon_row, 0])
        sun_y = horizon - self._sun_size * 1.5 + 0.008 * at
        y = grid.y[: self._horizon_row]
        away = np.hypot(grid.x - self._sun_x, y - sun_y)
        rise = (horizon - y) / (horizon + grid.bottom)
        clouds = self._cloud.sample(grid.x * 0.09 + 0.005 * at, (y * 0.5 + 0.003 * at) / (0.4 + rise))
        tone = 0.72 - 0.56 * rise**0.8 + (clouds - 0.5) * (0.14 + 0.3 * rise) + 0.28 * np.exp(-away * 1.9)
        disc = smoothstep(self._sun_size + 1.2 * grid.pixel, self._sun_size - 1.2 * grid.pixel, away)
        tone = (tone + (1.0 - tone) * disc * 0.95).astype(np.float32)
        sky = palette.paint(tone)
        sky += (np.exp(-away * 2.2) * 0.3)[:, :, None] * palette.glow
        return np.concatenate([sky, self._water(at, palette)])

    def _water(self, at: float, palette: Palette) -> Array:
        """Rows below the horizon: darker towards the viewer, each wave's lit face catching sky or sun."""
        near = 1.0 / self._depth
        slope = np.zeros_like(self._across)
        for size, lean, phase in self._waves:
            pace = math.sqrt(size) * 1.5
            fade = np.exp(-self._depth * size * 0.035)
            crests = np.sin((self._depth + self._across * lean) * size + at * pace + phase)
            slope += crests * (fade * (0.5 / size**0.35))
        chop = self._chop.sample(self._grid.x * 0.5 + 0.01 * at, np.log(near) * 0.55 + at * 0.05)
        slope += (chop - 0.5) * (0.9 - 0.55 * np.clip(near, 0, 1))
        tone = 0.46 - 0.36 * np.clip(near, 0, 1.2) ** 0.55 + slope * (0.035 + 0.10 * np.clip(near, 0, 1))
        width = 0.10 + 0.34 * near
        path = np.exp(-(((self._grid.x - self._sun_x) / width) ** 2))
        glint = path * np.clip(slope - 0.05, 0, 1) ** 1.7 * (1.1 - np.clip(near * 1.5, 0, 1))
        water = palette.paint((tone + path * (0.17 - 0.1 * np.clip(near, 0, 1))).astype(np.float32))
        water += (glint * 1.7)[:, :, None] * (palette.glow * 0.7 + palette.at(0.95) * 0.3)
        return water
