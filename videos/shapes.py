"""Sizes as people choose them: a ratio and a resolution, from which the exact size follows.

A size that no ratio or resolution names exactly enough goes by its own name, so that each size of a model can
be chosen, and only these.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from videos.backends.catalogue import is_size, ratio_of, resolution_of, size_for

OTHER = "other"  # the ratio of what has no common one
_TOLERANCE = 0.04  # of a ratio: 1792x1024 and 832x480 are called 16:9


@dataclass(frozen=True, slots=True)
class Shape:
    """A size, and the ratio and the resolution by which it is chosen."""

    size: str
    ratio: str
    resolution: str

    @property
    def label(self) -> str:
        """The resolution as people write it: 720p, 4K, or the size itself."""
        name = self.resolution
        return name.replace("x", "\u00d7") if "x" in name else name.replace("k", "K")

    @property
    def full_label(self) -> str:
        """Ratio, resolution and exact size, in the way people read them."""
        exact = self.size.replace("x", "\u00d7")
        return exact if self.ratio == OTHER else f"{self.ratio} {self.label} ({exact})"


def shapes_of(sizes: Iterable[object]) -> tuple[Shape, ...]:
    """Return the shape of each size, in the order of `sizes`; what is no size is left out.

    No two have both ratio and resolution in common. Of several sizes that a name fits, the one nearest to its
    ratio bears it.
    """
    known = [size for size in dict.fromkeys(sizes) if isinstance(size, str) and is_size(size)]
    bearers: dict[tuple[str, str], str] = {}
    for size in sorted(known, key=_deviation):
        if _deviation(size) <= _TOLERANCE:
            bearers.setdefault((ratio_of(size), resolution_of(size)), size)
    names = {size: name for name, size in bearers.items()}
    return tuple(Shape(size, *names.get(size, (OTHER, size))) for size in known)


def find_size(sizes: Iterable[object], ratio: str, resolution: str) -> str | None:
    """Return the size of a model that the two name together; None when it has none."""
    wanted = (ratio.strip().lower(), resolution.strip().lower())
    found = (each.size for each in shapes_of(sizes) if (each.ratio, each.resolution) == wanted)
    return next(found, None)


def nearest_size(sizes: Sequence[str], wanted: str) -> str | None:
    """Return the size that comes nearest to `wanted`: itself, else of the same ratio and about as large, else
    of the nearest ratio. None when there are no sizes, or `wanted` is none.
    """
    if wanted in sizes:
        return wanted
    known = [each.size for each in shapes_of(sizes)]
    if not known or not is_size(wanted):
        return None
    ratio, lines = ratio_of(wanted), resolution_of(wanted)

    def distance(size: str) -> tuple[float, bool, float]:
        turn = 0.0 if ratio_of(size) == ratio else abs(log(_value(size) / _value(wanted)))
        return round(turn, 3), resolution_of(size) != lines, abs(log(_area(size) / _area(wanted)))

    return min(known, key=distance)


def named_size(ratio: str, resolution: str) -> str:
    """Return the size that the two name on their own, whichever model has it; empty when they name none."""
    return resolution if is_size(resolution) else size_for(resolution, ratio) or ""


def lines_of(size: str) -> int:
    """Return the pixels of a size's shorter side, by which resolutions are named."""
    return min(_sides(size))


def _deviation(size: str) -> float:
    across, _, down = ratio_of(size).partition(":")
    return abs(_value(size) * int(down) / int(across) - 1)


def _value(size: str) -> float:
    width, height = _sides(size)
    return width / height


def _area(size: str) -> int:
    width, height = _sides(size)
    return width * height


def _sides(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    return int(width), int(height)
