"""Sources of full-size yuv420p frames: a generated scene, a still image, an uploaded clip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation
from PIL import Image, ImageOps

from simulator.scene_spec import SceneSpec
from simulator.scenes.palettes import Palette, seed_from_text
from simulator.scenes.primitives import create_grid, smoothstep
from simulator.scenes.selection import build_scene
from simulator.yuv import (
    draw_stars,
    frame_to_image,
    image_to_frame,
    luma_plane,
    scale_luma,
    shift_chroma,
    tint_frame,
)

# Scenes are soft, so they are drawn small and enlarged; stars and captions are drawn at full size.
_CANVAS_SIDE = 560
_HIGH_QUALITY_CANVAS_SIDE = 720


class SceneSource:
    """A generated scene, enlarged, with its stars and a vignette."""

    def __init__(self, spec: SceneSpec) -> None:
        canvas_side = _HIGH_QUALITY_CANVAS_SIDE if spec.high_quality else _CANVAS_SIDE
        scale = canvas_side / max(spec.width, spec.height)
        width, height = (max(16, int(side * scale) // 2 * 2) for side in (spec.width, spec.height))
        self._size = (spec.width, spec.height)
        self._scene = build_scene(
            spec.composition, spec.segments[0].prompt, width, height, without=spec.negative_prompt
        )
        grid = create_grid(width, height)
        distance = np.hypot(grid.x / grid.right, grid.y / grid.bottom)
        vignette = 65535 * (1 - 0.34 * smoothstep(0.55, 1.5, distance))
        self._vignette = vignette[:, :, None].astype(np.float32)

    def frame(self, t: float, palette: Palette) -> av.VideoFrame:
        """Return a frame of the spec's size at `t` seconds."""
        light = self._scene.frame(t, palette)
        # Highlights roll off instead of clipping: what is above the knee is compressed into the rest.
        excess = np.maximum(light - np.float32(0.8), 0)
        light = np.minimum(light, np.float32(0.8)) + excess / (1 + excess * 5)
        # 16 bits until the last conversion, which dithers: 8 would show bands in the gradients.
        pixels = np.ascontiguousarray((light * self._vignette).clip(0, 65535).astype(np.uint16))
        small = av.VideoFrame.from_ndarray(pixels, format="rgb48le")
        width, height = self._size
        frame = small.reformat(width, height, "yuv420p", interpolation=Interpolation.BICUBIC)
        if stars := self._scene.stars_at(t):
            draw_stars(luma_plane(frame), stars, t)
        return frame


class ImageSource:
    """An image that is the first frame; then the camera zooms in slowly and a soft light moves over it."""

    def __init__(self, spec: SceneSpec, image: Image.Image, *, is_tinted: bool) -> None:
        self._size = (spec.width, spec.height)
        self._is_tinted = is_tinted
        self._image = crop_to_fill(image, self._size)
        rng = np.random.default_rng(seed_from_text(f"move {spec.composition}"))
        self._zoom_target = (float(rng.uniform(0.25, 0.75)), float(rng.uniform(0.3, 0.7)))
        self._phase = float(rng.uniform(0, 6.3))
        self._light_grid = create_grid(64, max(16, round(64 * spec.height / spec.width)))

    def frame(self, t: float, palette: Palette) -> av.VideoFrame:
        """Return a frame of the spec's size at `t` seconds; at 0 it is the image itself, unless tinted."""
        width, height = self._size
        zoom = 1 + 0.11 * (1 - math.exp(-((t / 9) ** 1.5)))
        box_width, box_height = width / zoom, height / zoom
        left, top = (width - box_width) * self._zoom_target[0], (height - box_height) * self._zoom_target[1]
        box = (left, top, left + box_width, top + box_height)
        view = self._image.resize(self._size, Image.Resampling.BILINEAR, box=box) if t else self._image
        frame = image_to_frame(view)
        if t:
            self._add_light(frame, t, palette)
        if self._is_tinted:
            tint_frame(frame, palette)
        return frame

    def _add_light(self, frame: av.VideoFrame, t: float, palette: Palette) -> None:
        """Move a wide, soft spot of the palette's glow colour over the frame."""
        fade_in = min(1.0, t / 2.5) ** 2
        grid = self._light_grid
        x = math.sin(t * 0.33 + self._phase) * grid.right
        y = math.cos(t * 0.27 + self._phase * 1.7) * grid.bottom * 0.7
        spot = np.exp(-((grid.x - x) ** 2 + (grid.y - y) ** 2) * 0.8)
        scale_luma(frame, 1 + (spot - 0.45) * (fade_in * 0.22))
        shift_chroma(frame, palette.glow, spot * (fade_in * 26))


class ClipSource:
    """An uploaded clip, cropped to fill the frame, at the frame rate of the output."""

    def __init__(self, path: Path, spec: SceneSpec, fps: int) -> None:
        self._path = path
        self._size = (spec.width, spec.height)
        self._fps = fps

    def frames(self, count: int) -> Iterator[av.VideoFrame]:
        """Yield exactly `count` frames; the last one is repeated when the clip is shorter."""
        yielded = 0
        view: Image.Image | None = None
        with av.open(str(self._path)) as container:
            for source in container.decode(video=0):
                due = min(count, int(((source.time or 0.0) + 1e-6) * self._fps) + 1)
                if due <= yielded:
                    continue
                view = crop_to_fill(frame_to_image(source), self._size)
                for _ in range(due - yielded):
                    yield image_to_frame(view)
                yielded = due
        if view is None:
            raise ValueError("the clip has no frames")
        for _ in range(count - yielded):
            yield image_to_frame(view)

    def last_image(self) -> Image.Image:
        """Return the clip's last frame."""
        with av.open(str(self._path)) as container:
            for source in container.decode(video=0):
                last = source
            return crop_to_fill(frame_to_image(last), self._size)


def crop_to_fill(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the image as RGB at that size, cropped rather than stretched."""
    image = image.convert("RGB")
    return image if image.size == size else ImageOps.fit(image, size)
