"""Outlines of subjects, of polygons, ellipses and limbs: x to the right, y downwards, both -1..1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Array = npt.NDArray[Any]
Point = tuple[float, float]
Part = tuple[str, tuple[Point, ...]]

_OVERSAMPLING = 3


def _oval(x: float, y: float, radius_x: float, radius_y: float) -> Part:
    return "oval", ((x - radius_x, y - radius_y), (x + radius_x, y + radius_y))


def _shape(*points: Point) -> Part:
    return "shape", points


def _hole(part: Part) -> Part:
    return f"no {part[0]}", part[1]


def _box(left: float, top: float, right: float, bottom: float) -> Part:
    return _shape((left, top), (right, top), (right, bottom), (left, bottom))


def _petals(count: int, distance: float, size: float, y: float) -> list[Part]:
    turns = [2 * math.pi * number / count for number in range(count)]
    return [_oval(distance * math.cos(a), y + distance * math.sin(a), size, size) for a in turns]


_LEGS = ((-0.46, -0.07), (-0.34, 0.07), (0.24, -0.05), (0.4, 0.08))


def _quadruped(*, tail: Part, ears: Part, nose: float, height: float = 0.0) -> list[Part]:
    """Return an animal that walks to the right, by how far its muzzle reaches and how tall it is."""
    return [
        _oval(-0.05, 0.2 - height, 0.52, 0.23),
        _shape((0.25, 0.2 - height), (0.45, -0.35 - height), (0.72, -0.25 - height), (0.5, 0.35 - height)),
        _oval(0.62, -0.32 - height, 0.2, 0.17),
        _shape((0.6, -0.42 - height), (nose, -0.24 - height), (0.6, -0.16 - height)),
        *[_limb(0.11, (x, 0.2 - height), (x + bend, 0.6), (x + bend * 2, 0.95)) for x, bend in _LEGS],
        tail,
        ears,
    ]


def _limb(width: float, *points: Point) -> Part:
    """Return a bent line with round ends and joints."""
    return "limb", (*points, (width, 0))


def _person(width: float = 1.0) -> list[Part]:
    """Return somebody in mid-stride. `width` is how thick their clothes are."""
    return [
        _oval(0.06, -0.84, 0.12, 0.15),
        _limb(0.10 * width, (0.04, -0.7), (0.03, -0.62)),
        _shape((-0.17 * width, -0.6), (0.2 * width, -0.6), (0.15 * width, 0.1), (-0.14 * width, 0.1)),
        _limb(0.17 * width, (0.0, -0.52), (0.02, 0.06)),
        _limb(0.14 * width, (-0.04, 0.06), (-0.13, 0.5), (-0.34, 0.92)),
        _limb(0.14 * width, (0.05, 0.06), (0.17, 0.5), (0.2, 0.92)),
        _limb(0.09, (-0.34, 0.94), (-0.24, 0.96)),
        _limb(0.09, (0.2, 0.95), (0.34, 0.96)),
        _limb(0.10 * width, (-0.15 * width, -0.54), (-0.2 * width, -0.2), (-0.08, 0.06)),
        _limb(0.10 * width, (0.17 * width, -0.54), (0.2 * width, -0.22), (0.36, 0.0)),
    ]


_WAIST: tuple[Point, ...] = ((-0.3, -0.2), (0.3, -0.2), (0.2, 0.12), (0.32, 0.4), (-0.32, 0.4), (-0.2, 0.12))

SHAPES: dict[str, list[Part]] = {
    "boat": [
        _shape((-0.95, 0.35), (0.95, 0.35), (0.55, 1), (-0.55, 1)),
        _shape((-0.45, 0.35), (0.0, -0.75), (0.45, 0.35)),
    ],
    "sailboat": [
        _shape((-0.85, 0.6), (0.85, 0.6), (0.55, 1), (-0.6, 1)),
        _shape((0.02, -1), (0.02, 0.5), (0.78, 0.5)),
        _shape((-0.06, -0.8), (-0.06, 0.5), (-0.6, 0.5)),
    ],
    "lighthouse": [
        _shape((-0.17, -0.55), (0.17, -0.55), (0.28, 0.8), (-0.28, 0.8)),
        _box(-0.24, -0.6, 0.24, -0.53),
        _box(-0.12, -0.8, 0.12, -0.58),
        _shape((-0.18, -0.8), (0, -1), (0.18, -0.8)),
        _shape((-0.95, 1), (-0.6, 0.78), (0.5, 0.72), (0.95, 1)),
    ],
    "house": [
        _box(-0.65, 0, 0.65, 1),
        _shape((-0.85, 0.05), (0, -0.75), (0.85, 0.05)),
        _box(0.32, -0.72, 0.5, -0.2),
    ],
    "castle": [
        _box(-0.8, 0.1, 0.8, 1),
        _box(-0.9, -0.4, -0.5, 1),
        _box(0.5, -0.4, 0.9, 1),
        _box(-0.2, -0.6, 0.2, 1),
        *[
            _shape((x - 0.26, -y), (x, -y - 0.4), (x + 0.26, -y))
            for x, y in ((-0.7, 0.38), (0.7, 0.38), (0, 0.58))
        ],
    ],
    "tree": [
        _box(-0.08, 0.3, 0.08, 1),
        *[
            _shape((0, -1 + d), (0.28 + d * 0.5, -0.2 + d), (-0.28 - d * 0.5, -0.2 + d))
            for d in (0, 0.35, 0.7)
        ],
    ],
    "flower": [_box(-0.035, -0.1, 0.035, 1), _oval(0.2, 0.55, 0.2, 0.08), *_petals(7, 0.34, 0.25, -0.45)],
    "plant": [
        _box(-0.03, -0.6, 0.03, 0.5),
        _shape((-0.32, 0.45), (0.32, 0.45), (0.24, 1), (-0.24, 1)),
        *[
            _shape((0, y), (s * 0.62, y - 0.5), (s * 0.34, y + 0.04))
            for y, s in ((0.2, 1), (0.05, -1), (-0.4, 1), (-0.5, -1))
        ],
    ],
    "fox": _quadruped(
        tail=_shape((-0.5, 0.1), (-1, -0.02), (-0.95, 0.3), (-0.6, 0.36)),
        ears=_shape((0.5, -0.44), (0.56, -0.72), (0.68, -0.46), (0.74, -0.68), (0.8, -0.38)),
        nose=1.0,
    ),
    "cat": _quadruped(
        tail=_shape((-0.5, 0.1), (-0.72, -0.62), (-0.62, -0.64), (-0.42, 0.05)),
        ears=_shape((0.46, -0.4), (0.5, -0.62), (0.62, -0.48), (0.74, -0.62), (0.78, -0.38)),
        nose=0.82,
    ),
    "dog": _quadruped(
        tail=_shape((-0.5, 0.1), (-0.85, -0.3), (-0.8, -0.36), (-0.42, 0.02)),
        ears=_shape((0.48, -0.42), (0.4, -0.1), (0.52, -0.08), (0.6, -0.36)),
        nose=0.98,
    ),
    "horse": _quadruped(
        tail=_shape((-0.55, 0.0), (-0.8, 0.1), (-0.78, 0.7), (-0.62, 0.3)),
        ears=_shape((0.56, -0.58), (0.58, -0.84), (0.68, -0.6)),
        nose=1.0,
        height=0.15,
    ),
    "bird": [
        _shape(
            (-0.95, -0.2),
            (-0.4, -0.34),
            (0, -0.02),
            (0.4, -0.34),
            (0.95, -0.2),
            (0.4, -0.18),
            (0, 0.16),
            (-0.4, -0.18),
        )
    ],
    "fish": [_oval(0.1, 0, 0.68, 0.34), _shape((-0.4, 0), (-0.95, -0.36), (-0.8, 0), (-0.95, 0.36))],
    "turtle": [
        _oval(0, 0, 0.62, 0.4),
        _oval(0.76, -0.06, 0.2, 0.15),
        _shape((0.3, 0.1), (0.52, 0.8), (0.12, 0.34)),
        _shape((-0.3, 0.15), (-0.75, 0.6), (-0.5, 0.05)),
        _shape((0.25, -0.3), (0.1, -0.72), (0.42, -0.25)),
    ],
    "whale": [
        _shape(
            (-0.55, 0.02), (-0.2, -0.3), (0.5, -0.34), (0.92, -0.06), (0.8, 0.2), (0.2, 0.32), (-0.3, 0.2)
        ),
        _shape((-0.5, 0.06), (-0.98, -0.36), (-0.84, 0.02), (-1, 0.2)),
        _shape((0.25, 0.22), (0.1, 0.6), (0.45, 0.28)),
    ],
    "jellyfish": [
        _oval(0, -0.35, 0.6, 0.5),
        _hole(_box(-0.7, -0.12, 0.7, 0.3)),
        *[
            _shape((x, -0.16), (x + 0.09, -0.16), (x + 0.14, 0.4), (x + 0.02, 0.95), (x + 0.04, 0.4))
            for x in (-0.5, -0.25, 0.0, 0.25, 0.42)
        ],
    ],
    "person": _person(),
    "astronaut": [*_person(1.8), _oval(0.04, -0.74, 0.27, 0.26), _box(-0.44, -0.5, -0.2, 0.1)],
    "robot": [
        _box(-0.3, -0.95, 0.3, -0.5),
        _box(-0.04, -0.5, 0.04, -0.4),
        _box(-0.42, -0.42, 0.42, 0.3),
        _box(-0.62, -0.38, -0.48, 0.2),
        _box(0.48, -0.38, 0.62, 0.2),
        _box(-0.32, 0.3, -0.1, 1),
        _box(0.1, 0.3, 0.32, 1),
    ],
    "car": [
        _shape(
            (-0.98, 0.35),
            (-0.9, 0.12),
            (-0.5, 0.06),
            (-0.26, -0.3),
            (0.4, -0.3),
            (0.62, 0.06),
            (0.95, 0.14),
            (0.98, 0.35),
        ),
        _box(-0.98, 0.3, 0.98, 0.66),
        _oval(-0.55, 0.72, 0.24, 0.27),
        _oval(0.55, 0.72, 0.24, 0.27),
    ],
    "train": [
        _shape((-1, 0.0), (0.55, 0.0), (0.9, 0.4), (0.98, 0.8), (-1, 0.8)),
        *[_oval(x, 0.86, 0.1, 0.14) for x in (-0.8, -0.5, -0.1, 0.2, 0.6)],
    ],
    "balloon": [
        _oval(0, -0.35, 0.6, 0.62),
        _shape((-0.42, 0.05), (0.42, 0.05), (0.13, 0.55), (-0.13, 0.55)),
        _box(-0.15, 0.66, 0.15, 0.92),
    ],
    "kite": [
        _shape((0, -0.95), (0.48, -0.3), (0, 0.4), (-0.48, -0.3)),
        _shape((0, 0.4), (0.14, 0.6), (-0.06, 0.78), (0.1, 1), (-0.02, 0.78), (0.1, 0.6)),
    ],
    "rocket": [
        _shape((-0.2, -0.4), (0, -1), (0.2, -0.4), (0.2, 0.5), (-0.2, 0.5)),
        _shape((-0.2, 0.1), (-0.5, 0.72), (-0.2, 0.5)),
        _shape((0.2, 0.1), (0.5, 0.72), (0.2, 0.5)),
    ],
    "planet": [_oval(0, 0, 0.95, 0.95)],
    "bottle": [
        _shape(
            (-0.3, -0.25),
            (-0.13, -0.5),
            (0.13, -0.5),
            (0.3, -0.25),
            (0.32, 0.95),
            (0.28, 1),
            (-0.28, 1),
            (-0.32, 0.95),
        ),
        _box(-0.12, -0.85, 0.12, -0.45),
        _box(-0.15, -0.98, 0.15, -0.84),
    ],
    "lemon": [_oval(0, 0.35, 0.58, 0.5), _oval(0.58, 0.33, 0.16, 0.13)],
    "cup": [
        _shape((-0.55, -0.1), (0.5, -0.1), (0.36, 1), (-0.4, 1)),
        _oval(0.56, 0.32, 0.3, 0.32),
        _hole(_oval(0.58, 0.32, 0.17, 0.19)),
        _shape((-0.55, -0.1), (0.5, -0.1), (0.36, 1), (-0.4, 1)),
    ],
    "glass": [
        _shape((-0.4, -0.9), (0.4, -0.9), (0.34, -0.3), (0.1, 0.05), (-0.1, 0.05), (-0.34, -0.3)),
        _box(-0.05, 0.0, 0.05, 0.85),
        _oval(0, 0.92, 0.32, 0.09),
    ],
    "box": [
        _box(-0.72, 0.05, 0.72, 1),
        _shape((-0.72, 0.05), (-0.95, -0.3), (-0.2, -0.18), (0.72, 0.05)),
        _shape((0.72, 0.05), (0.98, -0.35), (0.3, -0.1)),
    ],
    "shoe": [
        _shape(
            (-0.85, 0.1),
            (-0.55, 0.0),
            (-0.2, 0.08),
            (0.1, 0.35),
            (0.75, 0.52),
            (0.95, 0.72),
            (0.95, 0.85),
            (-0.9, 0.85),
        ),
        _box(-0.92, 0.82, 0.97, 1),
    ],
    "bag": [
        _oval(0, -0.55, 0.25, 0.3),
        _hole(_oval(0, -0.52, 0.16, 0.22)),
        _shape((-0.5, -0.3), (-0.36, -0.5), (0.36, -0.5), (0.5, -0.3), (0.58, 0.95), (-0.58, 0.95)),
        _oval(0, 0.55, 0.52, 0.44),
    ],
    "letter": [
        _box(-0.85, 0.0, 0.85, 1),
        _hole(_shape((-0.85, 0.02), (0, 0.62), (0.85, 0.02), (0.85, 0.06), (0, 0.68), (-0.85, 0.06))),
    ],
    "dish": [_oval(0, 0.7, 0.98, 0.28)],
    "vase": [
        _shape(
            (-0.18, -0.9),
            (0.18, -0.9),
            (0.14, -0.55),
            (0.5, 0.0),
            (0.46, 0.55),
            (0.26, 1),
            (-0.26, 1),
            (-0.46, 0.55),
            (-0.5, 0.0),
            (-0.14, -0.55),
        )
    ],
    "cello": [
        _oval(0, -0.08, 0.33, 0.26),
        _oval(0, 0.58, 0.46, 0.4),
        _shape(*_WAIST),
        _box(-0.05, -1, 0.05, 0.0),
    ],
    "lantern": [
        _box(-0.03, -1, 0.03, -0.6),
        _oval(0, 0.05, 0.5, 0.62),
        _box(-0.24, -0.66, 0.24, -0.5),
        _box(-0.24, 0.6, 0.24, 0.76),
    ],
    "umbrella": [_oval(0, -0.2, 0.85, 0.6), _hole(_box(-1, -0.12, 1, 0.6)), _box(-0.03, -0.2, 0.03, 0.9)],
}


def draw_shape(name: str, size: int) -> Array:
    """Return the named outline as a mask, 0..1, of (size, size) float32 pixels with soft edges."""
    side = size * _OVERSAMPLING
    canvas = Image.new("L", (side, side))
    draw = ImageDraw.Draw(canvas)
    for kind, points in SHAPES[name]:
        scaled = [((x + 1) / 2 * side, (y + 1) / 2 * side) for x, y in points]
        fill = 0 if kind.startswith("no ") else 255
        if kind.endswith("oval"):
            draw.ellipse([*scaled[0], *scaled[1]], fill=fill)
        elif kind == "limb":
            _draw_limb(draw, scaled[:-1], points[-1][0] / 2 * side)
        else:
            draw.polygon(scaled, fill=fill)
    small = canvas.resize((size, size), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def _draw_limb(draw: ImageDraw.ImageDraw, points: list[Point], width: float) -> None:
    draw.line(points, fill=255, width=round(width))
    radius = width / 2
    for x, y in points:
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
