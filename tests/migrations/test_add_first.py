"""Code of the version before runs beside a database that is migrated already: migrations add first and drop
later.

During a rolling upgrade old processes insert rows without the new columns, and read those that the new code
has no use for. So a column that is added is nullable or has a default in the database (`db_default`), and
nothing is taken away in the release that stops using it.

A migration that takes something away says since which release nothing uses it, in its module:

    UNUSED_SINCE = {"videos.video.old_column": "1.1.0"}
"""

import importlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from contentgen.version import VERSION

# The newest migrations from before the rule; each app that is not named has had it from the start.
EXEMPT_UNTIL = {"videos": 107, "accounts": 14, "billing": 9, "audit": 10, "notifications": 1, "webhooks": 1}
TAKEN_AWAY = (
    *(migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel),
    migrations.AlterModelTable,
)
DROPPING_SQL = ("drop table", "drop column", "rename ", "set not null")


Field = models.Field[Any, Any]


def _number(name: str) -> int:
    return int(name.split("_")[0])


def _bound() -> list[tuple[str, str]]:
    """Return the migrations that the rule is for."""
    ours = {each.label for each in apps.get_app_configs() if Path(each.path).parent == settings.BASE_DIR}
    return sorted(
        (app, name)
        for app, name in MigrationLoader(None).disk_migrations
        if app in ours and _number(name) > EXEMPT_UNTIL.get(app, 0)
    )


def problems_of(
    app: str,
    operations: list[Operation],
    unused_since: dict[str, str],
    version: str,
    field_before: Callable[[str, str], Field] | None = None,
) -> list[str]:
    """Return what old code could not live with, in words."""
    return [
        problem
        for operation in _flat(operations)
        for problem in _problems(app, operation, field_before)
        if not _is_allowed(problem, unused_since, version)
    ]


def _flat(operations: list[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _problems(
    app: str, operation: Operation, field_before: Callable[[str, str], Field] | None
) -> Iterator[str]:
    match operation:
        case migrations.AddField(model_name=model, name=name, field=field):
            if not _is_optional(field):
                yield f"{app}.{model}.{name}: is added without null or db_default"
        case migrations.AlterField(model_name=model, name=name, field=field):
            before = field_before(model, name) if field_before else field
            if before.null and not _is_optional(field):
                yield f"{app}.{model}.{name}: is altered, and requires a value"
            if before.get_internal_type() != field.get_internal_type():
                yield f"{app}.{model}.{name}: is altered, and of another type"
        case migrations.RunSQL(sql=sql):
            if any(word in str(sql).lower() for word in DROPPING_SQL):
                yield f"{app}: its SQL takes something away"
        case _ if isinstance(operation, TAKEN_AWAY):
            yield f"{app}.{_subject(operation)}: is taken away ({type(operation).__name__})"


def _is_optional(field: Field) -> bool:
    return (
        field.null or field.many_to_many or field.db_default is not models.NOT_PROVIDED or field.primary_key
    )


def _subject(operation: Any) -> str:
    model = getattr(operation, "model_name", None) or getattr(operation, "old_name", "") or operation.name
    names = [model.lower()]
    if hasattr(operation, "model_name"):
        names.append(getattr(operation, "old_name", operation.name))
    return ".".join(names)


def _is_allowed(problem: str, unused_since: dict[str, str], version: str) -> bool:
    since = unused_since.get(problem.partition(":")[0])
    return since is not None and _as_numbers(since) < _as_numbers(version)


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split(".")[:3])


def test_migrations_add_first_and_drop_later():
    found, bound = [], _bound()
    for app, name in bound:
        module = importlib.import_module(f"{apps.get_app_config(app).name}.migrations.{name}")
        allowed = getattr(module, "UNUSED_SINCE", {})
        before = partial(_field_before, app, name)
        for problem in problems_of(app, module.Migration.operations, allowed, VERSION, before):
            found.append(f"{name}: {problem}")

    assert ("videos", "0112_heartbeat_holder") in bound
    assert found == []


def _field_before(app: str, migration: str, model: str, name: str) -> Field:
    """Return a field as it was before the migration."""
    state = MigrationLoader(None).project_state((app, migration), at_end=False)
    found: Field = state.models[app, model.lower()].fields[name]
    return found


@pytest.mark.parametrize(
    ("operation", "problem"),
    [
        (migrations.AddField("video", "new", models.IntegerField(default=1)), "videos.video.new: is added"),
        (migrations.AddField("video", "new", models.IntegerField(null=True)), None),
        (migrations.AddField("video", "new", models.IntegerField(default=1, db_default=1)), None),
        (migrations.AddField("video", "new", models.ManyToManyField("videos.Tag")), None),
        (
            migrations.AlterField("video", "old", models.TextField()),
            "videos.video.old: is altered, and requires",
        ),
        (
            migrations.AlterField("video", "old", models.IntegerField(null=True)),
            "videos.video.old: is altered, and of",
        ),
        (migrations.AlterField("video", "old", models.TextField(null=True)), None),
        (migrations.RemoveField("video", "old"), "videos.video.old: is taken away"),
        (migrations.RenameField("video", "old", "new"), "videos.video.old: is taken away"),
        (migrations.DeleteModel("Video"), "videos.video: is taken away"),
        (migrations.RenameModel("Video", "Film"), "videos.video: is taken away"),
        (migrations.RunSQL("ALTER TABLE a DROP COLUMN b"), "videos: its SQL"),
        (migrations.AddIndex("video", models.Index(fields=["id"], name="new")), None),
        (
            migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("video", "old")]),
            "videos.video.old: is taken away",
        ),
    ],
)
def test_what_old_code_cannot_live_with_is_found(operation: Operation, problem: str | None):
    found = problems_of("videos", [operation], {}, "1.2.0", lambda model, name: models.TextField(null=True))

    assert [each[: len(problem or each)] for each in found] == ([problem] if problem else [])


def test_what_is_unused_since_an_earlier_release_may_go():
    removal = [migrations.RemoveField("video", "old")]

    assert problems_of("videos", removal, {"videos.video.old": "1.1.0"}, "1.2.0") == []
    assert problems_of("videos", removal, {"videos.video.old": "1.2.0"}, "1.2.0") != []
    assert problems_of("videos", removal, {"videos.video.other": "1.1.0"}, "1.2.0") != []
