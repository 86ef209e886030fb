"""Operations for migrations: indexes of tables of millions of rows come and go while everything goes on."""

from typing import Any

from django.contrib.postgres import operations
from django.db.migrations import AddIndex, RemoveIndex

from contentgen.database_limits import no_limits


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """Django's own, which builds the index without a lock that writers wait for; on SQLite an AddIndex.

    The migration needs `atomic = False`. An index that was left half built, because the migration was killed,
    is dropped first, so that the migration can be begun again.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        name = schema_editor.quote_name(self.index.name)
        with no_limits(schema_editor.connection):
            self._ensure_not_in_transaction(schema_editor)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
            return
        super().database_backwards(app_label, schema_editor, from_state, to_state)


class RemoveIndexConcurrently(operations.RemoveIndexConcurrently):
    """Django's own, which waits for no lock that others wait for; on SQLite a RemoveIndex.

    The migration needs `atomic = False`, and can be begun again.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            RemoveIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        with no_limits(schema_editor.connection):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            RemoveIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
            return
        with no_limits(schema_editor.connection):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
