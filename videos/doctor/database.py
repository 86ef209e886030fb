"""The database: whether it answers, fits this version, takes writes, and what it stands on."""

import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.utils import timezone

from videos.doctor.finding import Finding, Findings, ok, warning, wrong
from videos.doctor.runner import describe
from videos.models import Heartbeat
from videos.models.search_schema import missing_index

WHAT = "database"
_ROLE = "doctor"  # of the sign of life that is written and removed, to see whether writes are taken
_SLOW_WRITE = 1.0  # seconds
_CLOCK_WARNING, _CLOCK_WRONG = 5.0, 60.0  # seconds between two clocks
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "fuse.s3fs", "glusterfs", "ceph", "afs")
_FULL_SHARE = 0.8  # of the connections that PostgreSQL allows
_IDLE_SECONDS = 60
_NAMED = 3  # migrations in one line


def check_connection() -> Findings:
    """Connect, and say what it is."""
    path = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite" and not path.is_file():  # without connecting, which would create it
        advice = "Set DATA_DIR to the folder that `make run` uses, or run `manage.py migrate` to begin anew."
        yield wrong(WHAT, f"There is no studio here: {path} does not exist.", advice)
        return
    began = time.monotonic()
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            # SQLite looks at its file only when it is asked for something in it.
            cursor.execute("PRAGMA schema_version" if connection.vendor == "sqlite" else "SELECT 1")
    except Exception as error:  # noqa: BLE001  # each database has errors of its own
        yield wrong(WHAT, f"It does not answer: {describe(error)}", _advice_on(path))
        return
    milliseconds = (time.monotonic() - began) * 1000
    yield ok(WHAT, f"{_name()} answers in {milliseconds:.0f} ms.")
    yield from _old_version()


