"""Nothing changes an entry, and only retention removes any: the models say so, and so do the databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import retention
from audit.models import AppendOnlyError, Entry, Removal
from audit.trail import Subject, record
from audit.vocabulary import Action, Door, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def delete_trigger(db) -> None:
    """The tests' database lets its tables be emptied. A studio's does not."""
    if connection.vendor == "sqlite":
        from importlib import import_module

        migration = import_module("audit.migrations.0002_append_only")
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS audit_entry_no_delete")
            cursor.execute(migration._SQLITE_DELETE)


def _old(days: int) -> Entry:
    return Entry.objects.create(
        at=timezone.now() - timedelta(days=days), action=Action.CHANGED, kind=Kind.STUDIO, door=Door.PAGE
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: Entry.objects.update(note="x"),
        lambda entry: Entry.objects.all().delete(),
        lambda entry: Entry.objects.bulk_update([entry], ["note"]),
    ],
)
def test_the_model_refuses(change: Callable[[Entry], None]):
    entry = record(Action.CHANGED, Subject(Kind.STUDIO))
    with pytest.raises(AppendOnlyError):
        change(entry)
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("sql", ["UPDATE audit_entry SET note = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses(sql: str):
    _old(9_000)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert Entry.objects.get().note == ""


def test_a_removal_permits_no_younger_ones():
    _old(1)
    Removal.objects.create(before=timezone.now() - timedelta(days=100))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_entry")


def test_old_entries_go_and_it_is_said_how_many(settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    settings.AUDIT_RETENTION_DAYS = 100
    young = _old(99)
    for _ in range(5):
        _old(101)

    assert retention.prune_due() == 5

    notes = Entry.objects.filter(action=Action.REMOVED).values_list("note", flat=True)
    assert [note.split(" ")[0] for note in notes] == ["2", "2", "1"]
    assert Entry.objects.filter(pk=young.pk).exists()
    assert not Removal.objects.exists()
    assert retention.prune_due() == 0


def test_zero_days_keep_everything(settings):
    settings.AUDIT_RETENTION_DAYS = 0
    _old(9_000)
    assert retention.prune_due() == 0
    with pytest.raises(CommandError, match="--before"):
        call_command("prune_audit")


def test_the_command_removes_and_says_so(capsys):
    _old(400)
    call_command("prune_audit", "--before", str(timezone.localdate() - timedelta(days=300)))
    assert capsys.readouterr().out.startswith("1 removed, from before ")


def test_the_last_days_are_kept_whatever_is_asked():
    _old(10)
    with pytest.raises(CommandError, match="30 days"):
        call_command("prune_audit", "--before", str(timezone.localdate()))
    assert Entry.objects.count() == 1
