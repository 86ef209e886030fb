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
    """The first rows of a queryset of plain values, for values that are given each time.

    `build` is called once, with `examples`, and returns a queryset made by `values()`. Each example is unlike
    every other and unlike any constant of the query; where the SQL has it as a parameter, the value is put in
    its place. So values must be such as the database takes as they are: texts and whole numbers. No more than
    `limit` rows are read.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *examples: Value, limit: int = 1) -> None:
        self._build = build
        self._examples = examples
        self._limit = limit
        self._plans: dict[str, _Plan] = {}

    def first(self, *values: Value) -> dict[str, Any] | None:
        """Return the first row by the names of its fields, or None. Always one query: nothing is cached."""
        return next(iter(self.rows(*values)), None)

    def rows(self, *values: Value) -> list[dict[str, Any]]:
        """Return the rows by the names of their fields. Always one query: nothing is cached."""
        plan = self._plans.get(connection.vendor)
        if plan is None:
            plan = self._plans[connection.vendor] = self._make_plan()
        parameters = [values[place] if is_value else place for is_value, place in plan.places]
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, parameters)
            found = cursor.fetchall()
        return [dict(zip(plan.names, _convert(row, plan.converters), strict=True)) for row in found]

    def _make_plan(self) -> _Plan:
        query = self._build(*self._examples).order_by()[: self._limit].query
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
