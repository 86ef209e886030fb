"""From 1.0 on, no migration locks a large table for longer than a moment: the studio runs on meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from contentgen.concurrent_indexes import AddIndexConcurrently

# The tables that may have millions of rows, and the last migrations that were written before the rule.
LARGE = {
    "videos": {"video", "videotransition", "videoreference", "collectionitem", "batchrow", "video_tags"},
    "billing": {"ledgerline"},
    "audit": {"entry"},
    "notifications": {"notification"},
    "webhooks": {"delivery", "message"},
}
IN_ORDER = (
    "videos.0108_days_in_the_trash"  # written before the rule that altering a table has its own migration
)
BEFORE = {"videos": "0107", "billing": "0009", "audit": "0010", "notifications": "0001", "webhooks": "0001"}


def problems(migration: Any) -> Iterator[str]:
    """Yield what in the migration would lock a large table while it is read or written as a whole, or another
    one meanwhile.
    """
    yield from _problem_of_order(migration)
    for operation in migration.operations:
        name = type(operation).__name__
        if isinstance(operation, migrations.RunPython | migrations.RunSQL) and migration.atomic:
            yield f"{name} in one transaction: set `atomic = False`, and write in batches."
        model = getattr(operation, "model_name", "").lower()
        if model not in LARGE[migration.app_label]:
            continue
        if isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexConcurrently):
            yield f"AddIndex on {model}: use contentgen.concurrent_indexes.AddIndexConcurrently."
        elif isinstance(operation, migrations.AddConstraint):
            yield f"AddConstraint on {model} reads all rows under a lock: add it NOT VALID, then validate it."
        elif isinstance(operation, migrations.AddField | migrations.AlterField):
            yield from _problems_of_field(name, model, operation.field)


def _problem_of_order(migration: Any) -> Iterator[str]:
    """Two tables locked in one transaction: another transaction may have them the other way around."""
    altered = {
        operation.model_name.lower()
        for operation in migration.operations
        if isinstance(operation, migrations.AddField | migrations.AlterField | migrations.RemoveField)
    }
    if migration.atomic and len(altered) > 1 and altered & LARGE[migration.app_label]:
        yield f"{' and '.join(sorted(altered))} altered in one transaction: a migration each."


def _problems_of_field(operation: str, model: str, field: models.Field[Any, Any]) -> Iterator[str]:
    if field.unique or field.db_index:
        yield f"{operation} on {model} with an index of its own: db_index=False, then AddIndexConcurrently."


def _later_migrations() -> list[Migration]:
    found = MigrationLoader(None).disk_migrations
    return [
        migration
        for (app, name), migration in sorted(found.items())
        if app in BEFORE and name[:4] > BEFORE[app]
    ]


def test_no_migration_locks_a_large_table():
    found = {
        f"{migration.app_label}.{migration.name}": list(problems(migration))
        for migration in _later_migrations()
    }

    assert "videos.0114_video_text" in found
    assert "video altered in one transaction" in str(found.pop(IN_ORDER))
    assert {name: why for name, why in found.items() if why} == {}


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddIndex("video", models.Index(fields=["seed"], name="seeds")),
        migrations.AddConstraint(
            "Video", models.CheckConstraint(condition=models.Q(seconds__gt=0), name="some_seconds")
        ),
        migrations.AddField("video", "shelf", models.CharField(max_length=10, db_index=True, default="")),
        migrations.AlterField("video", "note", models.TextField(unique=True)),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.RunSQL("UPDATE videos_video SET note = ''"),
    ],
)
def test_what_locks_is_noticed(operation: Any):
    migration = Migration("9999_locks", "videos")
    migration.operations = [operation]

    assert len(list(problems(migration))) == 1


def test_two_tables_in_one_transaction_are_noticed():
    migration = Migration("9999_locks", "videos")
    migration.operations = [
        migrations.AddField(model, "shelf", models.CharField(max_length=10, default=""))
        for model in ("Collection", "video")
    ]
    assert "collection and video altered" in next(problems(migration))
    migration.atomic = False
    assert not list(problems(migration))


def test_what_does_not_is_not():
    migration = Migration("9999_fine", "videos")
    index = models.Index(fields=["seed"], name="seeds")
    migration.operations = [
        migrations.AddField("video", "shelf", models.CharField(max_length=10, default="")),
        AddIndexConcurrently("video", index),
        migrations.AddIndex("collection", index),
    ]

    assert list(problems(migration)) == []


@pytest.mark.django_db(transaction=True)
def test_an_index_is_added_and_removed_also_where_half_of_one_was_left():
    state = ProjectState.from_apps(MigrationLoader(connection).project_state().apps)
    operation = AddIndexConcurrently("heartbeat", models.Index(fields=["beat_at"], name="beats_by_time"))
    later = state.clone()
    operation.state_forwards("videos", later)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX beats_by_time ON videos_heartbeat (role)")

    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("videos", editor, state, later)
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "videos_heartbeat")["beats_by_time"]
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("videos", editor, later, state)

    assert found["columns"] == ["beat_at"]
    with connection.cursor() as cursor:
        assert "beats_by_time" not in connection.introspection.get_constraints(cursor, "videos_heartbeat")
