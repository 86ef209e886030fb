"""Operations on yuv420p frames: conversion to RGB, access to the planes, light, tint and stars."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from simulator.scenes.palettes import Palette
from simulator.scenes.primitives import Stars

Array = npt.NDArray[Any]


def frame_to_image(frame: av.VideoFrame) -> Image.Image:
    """Return the frame as an RGB image."""
    return Image.fromarray(frame.to_ndarray(format="rgb24"))


def image_to_frame(image: Image.Image) -> av.VideoFrame:
    """Return an RGB image as a yuv420p frame."""
    return av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24").reformat(format="yuv420p")


def luma_plane(frame: av.VideoFrame) -> Array:
    """Return the luma plane of a frame: (height, width) uint8, writable in place."""
    return _plane(frame, 0)


def tint_frame(frame: av.VideoFrame, palette: Palette) -> None:
    """Shift a frame towards the middle colours of a palette: how a remix recolours an image or a clip."""
    shift_chroma(frame, palette.colour_at(0.62), np.full((16, 16), 60.0))


def scale_luma(frame: av.VideoFrame, gain: Array) -> None:
    """Multiply the luma by a small (h, w) field of gains that is stretched over the frame."""
    luma = luma_plane(frame)
    luma[:] = np.clip((luma - np.float32(16)) * _stretch(gain, luma) + 16, 16, 235)


def shift_chroma(frame: av.VideoFrame, colour: Array, strength: Array) -> None:
    """Shift both chroma planes towards an RGB colour (0..1).

    `strength` is a small (h, w) field, in chroma steps, that is stretched over the frame.
    """
    red, green, blue = (float(value) for value in colour)
    target = (-0.169 * red - 0.331 * green + 0.5 * blue, 0.5 * red - 0.419 * green - 0.081 * blue)
    for number, shift in enumerate(target, start=1):
        chroma = _plane(frame, number)
        chroma[:] = np.clip(chroma + _stretch(strength * (shift * 2), chroma), 16, 240)


def blend_frame(
    frame: av.VideoFrame, other: av.VideoFrame, weight: float, left: int = 0, top: int = 0
) -> None:
    """Blend another, no larger frame into a frame, in place: at a `weight` of 1 only the other is seen.

    `left` and `top` say where, in even numbers of pixels.
    """
    for number in range(3):
        scale = 2 if number else 1  # chroma has half the size
        plane, source = _plane(frame, number), _plane(other, number)
        height, width = source.shape
        box = plane[top // scale : top // scale + height, left // scale : left // scale + width]
        seen = source[: box.shape[0], : box.shape[1]]
        box[:] = np.round(box * np.float32(1 - weight) + seen * np.float32(weight))


def draw_stars(luma: Array, stars: Stars, t: float) -> None:
    """Add the stars at `t` seconds to a luma plane, sharp at any size."""
    height, width = luma.shape
    scale = min(height, width) / 720
    reach = 3
    offset = np.arange(-reach, reach + 1)
    x, y = stars.x * width, stars.y * height
    columns, rows = x.astype(np.int64), y.astype(np.int64)
    dx = offset[None, :] + (columns + 0.5 - x)[:, None]
    dy = offset[None, :] + (rows + 0.5 - y)[:, None]
    radius = (stars.radius * scale)[:, None]
    spots = np.exp(-((dy / radius) ** 2))[:, :, None] * np.exp(-((dx / radius) ** 2))[:, None, :]
    light = spots * (stars.brightness_at(t) * 190)[:, None, None]
    spot_rows = np.clip(rows[:, None, None] + offset[None, :, None], 0, height - 1)
    spot_columns = np.clip(columns[:, None, None] + offset[None, None, :], 0, width - 1)
    lit = np.minimum(luma[spot_rows, spot_columns] + light, 235).astype(np.uint8)
    np.maximum.at(luma, (spot_rows, spot_columns), lit)


def _plane(frame: av.VideoFrame, number: int) -> Array:
    plane = frame.planes[number]
    padded: Array = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return padded[:, : plane.width]


def _stretch(field: Array, plane: Array) -> Array:
    """Return a small field at the size of a plane, as float32."""
    height, width = plane.shape
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
