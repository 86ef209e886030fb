"""The drawings of the dashboard, as plain SVG; a table beside each says the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from videos.services.dashboard import Outcomes

WIDTH, HEIGHT = 600, 120  # units of a drawing, which scales to its place
SPARK_WIDTH, SPARK_HEIGHT = 100, 20
_GAP = 0.25  # of a column's width is left empty
_PARTS = ("completed", "canceled", "failed")  # from the bottom up


@dataclass(frozen=True)
class Column:
    """One part of a column, in units of the drawing. `kind` says what it is of."""

    kind: str
    x: str
    y: str
    width: str
    height: str


def draw_outcomes(hours: Sequence[Outcomes]) -> list[Column]:
    """Return a column for each hour, of one part for each way in which videos ended."""
    highest = max((each.completed + each.failed + each.canceled for each in hours), default=0)
    step = WIDTH / max(len(hours), 1)
    drawn = []
    for number, outcomes in enumerate(hours):
        top = float(HEIGHT)
        for kind in _PARTS:
            if count := getattr(outcomes, kind):
                height = count * HEIGHT / highest
                top -= height
                drawn.append(_column(kind, number, step, top, height))
    return drawn


def draw_rates(hours: Sequence[Outcomes]) -> list[Column]:
    """Return a small column for each hour in which something ended: as high as the share that was completed.

    An hour of failures alone has a foot, so that it is not taken for one in which nothing happened.
    """
    step = SPARK_WIDTH / max(len(hours), 1)
    drawn = []
    for number, outcomes in enumerate(hours):
        if outcomes.rate is not None:
            height = max(outcomes.rate * SPARK_HEIGHT, 2)
            kind = "failed" if outcomes.rate < 0.5 else "completed"
            drawn.append(_column(kind, number, step, SPARK_HEIGHT - height, height))
    return drawn


def _column(kind: str, number: int, step: float, top: float, height: float) -> Column:
    return Column(
        kind,
        x=f"{step * (number + _GAP / 2):.2f}",
        y=f"{top:.2f}",
        width=f"{step * (1 - _GAP):.2f}",
        height=f"{height:.2f}",
    )
