"""Every query of the pages of a team: a hundred thousand videos of fifty people, and all that is theirs.

On PostgreSQL (`--database URL`) the time is what `EXPLAIN (ANALYZE, BUFFERS)` says, on SQLite that of the
query; the median of five, warm. What takes longer than the limit is printed with its plan.
"""

from statistics import median
from time import perf_counter
from typing import Any

from tests.benchmarks import report, sample_data
from tests.benchmarks.dashboard_data import spread_the_work
from tests.benchmarks.library import _database, _parse_database_option
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import sandbox, set_up_django
from tests.benchmarks.team_data import Counts, create_team

LIMIT = 50.0  # ms of one query
ROUNDS = 5
# The path of each page, by its name, and who opens it: the manager, or one of the team.
PAGES: dict[str, tuple[str, str]] = {
    "library, mine": ("person1", "/library/"),
    "library, shared": ("person1", "/library/?scope=shared"),
    "library, team": ("person1", "/library/?scope=team"),
    "library, team, as manager": ("person0", "/library/?scope=team"),
    "library, searched": ("person1", "/library/?q=heron+take"),
    "collections": ("person1", "/collections/"),
    "collection of 10,000": ("person1", "/collections/collection_0/"),
    "collection, searched": ("person1", "/collections/collection_0/?q=snow"),
    "video": ("person1", "/videos/video_1/"),
    "studio": ("person1", "/"),
    **{f"spend by {by}": ("person1", f"/spend/?by={by}") for by in ("day", "model", "backend", "token")},
    **{
        f"spend of the team by {by}": ("person0", f"/spend/?by={by}")
        for by in ("day", "person", "model", "backend", "token", "collection")
    },
    "budgets": ("person0", "/budgets/"),
    "team": ("person0", "/team/"),
    "inbox": ("person1", "/notifications/"),
    "approvals": ("person1", "/approvals/"),
    "approvals, as manager": ("person0", "/approvals/"),
    "batches": ("person1", "/batches/"),
    "batch of 1,000": ("person1", "/batches/batch_1/"),
    "share links": ("person1", "/links/"),
    "share links of the team": ("person0", "/links/?of=team"),
    **{
        f"administration: {name}": ("operator", f"/admin/videos/video/{query}")
        for name, query in {
            "all videos": "",
            "page 100": "?p=100",
            "failed": "?state=failed",
            "canceled, which none is": "?state=canceled",
            "reason": "?reason=timed_out",
            "rare model": "?model=sora-2-pro",
            "owner": "?owner=person7",
            "days long ago": "?from=2025-01-01&to=2025-01-03",
            "cost": "?cost_from=10",
            "free, which none is": "?cost=free",
            "collection": "?collection=collection_3",
            "id": "?q=video_5000",
            "job": "?q=job_5000",
            "words": "?q=heron+9999",
            "words that none has": "?q=zebra",
        }.items()
    },
    "administration": ("operator", "/admin/"),
    "administration: users": ("operator", "/admin/accounts/user/"),
}


def measure(quick: bool) -> list[Result]:
    """Return the results for the table: for each page its slowest query."""
    with sandbox("team") as box, _database() as url:
        box.configure(DATABASE_URL=url)
        set_up_django()
        report.print_progress("   writing the rows")
        counts = Counts().scaled(20) if quick else Counts()
        create_team(counts)
        spread_the_work(counts.videos)
        sample_data.vacuum_analyze()
        return [_measure_page(name, *page) for name, page in PAGES.items()]


def _measure_page(name: str, username: str, path: str) -> Result:
    from django.db import connection

    queries = queries_of(username, path)
    times = [(time_query(sql, params), sql, params) for sql, params in queries]
    slowest, sql, params = max(times, key=lambda each: each[0])
    if slowest > LIMIT:
        report.print_progress(f"{name}: {slowest:.1f} ms\n{sql}\n{plan_of(sql, params)}")
    return Result(
        f"team, {connection.display_name}: {name}",
        f"{slowest:.1f} ms of the slowest query",
        f"{sum(each[0] for each in times):.1f} ms of all {len(times)}",
        "",
        f"{LIMIT:.0f} ms",
        slowest <= LIMIT,
    )


def queries_of(username: str, path: str) -> list[tuple[str, Any]]:
    """Return what the page reads from the database when it has been opened before."""
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client

    from accounts.models import User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username=username))
    client.get(path)
    if path.startswith("/admin/"):
        cache.clear()  # or what is kept for some seconds alone would not be measured
    found: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "WITH", "(SELECT")):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status_code}")
    return found


def time_query(sql: str, params: Any) -> float:
    """Return the median, in ms, of running it a few times after once."""
    return median([_run(sql, params) for _ in range(ROUNDS + 1)][1:])


def _run(sql: str, params: Any) -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
            plan = cursor.fetchone()[0][0]
            return float(plan["Planning Time"] + plan["Execution Time"])
        began = perf_counter()
        cursor.execute(sql, params)
        cursor.fetchall()
        return 1000 * (perf_counter() - began)


def plan_of(sql: str, params: Any) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        explain = "EXPLAIN (ANALYZE, BUFFERS)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {sql}", params)
        return "\n".join(" ".join(map(str, row)) for row in cursor.fetchall())


if __name__ == "__main__":
    _parse_database_option()
    report.main("team", measure)
