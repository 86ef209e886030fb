"""Charts as plain SVG, drawn on the server; a table beside them says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT = 600, 120  # units of the drawing, which scales to its place
_GAP = Decimal("0.2")  # of a column's width is left empty


@dataclass(frozen=True)
class Bar:
    """One column: where it stands, in units of the drawing, and what it says."""

    x: str
    y: str
    width: str
    height: str
    label: str


def draw_bars(values: Sequence[tuple[str, Decimal]]) -> list[Bar]:
    """Return a column for each label and amount, the highest as high as the drawing.

    An amount of 0 or less has no height.
    """
    highest = max((amount for _, amount in values), default=Decimal(0))
    step = Decimal(WIDTH) / max(len(values), 1)
    bars = []
    for number, (label, amount) in enumerate(values):
        height = max(Decimal(0), amount) * HEIGHT / highest if highest > 0 else Decimal(0)
        bars.append(
            Bar(
                x=f"{step * number + step * _GAP / 2:.2f}",
                y=f"{HEIGHT - height:.2f}",
                width=f"{step * (1 - _GAP):.2f}",
                height=f"{height:.2f}",
                label=label,
            )
        )
    return bars


@dataclass(frozen=True)
class Row:
    """Two lying bars in the row of a table, in units of the drawing: an amount, and what it was before."""

    width: str
    before_width: str


def draw_rows(values: Sequence[tuple[Decimal, Decimal]]) -> list[Row]:
    """Return lying bars for each amount and the one before, the longest as long as the drawing."""
    highest = max((max(pair) for pair in values), default=Decimal(0))
    return [Row(_length(amount, highest), _length(before, highest)) for amount, before in values]


def _length(amount: Decimal, highest: Decimal) -> str:
    return f"{max(Decimal(0), amount) * WIDTH / highest:.2f}" if highest > 0 else "0"
