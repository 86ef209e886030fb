"""Queries whose SQL is built once in a process: for the few that every poll of a program makes.

Building the SQL of a queryset takes several times as long as running it by a unique key.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Value = str | int
Converter = tuple[Sequence[Callable[..., Any]], Any]  # functions, and the expression that they are for


@dataclass(frozen=True)
class _Plan:
    """The SQL for one kind of database.

    `places` has, for each parameter, whether it is one of the values that are given, and then its number
    among them, otherwise the parameter itself.
    """

    sql: str
    places: tuple[tuple[bool, Any], ...]
    names: tuple[str, ...]
    converters: Mapping[int, Converter]


class PreparedQuery:
    """The first row of a queryset of plain values, for values that are given each time.

    `build` is called once, with `examples`, and returns a queryset made by `values()`. Each example is unlike
    every other and unlike any constant of the query; where the SQL has it as a parameter, `first` puts the
    value in its place. So values must be such as the database takes as they are: texts and whole numbers.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *examples: Value) -> None:
        self._build = build
        self._examples = examples
        self._plans: dict[str, _Plan] = {}

    def first(self, *values: Value) -> dict[str, Any] | None:
        """Return the first row by the names of its fields, or None. Always one query: nothing is cached."""
        plan = self._plans.get(connection.vendor)
        if plan is None:
            plan = self._plans[connection.vendor] = self._make_plan()
        parameters = [values[place] if is_value else place for is_value, place in plan.places]
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, parameters)
            row = cursor.fetchone()
        return None if row is None else dict(zip(plan.names, _convert(row, plan.converters), strict=True))

    def _make_plan(self) -> _Plan:
        query = self._build(*self._examples).order_by()[:1].query
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        places = tuple(
            (True, self._examples.index(each)) if each in self._examples else (False, each)
            for each in parameters
        )
        if {place for is_value, place in places if is_value} != set(range(len(self._examples))):
            raise ValueError("An example is not among the parameters of the query.")
        columns = [column for column, *_ in compiler.select or ()]
        names = (*query.values_select, *query.annotation_select)
        return _Plan(sql, places, names, compiler.get_converters(columns))


def _convert(row: Sequence[Any], converters: Mapping[int, Converter]) -> list[Any]:
    values = list(row)
    for position, (functions, expression) in converters.items():
        for function in functions:
            values[position] = function(values[position], expression, connection)
    return values
