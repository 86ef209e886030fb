"""Nothing changes or deletes a line of the ledger: not the models, and not SQL."""

from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from billing.models import AppendOnlyError, LedgerLine
from tests.billing.money import make
from videos.models import Backend

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(paid: Backend, alice: User) -> LedgerLine:
    make(alice)
    return LedgerLine.objects.get()


def test_the_models_refuse(line: LedgerLine):
    for change in (
        line.save,
        line.delete,
        LedgerLine.objects.all().delete,
        lambda: LedgerLine.objects.update(note="x"),
        lambda: LedgerLine.objects.bulk_update([line], ["note"]),
    ):
        with pytest.raises(AppendOnlyError):
            change()
    assert LedgerLine.objects.get().note == ""


@pytest.mark.parametrize("statement", ["UPDATE {} SET note = 'x'", "DELETE FROM {}"])
def test_the_database_refuses(line: LedgerLine, statement: str):
    if connection.vendor == "sqlite" and statement.startswith("DELETE"):
        # Tests with real transactions drop this one, to empty the tables; it is put back, and rolled back.
        migration = import_module("billing.migrations.0002_append_only")
        with connection.cursor() as cursor:
            cursor.execute(
                migration._SQLITE.format(verb="DELETE", table=migration.TABLE, message=migration.MESSAGE)
            )
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(LedgerLine._meta.db_table))
    assert LedgerLine.objects.get().note == ""


def test_an_attempt_has_one_reservation_and_one_charge(line: LedgerLine):
    same = {field.attname: getattr(line, field.attname) for field in LedgerLine._meta.concrete_fields}
    same.pop("id")
    with pytest.raises(DatabaseError), transaction.atomic():
        LedgerLine.objects.create(**same)
