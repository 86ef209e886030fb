"""The compositor: turns a scene spec into frames of a scene, film grain and a caption."""

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

from simulator.caption import create_overlays
from simulator.frame_sources import ClipSource, ImageSource, SceneSource
from simulator.given_images import Ending, ReferenceStrip, open_image
from simulator.scene_spec import SceneSpec
from simulator.scenes.palettes import Palette, blend_palettes, build_palette, choose_palette
from simulator.yuv import luma_plane, tint_frame

Array = npt.NDArray[Any]

_CROSSFADE_SECONDS = 1.5
_GRAIN_MARGIN = 8


class Timeline:
    """Palette and caption at any moment. Each segment fades in from the colours of the one before."""

    def __init__(self, spec: SceneSpec) -> None:
        self._segments = spec.segments
        self._palettes = [build_palette(segment.palette, segment.prompt) for segment in spec.segments]
        self._overlays = [
            create_overlays(segment.prompt, spec.width, spec.height) for segment in spec.segments
        ]

    def palette(self, t: float) -> Palette:
        """Return the colours at `t` seconds."""
        index, elapsed = self._segment_at(t)
        if index == 0:
            return self._palettes[0]
        return blend_palettes(self._palettes[index - 1], self._palettes[index], elapsed / _CROSSFADE_SECONDS)

    def draw_caption(self, t: float, luma: Array) -> None:
        """Draw the caption of `t` seconds on a luma plane, in place."""
        for overlay in self._overlays[self._segment_at(t)[0]]:
            overlay.draw(luma)

    def _segment_at(self, t: float) -> tuple[int, float]:
        """Return the index of the segment at `t` seconds, and the seconds since it began."""
        start = 0.0
        for index, segment in enumerate(self._segments):
            if t < start + segment.seconds or index == len(self._segments) - 1:
                return index, t - start
            start += segment.seconds
        raise AssertionError("a scene spec has at least one segment")


class Compositor:
    """Produces all frames of a scene spec, in order."""

    def __init__(self, spec: SceneSpec, inputs: Path, fps: int) -> None:
        """`inputs` is the directory of the input files that the spec names."""
        self.spec = spec
        self._inputs = inputs
        self._fps = fps
        self._timeline = Timeline(spec)
        rng = np.random.default_rng(1)
        shape = (spec.height + _GRAIN_MARGIN, spec.width + _GRAIN_MARGIN)
        self._grain = np.round(rng.standard_normal(shape) * 1.1).astype(np.int8)
        self._ending = Ending(spec, open_image(inputs / spec.last_frame), fps) if spec.last_frame else None
        self._strip = ReferenceStrip(spec, [open_image(inputs / name) for name in spec.references])

    def frames(self) -> Iterator[av.VideoFrame]:
        """Yield exactly `seconds * fps` yuv420p frames of the spec's size."""
        total = self.spec.seconds * self._fps
        with contextlib.closing(self._source_frames()) as sources:
            for number, frame in zip(range(total), sources, strict=False):
                self._draw_given_images(frame, number / self._fps)
                luma = luma_plane(frame)
                self._add_grain(luma, number)
                self._timeline.draw_caption(number / self._fps, luma)
                frame.pts = number
                frame.time_base = Fraction(1, self._fps)
                yield frame

    def _source_frames(self) -> Generator[av.VideoFrame, None, None]:
        """Yield frames without end: the clip first if there is one, then the image or the scene."""
        start = 0
        if self.spec.clip:
            start = self.spec.segments[0].seconds * self._fps
            for number, frame in enumerate(self._clip_source().frames(start)):
                if self._is_recoloured:
                    tint_frame(frame, self._timeline.palette(number / self._fps))
                yield frame
        source = self._main_source()
        for number in itertools.count(start):
            if self._ending and number == self._new_frames:  # an extension goes on from the last frame
                source, start = ImageSource(self.spec, self._ending.image, is_tinted=False), number
            palette = self._timeline.palette(number / self._fps)
            yield source.frame((number - start) / self._fps, palette)

    @property
    def _new_frames(self) -> int:
        """How many frames the first segment has."""
        return self.spec.segments[0].seconds * self._fps

    def _draw_given_images(self, frame: av.VideoFrame, t: float) -> None:
        """Draw what the request brought beside its first frame, in place; extensions show none of it."""
        if t >= self.spec.segments[0].seconds:
            return
        self._strip.draw(frame, t, 1 - self._ending.weight(t) if self._ending else 1.0)
        if self._ending:
            self._ending.draw(frame, t)

    def _clip_source(self) -> ClipSource:
        return ClipSource(self._inputs / str(self.spec.clip), self.spec, self._fps)

    def _main_source(self) -> SceneSource | ImageSource:
        if self.spec.clip:
            return ImageSource(self.spec, self._clip_source().last_image(), is_tinted=self._is_recoloured)
        if self.spec.reference:
            with Image.open(self._inputs / self.spec.reference) as image:
                return ImageSource(self.spec, image, is_tinted=self._is_recoloured)
        return SceneSource(self.spec)

    @property
    def _is_recoloured(self) -> bool:
        return self.spec.segments[0].palette != choose_palette(
            self.spec.composition, without=self.spec.negative_prompt
        )

    def _add_grain(self, luma: Array, number: int) -> None:
        """Add grain, shifted for each frame, in place. Luma is 16..235, so a few steps cannot wrap around."""
        row, column = (number * 5) % _GRAIN_MARGIN, (number * 3) % _GRAIN_MARGIN
        height, width = luma.shape
        luma += self._grain[row : row + height, column : column + width].view(np.uint8)
