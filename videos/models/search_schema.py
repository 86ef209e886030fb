"""Making the indexes that `videos.models.video_search` looks words up in, after each migration.

Not in a migration: whether they can be made depends on the machine, and may change. PostgreSQL needs the
extension pg_trgm, which comes with it and which whoever may create in the database may install; SQLite needs
FTS5, which Python's own has nearly everywhere. And SQLite loses the triggers of a table whenever a migration
rebuilds it.
"""

import logging
from typing import Any

from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from contentgen.database_limits import no_limits

logger = logging.getLogger(__name__)

# `content` has FTS5 read the texts from the videos instead of holding a copy of them.
_CREATE_FTS = """
CREATE VIRTUAL TABLE IF NOT EXISTS videos_video_search USING fts5(
    search_text, content='videos_video', content_rowid='id', tokenize='trigram case_sensitive 1'
)"""
_REBUILD = "INSERT INTO videos_video_search(videos_video_search) VALUES ('rebuild')"
_ADD = "INSERT INTO videos_video_search(rowid, search_text) VALUES (new.id, new.search_text);"
_REMOVE = (
    "INSERT INTO videos_video_search(videos_video_search, rowid, search_text)"
    " VALUES ('delete', old.id, old.search_text);"
)
_TRIGGERS = {
    "videos_video_search_insert": f"AFTER INSERT ON videos_video BEGIN {_ADD} END",
    "videos_video_search_delete": f"AFTER DELETE ON videos_video BEGIN {_REMOVE} END",
    "videos_video_search_update": (
        "AFTER UPDATE OF search_text ON videos_video WHEN old.search_text <> new.search_text"
        f" BEGIN {_REMOVE} {_ADD} END"
    ),
}
_IN_SQLITE = {"videos_video_search", *_TRIGGERS}
_CREATE_TRIGRAMS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "DROP INDEX CONCURRENTLY IF EXISTS videos_videotext_trigrams",  # one that was left half built
    "CREATE INDEX CONCURRENTLY videos_videotext_trigrams ON videos_videotext USING gin (text gin_trgm_ops)",
)


def ensure_search_index(using: str = "default", **signal: Any) -> None:
    """Make the index of prompts where there is none and there can be one. Receives `post_migrate`.

    What cannot be made is logged, and found by reading; doctor names it (`missing_index`).
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        _ensure_fts(connection)
    elif connection.vendor == "postgresql":
        _ensure_trigrams(connection)


def missing_index(connection: BaseDatabaseWrapper) -> str:
    """Return what is missing of the index of prompts, as a sentence; empty if nothing is."""
    if connection.vendor == "sqlite":
        return "" if _sqlite_names(connection) >= _IN_SQLITE else "SQLite has no index of prompts (FTS5)."
    has_index = bool(
        _value(
            connection,
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('videos_videotext_trigrams')",
        )
    )
    return "" if has_index else "PostgreSQL has no index of the parts of words (pg_trgm)."


def _ensure_fts(connection: BaseDatabaseWrapper) -> None:
    """Make the table and its triggers, and fill it. Without FTS5 drop them, or no video could be written."""
    column = "SELECT 1 FROM pragma_table_info('videos_video') WHERE name = 'search_text'"
    if not _value(connection, column):  # it went back to a version without
        return
    names = _sqlite_names(connection)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if not _has_fts5(connection):
            for name in _TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            logger.warning("Searches read the prompts, because this SQLite has no FTS5.")
        elif not names >= _IN_SQLITE:
            cursor.execute(_CREATE_FTS)
            for name, statement in _TRIGGERS.items():
                cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {statement}")
            cursor.execute(_REBUILD)


def _ensure_trigrams(connection: BaseDatabaseWrapper) -> None:
    """Install pg_trgm and build the index, without a lock that writers wait for."""
    has_table = _value(connection, "SELECT to_regclass('videos_videotext') IS NOT NULL")
    if not has_table or not missing_index(connection):
        return
    try:
        with no_limits(connection), connection.cursor() as cursor:
            for statement in _CREATE_TRIGRAMS:
                cursor.execute(statement)
    except DatabaseError as error:
        logger.warning("Searches read the prompts, because their index cannot be made: %s", error)


def _has_fts5(connection: BaseDatabaseWrapper) -> bool:
    return bool(_value(connection, "SELECT 1 FROM pragma_module_list WHERE name = 'fts5'"))


def _sqlite_names(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE tbl_name LIKE 'videos_video%%'")
        return {name for (name,) in cursor.fetchall()}


def _value(connection: BaseDatabaseWrapper, sql: str) -> Any:
    """Return the first column of the first row; None without any."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None
