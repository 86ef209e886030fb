"""Django's sessions in the database, found by SQL that is built once: every request of a page asks."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.utils import timezone

from contentgen.prepared_query import PreparedQuery

_FIELDS = [field.attname for field in Session._meta.concrete_fields]


def _by_key(key: str) -> QuerySet[Session, dict[str, Any]]:
    rows: QuerySet[Session, dict[str, Any]] = Session.objects.filter(session_key=key).values(*_FIELDS)
    return rows


_find_by_key = PreparedQuery(_by_key, "the key")


class SessionStore(db.SessionStore):
    """As Django's, and named as it is: the name is a part of what a session's data is signed with."""

    def _get_session_from_db(self) -> Session | None:
        row = _find_by_key.first(self.session_key) if self.session_key else None
        if row is None or row["expire_date"] <= timezone.now():
            self._session_key = None
            return None
        return Session.from_db(DEFAULT_DB_ALIAS, _FIELDS, list(row.values()))
