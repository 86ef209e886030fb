"""Which tests a run takes, and in which order.

The whole suite runs on SQLite. On PostgreSQL and Redis it runs with `--second-database`, which leaves out
what can come out no differently there, by three rules that need no list of tests:

- a test that neither asks for the database nor has a fixture that does;
- of a test with many sets of parameters, all but the first and the last: they send the same statements once
  more. Those stay whose names show what databases take differently: NUL, halves of characters, long numbers.
  The mark `every_value` is for tests whose names do not show it.
- of the tests of pages and of the API, each second of a file, which is about one address: they ask the
  services below for the same few things. With `every_value` all of a file stay.

`.ci/run weekly` leaves nothing out.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pytest

_TELLING = re.compile(r"\\x00|\\u0000|\\ud[89a-f]|[0-9]{10}")
_COMMITTING = {"transactional_db", "live_server"}
_DATABASE = {"db", *_COMMITTING}
_PAGES = {"accounts", "admin", "api", "connect", "notifications", "sharing", "views"}


def slow_first(items: list[pytest.Item]) -> None:
    """Begin the slow tests first, so that no process of pytest-xdist is left with one at the end.

    Most have databases of their own. The order of the others is pytest-django's: what commits to the database
    of the tests, and so loses what migrations have put there, comes after all that may need it.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None or _commits(item))


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    is_committed = mark is not None and mark.kwargs.get("transaction", False)
    return is_committed or not _COMMITTING.isdisjoint(getattr(item, "fixturenames", ()))


def for_second_database(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return what may come out differently on another database, in the same order."""
    variants: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if _asks_database(item):
            variants[_function_of(item)].append(item)
    kept = _without_every_second(variants)
    chosen = {item for function in kept for item in (variants[function][0], variants[function][-1])}
    return [item for item in items if item in chosen]


def _without_every_second(variants: Mapping[str, list[pytest.Item]]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for function, items in variants.items():
        file = function.partition("::")[0]
        if file.split("/")[1] not in _PAGES or "[" in function or items[0].get_closest_marker("every_value"):
            yield function  # in brackets are the values that count
            continue
        seen[file] += 1
        if seen[file] % 2:
            yield function


def _asks_database(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not _DATABASE.isdisjoint(names)


def _function_of(item: pytest.Item) -> str:
    """Return the id without its parameters; with them, where every value counts."""
    function, _, parameters = item.nodeid.partition("[")
    every_value = item.get_closest_marker("every_value") or _TELLING.search(parameters)
    return item.nodeid if every_value else function
