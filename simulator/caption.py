"""The words on a film: the prompt as a quiet caption, and what keeps it honest, "simulated"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Array = npt.NDArray[Any]

MARK = "simulated"
_MAX_LINES = 2
_MAX_LETTERS = 400


@dataclass(frozen=True)
class Overlay:
    """Ink and shade for one box of the luma plane: the box's top left corner and two masks, 0..1."""

    left: int
    top: int
    ink: Array
    shade: Array

    def put(self, luma: Array) -> None:
        """Draw it on a (height, width) uint8 luma plane, in place."""
        height, width = self.ink.shape
        part = luma[self.top : self.top + height, self.left : self.left + width]
        shaded = part * (1 - self.shade)
        part[:] = shaded + (232 - shaded) * self.ink


def overlays(prompt: str, width: int, height: int) -> list[Overlay]:
    """The caption at the lower left, left out when it is empty, and the mark at the upper right."""
    short = min(width, height)
    margin = short // 24
    size = max(11, short // 34)
    mark = _drawn([MARK], max(10, short // 46), 0.62)
    result = [_placed(mark, width - margin - mark[0].shape[1], margin)]
    lines = wrapped(
        prompt, font(size), min(width - 2 * margin, int(width * 0.62) if width > height else width)
    )
    if lines:
        words = _drawn(lines, size, 0.9)
        result.append(_placed(words, margin, height - margin - words[0].shape[0]))
    return result


def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own scalable font, so that nothing of the system is needed."""
    face = ImageFont.load_default(size)
    if not isinstance(face, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType")
    return face


def wrapped(prompt: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """The prompt in at most two lines no wider than `width` pixels, ending in an ellipsis when cut."""
    clean = "".join(letter if letter.isprintable() else " " for letter in prompt[:_MAX_LETTERS])
    words = clean.split()
    lines: list[str] = []
    while words and len(lines) < _MAX_LINES:
        count = _fitting(words, face, width)
        lines.append(" ".join(words[:count]))
        words = words[count:]
    if words or len(prompt) > _MAX_LETTERS:
        lines[-1:] = [f"{line}…" for line in lines[-1:]]
    return [_cut(line, face, width) for line in lines]


def _fitting(words: list[str], face: ImageFont.FreeTypeFont, width: float) -> int:
    count = 1
    while count < len(words) and face.getlength(" ".join(words[: count + 1])) <= width:
        count += 1
    return count


def _cut(line: str, face: ImageFont.FreeTypeFont, width: float) -> str:
    if face.getlength(line) <= width:
        return line
    line = line.rstrip("…")
    while line and face.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line.rstrip()}…"


def _drawn(lines: list[str], size: int, strength: float) -> tuple[Array, Array]:
    """Text masks with a soft dark halo, which keeps them legible on any picture."""
    face = font(size)
    pad = size // 2
    leading = int(size * 1.35)
    width = int(max(face.getlength(line) for line in lines)) + 2 * pad + 1
    canvas = Image.new("L", (width, leading * len(lines) + 2 * pad))
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        draw.text((pad, pad + number * leading), line, fill=255, font=face)
    halo = canvas.filter(ImageFilter.GaussianBlur(size / 3.2))
    ink = np.asarray(canvas, np.float32) / 255 * strength
    return ink, np.clip(np.asarray(halo, np.float32) / 255 * 1.1, 0, 0.55)


def _placed(masks: tuple[Array, Array], left: int, top: int) -> Overlay:
    ink, shade = masks
    return Overlay(max(0, left), max(0, top), ink, shade)
