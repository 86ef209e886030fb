"""How the studio uses its database, whatever the address in DATABASE_URL leaves open."""

from typing import Any

_MAX_AGE = 60  # seconds for which a connection is kept: opening one takes longer than most requests
_CONNECT_TIMEOUT = 5  # seconds; unlimited by default


def with_usual_options(database: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of `DATABASES` with the options of its kind."""
    options = database.get("OPTIONS", {})
    if database["ENGINE"] == "django.db.backends.sqlite3":
        # IMMEDIATE: a transaction takes the write lock when it begins, instead of failing half-way. The
        # default synchronous=FULL stays: if a power cut could undo a claim, a job could be paid for twice.
        own = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"}
        kept = {"ENGINE": "contentgen.sqlite", "CONN_MAX_AGE": database.get("CONN_MAX_AGE", _MAX_AGE)}
        return database | kept | {"OPTIONS": options | own}
    options = {"connect_timeout": _CONNECT_TIMEOUT} | options
    return database | {"CONN_MAX_AGE": _MAX_AGE, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}
