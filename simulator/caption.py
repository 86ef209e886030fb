"""The text on a video: the prompt as a caption, and the watermark "simulated"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Array = npt.NDArray[Any]

WATERMARK = "simulated"
_MAX_LINES = 2
_MAX_CHARACTERS = 400
_TEXT_LUMA = 232


@dataclass(frozen=True)
class Overlay:
    """Text and its shadow for one box of the luma plane: the top left corner and two masks, 0..1."""

    left: int
    top: int
    text: Array
    shadow: Array

    def draw(self, luma: Array) -> None:
        """Draw it on a (height, width) uint8 luma plane, in place."""
        height, width = self.text.shape
        box = luma[self.top : self.top + height, self.left : self.left + width]
        shadowed = box * (1 - self.shadow)
        box[:] = shadowed + (_TEXT_LUMA - shadowed) * self.text


def create_overlays(prompt: str, width: int, height: int) -> list[Overlay]:
    """Return the watermark (upper right) and, if the prompt is not empty, the caption (lower left)."""
    short_side = min(width, height)
    margin = short_side // 24
    font_size = max(11, short_side // 34)
    watermark = _render_text([WATERMARK], max(10, short_side // 46), 0.62)
    overlays = [_create_overlay(watermark, width - margin - watermark[0].shape[1], margin)]
    max_width = min(width - 2 * margin, int(width * 0.62) if width > height else width)
    lines = wrap_caption(prompt, load_font(font_size), max_width)
    if lines:
        caption = _render_text(lines, font_size, 0.9)
        overlays.append(_create_overlay(caption, margin, height - margin - caption[0].shape[0]))
    return overlays


def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's bundled scalable font, so that no system font is needed."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType")
    return font


def wrap_caption(prompt: str, font: ImageFont.FreeTypeFont, max_width: float) -> list[str]:
    """Return the prompt in at most two lines of `max_width` pixels, with an ellipsis when it is cut."""
    printable = "".join(
        character if character.isprintable() else " " for character in prompt[:_MAX_CHARACTERS]
    )
    words = printable.split()
    lines: list[str] = []
    while words and len(lines) < _MAX_LINES:
        count = _count_fitting(words, font, max_width)
        lines.append(" ".join(words[:count]))
        words = words[count:]
    if words or len(prompt) > _MAX_CHARACTERS:
        lines[-1:] = [f"{line}…" for line in lines[-1:]]
    return [_truncate(line, font, max_width) for line in lines]


def _count_fitting(words: list[str], font: ImageFont.FreeTypeFont, max_width: float) -> int:
    """Return how many of the words fit on a line, at least one."""
    count = 1
    while count < len(words) and font.getlength(" ".join(words[: count + 1])) <= max_width:
        count += 1
    return count


def _truncate(line: str, font: ImageFont.FreeTypeFont, max_width: float) -> str:
    if font.getlength(line) <= max_width:
        return line
    line = line.rstrip("…")
    while line and font.getlength(f"{line}…") > max_width:
        line = line[:-1]
    return f"{line.rstrip()}…"


def _render_text(lines: list[str], font_size: int, opacity: float) -> tuple[Array, Array]:
    """Return the masks of the text and of a soft shadow, which keeps it legible on any background."""
    font = load_font(font_size)
    padding = font_size // 2
    line_height = int(font_size * 1.35)
    width = int(max(font.getlength(line) for line in lines)) + 2 * padding + 1
    canvas = Image.new("L", (width, line_height * len(lines) + 2 * padding))
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        draw.text((padding, padding + number * line_height), line, fill=255, font=font)
    blurred = canvas.filter(ImageFilter.GaussianBlur(font_size / 3.2))
    text = np.asarray(canvas, np.float32) / 255 * opacity
    return text, np.clip(np.asarray(blurred, np.float32) / 255 * 1.1, 0, 0.55)


def _create_overlay(masks: tuple[Array, Array], left: int, top: int) -> Overlay:
    text, shadow = masks
    return Overlay(max(0, left), max(0, top), text, shadow)
