"""What a page of the library costs with 100,000 videos in it, beside a page of one with a hundred.

Both people's libraries are in one table and are asked for by turns, of the web process as it runs, over one
connection. Besides the time it counts the queries. With `--database` on PostgreSQL instead of SQLite.
"""

import argparse
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from statistics import median
from urllib.parse import urlencode, urlsplit, urlunsplit

from tests.benchmarks import report, rows, web
from tests.benchmarks.report import Line
from tests.benchmarks.stage import django, stage

AIM = 1.2  # times the page of a small library
SMALL = 100
SORTS = ("oldest", "longest", "finished")
FILTERS: dict[str, dict[str, str]] = {
    "filtered by status": {"status": "failed"},
    "filtered by tag": {"tag": rows.TAGS[0]},
    "searched for two words": {"q": "heron lisbon"},
}
COUNTED = {"HX-Request": "true", "HX-Target": "filters"}  # the part that counts everything anew


def measure(quick: bool) -> list[Line]:
    """The lines of the table."""
    count, rounds, times = (5000, 2, 10) if quick else (100_000, 9, 20)
    with stage("library") as made, _database() as url:
        made.configure(REDIS_URL=web.broker(made), DATABASE_URL=url)
        django()
        ids = _fill(count)
        address = web.serve(made, "contentgen.wsgi")
        sessions = {username: web.session(username) for username in ids}
        asked = _asked(ids)
        seen: dict[tuple[str, str], list[float]] = {(name, who): [] for name in asked for who in sessions}
        with socket.create_connection(address, timeout=60) as connection:
            for number in range(rounds + 1):
                for (name, who), taken in seen.items():
                    path, headers = asked[name][who]
                    spent = [web.seconds(connection, path, sessions[who] | headers) for _ in range(times)]
                    if number:  # the first round warms up
                        taken.append(median(spent))
                report.progress(f"   round {number} of {rounds}")
        queries = {key: _queries(key[1], *asked[key[0]][key[1]]) for key in seen}
    vendor = "PostgreSQL" if url else "SQLite"
    return [_line(name, count, seen, queries, vendor) for name in asked]


def _line(
    name: str,
    count: int,
    seen: Mapping[tuple[str, str], list[float]],
    queries: Mapping[tuple[str, str], int],
    vendor: str,
) -> Line:
    large, small = (1000 * median(seen[name, who]) for who in ("large", "small"))
    asked = [queries[name, who] for who in ("large", "small")]
    aimed = name in ("first page", "page in the middle")
    return Line(
        f"library of {count:,}, {vendor}: {name}",
        f"{large:.1f} ms, {asked[0]} queries",
        f"{small:.1f} ms, {asked[1]} queries, of {SMALL} videos",
        f"{large / small:.2f}:1",
        f"{AIM}:1" if aimed else "",
        (large / small <= AIM and asked[0] <= asked[1]) if aimed else None,
    )


def _fill(count: int) -> dict[str, list[str]]:
    """Make the two people and return the ids of their videos, oldest first."""
    from videos.models import Backend, Video

    backend = Backend.objects.for_environment()
    # A stranger has as many, made before and after: other people's rows must not cost anything either.
    report.progress(f"   writing {2 * count:,} rows")
    people = {
        "large": rows.person("large", backend, count),
        "stranger": rows.person("stranger", backend, count, seed=2),
        "small": rows.person("small", backend, SMALL, seed=3),
    }
    rows.analyse()
    return {
        name: list(
            Video.objects.visible_to(people[name])
            .not_trashed()
            .order_by("pk")
            .values_list("public_id", flat=True)
        )
        for name in ("large", "small")
    }


def _asked(ids: Mapping[str, list[str]]) -> dict[str, dict[str, tuple[str, dict[str, str]]]]:
    """What is asked for: a path and headers, by what it is called and by who asks."""
    middle = {who: own[len(own) // 2] for who, own in ids.items()}

    def paths(headers: dict[str, str] | None = None, *, deep: bool = False, **query: str):
        return {
            who: (f"/library/?{urlencode(query | ({'below': middle[who]} if deep else {}))}", headers or {})
            for who in ids
        }

    return {
        "first page": paths(),
        "page in the middle": paths(deep=True),
        **{f"{sort} first, in the middle": paths(deep=True, sort=sort) for sort in SORTS},
        **{name: paths(**query) for name, query in FILTERS.items()},
        "the filters alone, counted anew": paths(COUNTED),
    }


def _queries(username: str, path: str, headers: Mapping[str, str]) -> int:
    """How many queries the answer took, in this process."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username=username))
    client.get(path, headers=dict(headers))
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path, headers=dict(headers))
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return len(captured)


@contextmanager
def _database() -> Iterator[str]:
    """The URL of a database of our own on the server that BENCH_DATABASE_URL names; empty for SQLite."""
    server = os.environ.get("BENCH_DATABASE_URL", "")
    if not server:
        yield ""
        return
    import psycopg

    name = f"bench_{secrets.token_hex(6)}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


def _chosen_database() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--database", default="")
    chosen, sys.argv[1:] = parser.parse_known_args()
    os.environ["BENCH_DATABASE_URL"] = chosen.database


if __name__ == "__main__":
    _chosen_database()
    report.main("library", measure)
