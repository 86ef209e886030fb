"""Keyset pagination: a page begins after a row, not after a number of rows.

So the last page of a hundred thousand rows is as fast as the first, and rows that come or go meanwhile shift
nothing.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import BaseExpression

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])
Row = TypeVar("Row")


@dataclass(frozen=True)
class Position:
    """Where a row stands in an order: its tie-breaker, and the value of the order's key if it has one."""

    tie: Any
    value: Any = None


@dataclass(frozen=True)
class KeysetOrder:
    """By `key`, which is never NULL, then by the unique field `tie_breaker`; without a key by that alone."""

    key: BaseExpression | F | None = None
    descending: bool = True
    tie_breaker: str = "pk"

    def sort(self, rows: Rows, *, backwards: bool = False) -> Rows:
        """Return `rows` in this order, or in the opposite one."""
        sign = "-" if self.descending != backwards else ""
        if self.key is None:
            return rows.order_by(f"{sign}{self.tie_breaker}")
        return self._with_value(rows).order_by(f"{sign}keyset_value", f"{sign}{self.tie_breaker}")

    def after(self, rows: Rows, position: Position, *, backwards: bool = False) -> Rows:
        """Return those of `rows` that come after `position`; with `backwards`, those before it."""
        lookup = "lt" if self.descending != backwards else "gt"
        beyond_tie = Q(**{f"{self.tie_breaker}__{lookup}": position.tie})
        if self.key is None:
            return rows.filter(beyond_tie)
        # The first condition bounds the walk through an index; the second settles equals.
        bounded = self._with_value(rows).filter(**{f"keyset_value__{lookup}e": position.value})
        return bounded.filter(Q(**{f"keyset_value__{lookup}": position.value}) | beyond_tie)

    def keys(
        self,
        rows: QuerySet[Any, Any],
        size: int,
        *,
        position: Position | None = None,
        backwards: bool = False,
    ) -> list[Any]:
        """Return the primary keys of the first `size` of `rows`, or of those after `position`; with
        `backwards`, of the last, or of those before it, in the opposite order.
        """
        beyond = rows if position is None else self.after(rows, position, backwards=backwards)
        return list(self.sort(beyond, backwards=backwards).values_list("pk", flat=True)[:size])

    def position_of(self, rows: QuerySet[Any, Any]) -> Position | None:
        """Return where the first of `rows`, usually the only one, stands; None without any. One query."""
        if self.key is None:
            tie = rows.values_list(self.tie_breaker, flat=True).first()
            return None if tie is None else Position(tie)
        found = rows.annotate(keyset_value=self.key).values_list(self.tie_breaker, "keyset_value").first()
        return None if found is None else Position(*found)

    def _with_value(self, rows: Rows) -> Rows:
        return rows.alias(keyset_value=self.key)


@dataclass(frozen=True)
class RareFirstOrder(KeysetOrder):
    """By a column that few rows have, the highest first, and then those without: the newest first.

    `key` has 0 for these, which is no value of the column. The rows with a value are found in an index that
    has no others, so that nothing is written to it when another one changes.
    """

    column: str = ""

    def keys(
        self,
        rows: QuerySet[Any, Any],
        size: int,
        *,
        position: Position | None = None,
        backwards: bool = False,
    ) -> list[Any]:
        """Return what `KeysetOrder.keys` does, in one query or two."""
        is_empty = f"{self.column}__isnull"
        parts = [
            (KeysetOrder(F(self.column)), rows.filter(**{is_empty: False})),
            (KeysetOrder(), rows.filter(**{is_empty: True})),
        ]
        if backwards:
            parts.reverse()
        if position is not None and (position.value == 0) != backwards:
            del parts[0]  # all of it lies on the other side
        found: list[Any] = []
        for order, part in parts:
            found += order.keys(part, size - len(found), position=position, backwards=backwards)
            position = None
        return found


def take_page(rows: QuerySet[Any, Row], size: int) -> tuple[list[Row], bool]:
    """Return the first `size` of `rows`, and whether there are more. One query, which reads one row more."""
    found = list(rows[: size + 1])
    return found[:size], len(found) > size
