"""Images that a request brings beside its first frame: the one it ends with, and those shown in a corner."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from simulator.frame_sources import crop_to_fill
from simulator.scene_spec import SceneSpec
from simulator.scenes.primitives import smoothstep
from simulator.yuv import blend_frame, image_to_frame

_FADE_SECONDS = 2.0  # into the last frame, but at most half of the video
_STRIP_FADES_IN = 0.2, 1.0  # seconds: the first frame is shown as it was given


class Ending:
    """The last frame, into which the new part of a video fades: its very last picture is the image."""

    def __init__(self, spec: SceneSpec, image: Image.Image, fps: int) -> None:
        self.image = crop_to_fill(image, (spec.width, spec.height))
        self._frame = image_to_frame(self.image)
        seconds = spec.segments[0].seconds
        self.time = seconds - 1 / fps  # of the last picture
        self._fade = min(_FADE_SECONDS, seconds / 2)

    def weight(self, t: float) -> float:
        """Return how much of the last frame is seen at `t` seconds, from 0 to 1."""
        return float(smoothstep(self.time - self._fade, self.time, np.asarray(t)))

    def draw(self, frame: av.VideoFrame, t: float) -> None:
        """Blend the last frame into a frame of `t` seconds, in place."""
        if weight := self.weight(t):
            blend_frame(frame, self._frame, weight)


class ReferenceStrip:
    """The further images, small and side by side in the upper left corner."""

    def __init__(self, spec: SceneSpec, images: list[Image.Image]) -> None:
        side = min(spec.width, spec.height) // 6 // 2 * 2
        margin = min(spec.width, spec.height) // 24 // 2 * 2
        self._tiles = [
            (margin + number * (side + margin // 2 // 2 * 2), margin, image_to_frame(_tile(image, side)))
            for number, image in enumerate(images)
        ]

    def draw(self, frame: av.VideoFrame, t: float, opacity: float) -> None:
        """Draw the images on a frame of `t` seconds, in place."""
        weight = opacity * float(smoothstep(*_STRIP_FADES_IN, np.asarray(t)))
        for left, top, tile in self._tiles if weight else ():
            blend_frame(frame, tile, weight, left=left, top=top)


def open_image(path: Path) -> Image.Image:
    """Return an input file's image, read whole."""
    with Image.open(path) as image:
        return image.convert("RGB")


def _tile(image: Image.Image, side: int) -> Image.Image:
    return ImageOps.fit(image, (side, side))
