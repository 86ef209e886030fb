"""Time and queries of a library page with 100,000 videos, compared with one of a hundred.

Both users' libraries are in one table; their pages are requested in turn, over one connection, from a web
process with the Procfile's options. With `--database URL` on PostgreSQL instead of SQLite.
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

from tests.benchmarks import report, sample_data, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import sandbox, set_up_django

TARGET = 1.2  # times the page of a small library
SMALL = 100
SORTS = ("oldest", "longest", "finished")
FILTERS: dict[str, dict[str, str]] = {
    "filtered by status": {"status": "failed"},
    "filtered by tag": {"tag": sample_data.TAGS[0]},
    "searched for two words": {"q": "heron lisbon"},
}
FILTERS_ONLY = {"HX-Request": "true", "HX-Target": "filters"}  # the fragment that counts all facets


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    count, rounds, times = (5000, 2, 10) if quick else (100_000, 9, 20)
    with sandbox("library") as box, _database() as url:
        box.configure(REDIS_URL=web.start_broker(box), DATABASE_URL=url)
        set_up_django()
        ids = _create_libraries(count)
        address = web.start_web_server(box, "contentgen.wsgi")
        sessions = {username: web.session_headers(username) for username in ids}
        requests = _requests(ids)
        samples: dict[tuple[str, str], list[float]] = {
            (name, who): [] for name in requests for who in sessions
        }
        with socket.create_connection(address, timeout=60) as connection:
            for number in range(rounds + 1):
                for (name, who), times_of in samples.items():
                    path, headers = requests[name][who]
                    spent = [
                        web.time_request(connection, path, sessions[who] | headers) for _ in range(times)
                    ]
                    if number:  # the first round is a warm-up
                        times_of.append(median(spent))
                report.print_progress(f"   round {number} of {rounds}")
        queries = {key: _queries(key[1], *requests[key[0]][key[1]]) for key in samples}
    vendor = "PostgreSQL" if url else "SQLite"
    return [_result(name, count, samples, queries, vendor) for name in requests]


def _result(
    name: str,
    count: int,
    samples: Mapping[tuple[str, str], list[float]],
    queries: Mapping[tuple[str, str], int],
    vendor: str,
) -> Result:
    large, small = (1000 * median(samples[name, who]) for who in ("large", "small"))
    counts = [queries[name, who] for who in ("large", "small")]
    has_target = name in ("first page", "page in the middle")
    return Result(
        f"library of {count:,}, {vendor}: {name}",
        f"{large:.1f} ms, {counts[0]} queries",
        f"{small:.1f} ms, {counts[1]} queries, of {SMALL} videos",
        f"{large / small:.2f}:1",
        f"{TARGET}:1" if has_target else "",
        (large / small <= TARGET and counts[0] <= counts[1]) if has_target else None,
    )


def _create_libraries(count: int) -> dict[str, list[str]]:
    """Create the two users and return the ids of their videos, oldest first."""
    from videos.models import Backend, Video

    backend = Backend.objects.for_environment()
    # A third user has as many: other users' rows must not cost anything either.
    report.print_progress(f"   writing {2 * count:,} rows")
    users = {
        "large": sample_data.create_user_with_videos("large", backend, count),
        "stranger": sample_data.create_user_with_videos("stranger", backend, count, seed=2),
        "small": sample_data.create_user_with_videos("small", backend, SMALL, seed=3),
    }
    sample_data.vacuum_analyze()
    return {
        name: list(
            Video.objects.owned_by(users[name])
            .not_trashed()
            .order_by("pk")
            .values_list("public_id", flat=True)
        )
        for name in ("large", "small")
    }


def _requests(ids: Mapping[str, list[str]]) -> dict[str, dict[str, tuple[str, dict[str, str]]]]:
    """Return the path and headers of each request, by its name and by username."""
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
        "the filters alone": paths(FILTERS_ONLY),
    }


def _queries(username: str, path: str, headers: Mapping[str, str]) -> int:
    """Return how many queries the response takes, in this process."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username=username))
    client.get(path, headers=dict(headers))
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path, headers=dict(headers))
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status_code}")
    return len(captured)


@contextmanager
def _database() -> Iterator[str]:
    """Yield the URL of a temporary database on the server of BENCH_DATABASE_URL; empty for SQLite."""
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


def _parse_database_option() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--database", default="")
    options, sys.argv[1:] = parser.parse_known_args()
    os.environ["BENCH_DATABASE_URL"] = options.database


if __name__ == "__main__":
    _parse_database_option()
    report.main("library", measure)
