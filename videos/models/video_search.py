"""Searching the prompts of videos, of which there may be millions, through an index of the parts of words.

On PostgreSQL it is one of trigrams (pg_trgm) over a table of its own, `videos_videotext`: an index of the
video's row would be written to with every poll. On SQLite it is an FTS5 table, `videos_video_search`.
Triggers keep both, so that whatever writes a prompt keeps them, also a process of the version before.
`videos.models.search_schema` makes them; without them the same is found, by reading the texts.
"""

from typing import Any, TypeVar

from django.db import DatabaseError, connection
from django.db.models import Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from contentgen.text_search import SearchTerms, parse_search
from videos.models.search_text import has_terms

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])

INDEXED_LENGTH = 3  # letters of a term that the indexes know
NEWEST = 20_000  # videos that are read where the index cannot help
_FEW = 1000  # videos that SQLite is told by their keys; more are found soon by reading


def search_prompts(videos: Rows, query: str) -> Rows:
    """Return those of `videos` whose prompt is what the query asks for; all of them if that is nothing.

    Where no required term has `INDEXED_LENGTH` letters, the newest `NEWEST` of `videos` are looked at: so a
    search takes bounded time. On SQLite it takes one query by itself.
    """
    terms = parse_search(query)
    if not terms:
        return videos
    if not any(len(term) >= INDEXED_LENGTH for term in terms.required):
        return _newest(videos).filter(has_terms(terms))
    if connection.vendor == "postgresql":
        return videos.filter(_in_text_table(terms))
    keys = _found_by_fts(terms)
    return (videos if keys is None else videos.filter(pk__in=keys)).filter(has_terms(terms))


def _newest(videos: Rows) -> Rows:
    """Return the newest `NEWEST` videos, as a queryset that can be filtered further."""
    before = videos.order_by("-pk").values("pk")[NEWEST : NEWEST + 1]
    return videos.filter(pk__gt=Coalesce(Subquery(before), 0))


def _in_text_table(terms: SearchTerms) -> Q:
    """Return the condition that leaves PostgreSQL the choice: walk through the videos in order, and look each
    text up until a page is full; or begin with the texts that the index finds.
    """
    conditions = ["text LIKE %s"] * len(terms.required) + ["text NOT LIKE %s"] * len(terms.excluded)
    patterns = [
        f"%{connection.ops.prep_for_like_query(term)}%" for term in (*terms.required, *terms.excluded)
    ]
    sql = f"SELECT video_id FROM videos_videotext WHERE {' AND '.join(conditions)}"  # noqa: S608  # our own words
    return Q(pk__in=RawSQL(sql, patterns))  # noqa: S611  # what was typed is in the patterns alone


def _found_by_fts(terms: SearchTerms) -> list[int] | None:
    """Return the keys of the videos that the index finds; None where they are many, or there is no index."""
    quoted = (term.replace('"', '""') for term in terms.required if len(term) >= INDEXED_LENGTH)
    sql = "SELECT rowid FROM videos_video_search WHERE videos_video_search MATCH %s LIMIT %s"
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, [" AND ".join(f'"{term}"' for term in quoted), _FEW + 1])
            keys = [key for (key,) in cursor.fetchall()]
    except DatabaseError:  # this SQLite has no FTS5
        return None
    return keys if len(keys) <= _FEW else None
