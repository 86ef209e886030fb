"""What a service says of the models that it offers, in our words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from fractions import Fraction
from math import ceil

from videos.backends.parameters import Parameter

MAX_SIDE = 16_384  # pixels
_RATE_STEP = Decimal("0.0001")  # US dollars for a second, as fine as a catalogue keeps them
_MAX_RATE = Decimal(100_000)
_RATIO = re.compile(r"([1-9]\d?):([1-9]\d?)")
_LINES = re.compile(r"([1-9]\d{2,3})p", re.IGNORECASE)
_NAMED_LINES = {"2k": 1440, "4k": 2160}
_SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that makes videos. `sizes` are WIDTHxHEIGHT, `seconds` whole lengths; empty: not told.

    `frames` says which frames may be given ("first", "last"), None when that is not known; `max_references`
    how many further images may be, `has_sound` whether it makes sound. `price_per_second` has US dollars by
    size, as text. `pricing` is what the service says of prices that are not by the second, for operators to
    read. `parameters` are what it can be told beyond prompt, length and size.
    """

    name: str
    label: str
    description: str = ""
    sizes: tuple[str, ...] = ()
    seconds: tuple[int, ...] = ()
    frames: tuple[str, ...] | None = None
    max_references: int | None = None
    has_sound: bool | None = None
    price_per_second: Mapping[str, str] = field(default_factory=dict)
    pricing: str = ""
    parameters: tuple[Parameter, ...] = ()

    @property
    def takes_reference(self) -> bool | None:
        """Whether a video may start from an image; None when that is not known."""
        return None if self.frames is None else "first" in self.frames

    @property
    def takes_last_frame(self) -> bool | None:
        """Whether a video may end with an image, too; None when that is not known."""
        return None if self.frames is None else "last" in self.frames

    @property
    def aspect_ratios(self) -> tuple[str, ...]:
        """The ratios of its sizes, such as 16:9, each once."""
        return tuple(dict.fromkeys(ratio_of(size) for size in self.sizes))


def size_for(resolution: str, ratio: str) -> str | None:
    """Return the size that "720p" or "4K" and "16:9" name together; None when we do not know either.

    The resolution is the shorter side. The longer one is rounded up to an even number, as encoders need it:
    480p at 16:9 is 854x480.
    """
    lines = _lines_of(resolution)
    match = _RATIO.fullmatch(ratio.strip())
    if lines is None or match is None:
        return None
    across, down = int(match[1]), int(match[2])
    longer = 2 * ceil(lines * Fraction(max(across, down), min(across, down)) / 2)
    return f"{longer}x{lines}" if across >= down else f"{lines}x{longer}"


def resolution_of(size: str) -> str:
    """Return the resolution that a size has, such as 720p, by its shorter side; 2k and 4k by their names."""
    shorter = min(_sides_of(size))
    return next((name for name, lines in _NAMED_LINES.items() if lines == shorter), f"{shorter}p")


def ratio_of(size: str) -> str:
    """Return the ratio that is nearest to a size's, such as 16:9 for 854x480."""
    width, height = _sides_of(size)
    known = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
    return min(known, key=lambda ratio: abs(_value_of(ratio) - width / height))


def is_size(text: object) -> bool:
    """Whether this is WIDTHxHEIGHT in pixels, of sides that a video can have."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    return match is not None and max(int(match[1]), int(match[2])) <= MAX_SIDE


def sort_sizes(sizes: Iterable[str]) -> tuple[str, ...]:
    """Return the sizes, each once: landscape first, 720p before larger and smaller ones."""

    def key(size: str) -> tuple[bool, int, int]:
        width, height = _sides_of(size)
        return width < height, abs(min(width, height) - 720), -width

    return tuple(sorted(set(sizes), key=key))


def format_rate(dollars: Decimal) -> str | None:
    """Return dollars for a second as the catalogue keeps them, rounded up; None for what is no price."""
    if not dollars.is_finite() or not 0 < dollars < _MAX_RATE:
        return None
    return f"{dollars.quantize(_RATE_STEP, ROUND_UP).normalize():f}"


def _lines_of(resolution: str) -> int | None:
    word = resolution.strip().lower()
    match = _LINES.fullmatch(word)
    return int(match[1]) if match else _NAMED_LINES.get(word)


def _sides_of(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    return int(width), int(height)


def _value_of(ratio: str) -> float:
    across, _, down = ratio.partition(":")
    return int(across) / int(down)