def check_migrations() -> Findings:
    """Compare the tables with those of this version."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    future = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in loader.migrated_apps and (app, name) not in loader.disk_migrations
    )
    if future:
        advice = "Run the version of ContentGen that the database is of, or restore the backup from before."
        found = f"The database is of a later version: {_named(future)} unknown to this one."
        yield wrong("migrations", found, advice)
    pending = [
        f"{each.app_label}.{each.name}" for each, _ in executor.migration_plan(loader.graph.leaf_nodes())
    ]
    if pending:
        found = f"The database is of an earlier version: {_named(pending)} to be applied."
        advice = "Stop beat and the workers, run `manage.py migrate`, then start everything."
        yield wrong("migrations", found, advice)
    if not (future or pending):
        yield ok("migrations", "All are applied.")


def check_write() -> Findings:
    """Write a row and remove it again."""
    began = time.monotonic()
    try:
        with transaction.atomic():
            Heartbeat.objects.update_or_create(role=_ROLE, defaults={"beat_at": Now()})
        Heartbeat.objects.filter(role=_ROLE).delete()
    except Exception as error:  # noqa: BLE001  # each database has errors of its own
        yield wrong("database writes", f"It takes no writes: {describe(error)}", _advice_on_writes(error))
        return
    seconds = time.monotonic() - began
    if seconds > _SLOW_WRITE:
        advice = "Something else holds the lock, or the disk is slow."
        if connection.vendor == "sqlite":
            advice += " With more than a few people use PostgreSQL."
        yield warning("database writes", f"A write took {seconds:.1f} s.", advice)
    else:
        yield ok("database writes", f"A write takes {seconds * 1000:.0f} ms.")


def check_clock() -> Findings:
    """Compare the database's clock with this machine's."""
    statement = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"
    if connection.vendor == "postgresql":
        statement = "SELECT clock_timestamp()"
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(statement)
        there = cursor.fetchone()[0]
    if not isinstance(there, datetime):
        there = datetime.fromisoformat(f"{there}+00:00")
    yield compare_clocks("database's clock", there, before, timezone.now())


def compare_clocks(what: str, there: datetime, before: datetime, after: datetime) -> Finding:
    """Return how far a clock is off that said `there` between `before` and `after` by ours."""
    half = (after - before) / 2
    seconds = (there - (before + half)).total_seconds()
    uncertain = half.total_seconds()
    off = max(0.0, abs(seconds) - uncertain)
    found = f"It is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} this machine's."
    advice = "Have both machines set their clocks by NTP: leases and time limits depend on them."
    if off > _CLOCK_WRONG:
        return wrong(what, found, advice)
    if off > _CLOCK_WARNING:
        return warning(what, found, advice)
    return ok(what, "It agrees with this machine's.")


def check_search() -> Findings:
    """Look for the index of the prompts, without which a search reads all of them."""
    missing = missing_index(connection)
    if not missing:
        yield ok("search", "Prompts are looked up in an index.")
    elif connection.vendor == "sqlite":
        advice = "Use a Python whose SQLite has FTS5, or PostgreSQL; then run `manage.py migrate`."
        yield warning("search", f"{missing} A search reads all prompts.", advice)
    else:
        advice = (
            "Have the database's owner run CREATE EXTENSION pg_trgm in it, which needs no superuser, "
            "then run `manage.py migrate`."
        )
        yield warning("search", f"{missing} A search reads all prompts.", advice)


def check_foundation() -> Findings:
    """Look at what the database stands on: its file, or its connections and locks."""
    yield from _sqlite() if connection.vendor == "sqlite" else _postgresql()


# --- SQLite ------------------------------------------------------------------------------------------------


def _sqlite() -> Iterable[Finding]:
    path = Path(str(connection.settings_dict["NAME"])).resolve()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        mode = str(cursor.fetchone()[0])
    if mode != "wal":
        advice = "Put DATA_DIR on a local disk: without WAL readers and writers wait for each other."
        yield warning("database file", f"SQLite's journal is “{mode}”, not WAL.", advice)
    if kind := network_file_system(path):
        found = f"{path.name} is on a network file system ({kind}), where SQLite's locks may not hold."
        yield wrong("database file", found, "Put DATA_DIR on a local disk, or use PostgreSQL.")
    elif mode == "wal":
        yield ok("database file", f"{_megabytes(path)} on a local disk, with WAL.")


def network_file_system(path: Path, mounts: str = "/proc/mounts") -> str:
    """Return the kind of network file system that holds the path; empty where it is none, or unknown."""
    try:
        lines = Path(mounts).read_text().splitlines()
    except OSError:
        return ""
    points = [line.split()[1:3] for line in lines if len(line.split()) > 2]
    above = [(point.replace("\\040", " "), kind) for point, kind in points]
    holding = [(point, kind) for point, kind in above if path.is_relative_to(point)]
    _, kind = max(holding, key=lambda each: len(each[0]), default=("", ""))
    return kind if kind.startswith(_NETWORK_FILE_SYSTEMS) else ""


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:,.1f} MB"


# --- PostgreSQL --------------------------------------------------------------------------------------------


def _postgresql() -> Iterable[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        used = int(cursor.fetchone()[0])
        cursor.execute("SELECT current_setting('max_connections')::int")
        limit = int(cursor.fetchone()[0])
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        lock_timeout, statement_timeout = cursor.fetchone()
        cursor.execute(
            "SELECT count(*), coalesce(max(extract(epoch FROM now() - state_change)), 0)"
            " FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%%'"
            " AND now() - state_change > make_interval(secs => %s)",
            [_IDLE_SECONDS],
        )
        idle, longest = cursor.fetchone()
    found = (
        f"{used} of {limit} connections are used; lock_timeout {lock_timeout}, "
        f"statement_timeout {statement_timeout}."
    )
    if used > limit * _FULL_SHARE:
        advice = "Raise max_connections, or run fewer web processes and workers: each keeps connections."
        yield warning("database connections", found, advice)
    else:
        yield ok("database connections", found)
    if idle:
        found = f"{idle} connections have been idle within a transaction for up to {longest:.0f} s."
        yield warning(
            "database locks", found, "Others wait for their locks. End the process that holds them."
        )


# --- Words -------------------------------------------------------------------------------------------------


def _name() -> str:
    name = "SQLite" if connection.vendor == "sqlite" else connection.display_name
    return f"{name} {'.'.join(map(str, connection.get_database_version()))}"


def _old_version() -> Iterable[Finding]:
    least = connection.features.minimum_database_version
    if least and connection.get_database_version() < least:
        yield wrong(WHAT, f"{_name()} is too old.", f"Upgrade it to {'.'.join(map(str, least))} or later.")


def _named(names: list[str]) -> str:
    more = len(names) - _NAMED
    verb = "is" if len(names) == 1 else "are"
    return f"{', '.join(names[:_NAMED])}{f' and {more} more' if more > 0 else ''} {verb}"


def _advice_on(path: Path) -> str:
    if connection.vendor == "sqlite":
        return (
            f"See that {path} is a whole database, and that this account may read it; else restore a backup."
        )
    return "See that DATABASE_URL is right and that the server runs, and lets this machine and account in."


def _advice_on_writes(error: Exception) -> str:
    if connection.vendor == "sqlite":
        if isinstance(error, OperationalError) and "locked" in str(error):
            return "A process holds the write lock: end or wake the one that was suspended."
        return "See that this account may write to the file and its folder, and that the disk is not full."
    return "See that the server is the primary one and not read-only, and that its disk is not full."
